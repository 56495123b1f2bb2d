//! The contents of a passwd file and of its shadow file.

use std::path::Path;

use super::error::EditError;
use super::shadow_line::ShadowLine;
use super::table::Table;
use crate::tools::trusted_file::{self, Access, FileError, FileFault};
use crate::words::Username;

/// Maximum size of a file that is edited, in bytes: some hundred thousand accounts.
const MAX_BYTES: u64 = 64 << 20;

/// The lines of a passwd file and of its shadow file.
#[derive(Clone)]
pub(super) struct Tables {
    pub(super) passwd: Table,
    pub(super) shadow: Table,
}

impl Tables {
    /// Reads both files; a missing file has no lines.
    pub(super) fn read(passwd: &Path, shadow: &Path) -> Result<Self, EditError> {
        Ok(Self {
            passwd: read(passwd, Access::Public)?,
            shadow: read(shadow, Access::GroupReadable)?,
        })
    }

    /// Returns the user ids in the passwd file, `+5` among them: the C library takes it for 5, so
    /// nobody else may have that id.
    pub(super) fn uids(&self) -> Vec<u32> {
        let uid = |fields: Vec<&[u8]>| std::str::from_utf8(fields.get(2)?).ok()?.parse().ok();
        self.passwd.entries().filter_map(uid).collect()
    }

    /// Refuses a name that is not in the passwd file.
    pub(super) fn check_known(&self, name: &Username) -> Result<(), EditError> {
        match self.passwd.fields(name.as_str())? {
            Some(_) => Ok(()),
            None => Err(EditError::Refused(format!("{name} has no account here"))),
        }
    }

    /// Returns the account's shadow line. A missing line counts as a locked password that was never
    /// set, unless the hash is in the passwd file, as on old systems.
    pub(super) fn shadow_line(&self, name: &Username) -> Result<ShadowLine, EditError> {
        self.check_known(name)?;
        if let Some(fields) = self.shadow.fields(name.as_str())? {
            return ShadowLine::parse(&fields);
        }
        let fields = self.passwd.fields(name.as_str())?.unwrap_or_default();
        let inline = match fields.get(1) {
            None | Some(&(b"x" | b"")) => b"!",
            Some(&hash) => hash,
        };
        ShadowLine::parse(&[name.as_str().as_bytes(), inline])
    }

    /// Writes `x` into the password field of the passwd line: the password is in the shadow file.
    pub(super) fn move_password_to_shadow(&mut self, name: &Username) -> Result<(), EditError> {
        let Some(mut fields) = self.passwd.fields(name.as_str())? else {
            return Ok(());
        };
        if let Some(password) = fields.get_mut(1) {
            *password = b"x";
        }
        let line = fields.join(&b':');
        self.passwd.put(name.as_str(), line)
    }
}

fn read(path: &Path, access: Access) -> Result<Table, EditError> {
    match trusted_file::read(path, access, MAX_BYTES) {
        Ok(bytes) => Ok(Table::parse(&bytes)),
        Err(FileError {
            fault: FileFault::Missing,
            ..
        }) => Ok(Table::parse(b"")),
        Err(error) => Err(EditError::File(error.to_string())),
    }
}
