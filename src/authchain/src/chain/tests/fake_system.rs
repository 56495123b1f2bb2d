//! The passwd file, shadow file and name service of a system that does not exist.

use super::*;
use crate::words::{BackendError, Username};

/// A system whose passwd file has `root` and `toor` (0), `daemon` (1), `nobody` (65534), `alice`
/// (1000), who never had a password, and `lena` (1001), who has one. Its name service knows `bob`
/// (1002) besides.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FakeSystem {
    pub(super) passwd: Override<Option<u32>>,
    pub(super) shadow: Override<bool>,
    pub(super) name_service: Override<Option<SystemUser>>,
}

/// An answer that a test puts in the place of the system's own.
pub(super) type Override<T> = Option<fn() -> Result<T, BackendError>>;

impl Identities for FakeSystem {
    fn local_uid(&self, name: &Username) -> Result<Option<u32>, BackendError> {
        if let Some(answer) = self.passwd {
            return answer();
        }
        Ok(match name.as_str() {
            "root" | "toor" => Some(0),
            "daemon" => Some(1),
            "nobody" => Some(65_534),
            "alice" => Some(1000),
            "lena" => Some(1001),
            _ => None,
        })
    }

    fn has_local_password(&self, name: &Username) -> Result<bool, BackendError> {
        self.shadow
            .map_or(Ok(name.as_str() == "lena"), |answer| answer())
    }

    fn local_name(&self, uid: u32) -> Result<Option<String>, BackendError> {
        if let Some(answer) = self.passwd {
            answer()?;
        }
        let name = match uid {
            0 => "root",
            1 => "daemon",
            1000 => "alice",
            1001 => "lena",
            _ => return Ok(None),
        };
        Ok(Some(name.to_owned()))
    }

    fn system_user(&self, name: &Username) -> Result<Option<SystemUser>, BackendError> {
        if let Some(answer) = self.name_service {
            return answer();
        }
        let (name, uid) = match name.as_str() {
            "bob" => ("bob", 1002),
            // As a name service answers that ignores case.
            "LENA" => ("lena", 1001),
            "BOB" => ("bob", 1002),
            // As one says that knows aliases.
            "bob@x.org" => ("bob", 1002),
            name => match self.local_uid(&Username::parse(name.as_bytes()).unwrap())? {
                Some(uid) => (name, uid),
                None => return Ok(None),
            },
        };
        let name = name.to_owned();
        Ok(Some(SystemUser { name, uid }))
    }
}
