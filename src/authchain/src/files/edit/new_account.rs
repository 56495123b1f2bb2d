//! An account that is to be added.

use super::error::EditError;
use super::tables::is_unusable;
use crate::words::Username;

/// An account that is to be added.
pub struct NewAccount<'a> {
    /// Chooses the user id, given the user ids in the passwd file. It is called under the lock, so
    /// that two processes that add accounts at once do not choose the same id.
    pub uid: &'a dyn Fn(&[u32]) -> Result<u32, EditError>,
    /// The primary group's id; the user id if `None`.
    pub gid: Option<u32>,
    /// The gecos field: the full name and the like.
    pub gecos: &'a str,
    /// The home directory.
    pub home: &'a str,
    /// The login shell.
    pub shell: &'a str,
    /// The password's hash; with `None`, no password can be used.
    pub hash: Option<&'a str>,
}

impl NewAccount<'_> {
    /// Returns the account's line in the passwd file.
    ///
    /// # Errors
    /// When a field would break the file.
    pub(super) fn passwd_line(&self, name: &Username, uid: u32) -> Result<Vec<u8>, EditError> {
        let Self {
            gecos, home, shell, ..
        } = self;
        for (field, text) in [("gecos", gecos), ("home", home), ("shell", shell)] {
            if is_unusable(text) {
                return Err(EditError::UnusableField(field));
            }
        }
        let gid = self.gid.unwrap_or(uid);
        Ok(format!("{name}:x:{uid}:{gid}:{gecos}:{home}:{shell}").into_bytes())
    }
}
