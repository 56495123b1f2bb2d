//! What the system itself says about a name.

use std::path::PathBuf;

use nix::unistd;

use crate::files::passwd_files::passwd;
use crate::words::Username;

/// The system's own knowledge of names, as a port: tests bring their own.
pub trait Identities {
    /// The user id that the local passwd file gives the name.
    ///
    /// # Errors
    /// When the file cannot be used; the text says why.
    fn local_uid(&self, name: &Username) -> Result<Option<u32>, String>;

    /// The user id that the system's name service gives the name.
    ///
    /// # Errors
    /// When the name service fails; the text says why.
    fn system_uid(&self, name: &Username) -> Result<Option<u32>, String>;
}

/// Whether a user id is the system's own: below `min_uid`, and 0 even where that is 0.
pub fn is_system_uid(uid: u32, min_uid: u32) -> bool {
    uid == 0 || uid < min_uid
}

/// The passwd file and the name service (NSS) of this machine.
pub struct SystemIdentities {
    passwd_file: PathBuf,
}

impl SystemIdentities {
    /// With the passwd file at this path.
    pub fn new(passwd_file: PathBuf) -> Self {
        Self { passwd_file }
    }
}

impl Identities for SystemIdentities {
    fn local_uid(&self, name: &Username) -> Result<Option<u32>, String> {
        let mut found = passwd::find(&self.passwd_file, Some(name.as_str()), false)
            .map_err(|error| error.to_string())?;
        let entry = found.take_entry(&self.passwd_file)?;
        Ok(entry.map(|entry| entry.uid()))
    }

    fn system_uid(&self, name: &Username) -> Result<Option<u32>, String> {
        unistd::User::from_name(name.as_str())
            .map(|user| user.map(|user| user.uid.as_raw()))
            .map_err(|errno| format!("name service: {}", errno.desc()))
    }
}
