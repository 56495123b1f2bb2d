//! Changing one password, for the module: as passwd(1) does it, in the system's files or others.

use std::time::Duration;

use super::super::error::EditError;
use super::super::out_of_reach::OutOfReach;
use super::super::replace::{Witness, has_leftover};
use super::super::shadow_line::ShadowLine;
use super::super::tables::Tables;
use super::{Database, First, Manner, system_clock};
use crate::files::passwd_files::shadow::ShadowEntry;
use crate::tools::deadline::Deadline;
use crate::words::Username;

/// A new password for an account.
pub struct PasswordEdit<'a> {
    /// The account's name.
    pub name: &'a Username,
    /// The hash of the new password.
    pub hash: &'a str,
    /// The day of the change, in days since 1 January 1970.
    pub today: i64,
    /// The entry that was judged; `None` if the change is allowed whatever the entry is.
    pub judged: Option<&'a ShadowEntry>,
    /// The moment by which the lock must be free.
    pub deadline: Deadline,
}

impl Database {
    /// Replaces a password, if the shadow entry that counts for the account still is the one that
    /// was judged. Nothing is hashed under the lock, for which everybody's changes wait.
    ///
    /// The password is stored in the shadow file; a hash that was in the passwd file moves there,
    /// unless days in a shadow line that did not count would count then.
    /// Where there is no shadow file, the hash stays in the passwd file; if it should be in the
    /// shadow file, nothing is changed. No file is made.
    ///
    /// # Errors
    /// [`EditError::ChangedMeanwhile`] if the entry is another one. All errors say that nothing was
    /// changed, but for [`EditError::NotFlushed`] and [`EditError::Stranded`].
    pub fn change_password(&self, edit: &PasswordEdit<'_>) -> Result<(), EditError> {
        self.change_password_watched(edit, &|_, _| ())
    }

    /// Removes the new files that a killed process left, with hashes in them, unless somebody holds
    /// the lock: then these may be files that are just written.
    ///
    /// # Errors
    /// [`EditError::Stranded`].
    pub fn tidy(&self) -> Result<(), EditError> {
        if !has_leftover(&self.passwd) && !has_leftover(&self.shadow) {
            return Ok(());
        }
        let out_of_reach = OutOfReach::enter();
        let now = Deadline::after(system_clock, Duration::ZERO);
        if let Ok(_locks) = self.take_locks(&now) {
            self.remove_leftovers();
        }
        out_of_reach.leave()
    }

    pub(super) fn change_password_watched(
        &self,
        edit: &PasswordEdit<'_>,
        witness: Witness<'_>,
    ) -> Result<(), EditError> {
        let manner = Manner {
            first: First::Shadow,
            keeps_attributes: true,
            deadline: edit.deadline,
            witness,
        };
        let out_of_reach = OutOfReach::enter();
        let edited = self.edit(&manner, |tables| {
            let entry = tables.counting_entry(edit.name)?;
            if edit.judged.is_some_and(|judged| *judged != entry) {
                return Err(EditError::ChangedMeanwhile);
            }
            match (tables.has_shadow_file, tables.is_shadowed(edit.name)?) {
                (true, _) => {}
                (false, false) => {
                    return tables.put_into_passwd(edit.name, edit.hash.as_bytes());
                }
                (false, true) => {
                    let missing = format!("{}: no such file", self.shadow.display());
                    return Err(EditError::File(missing));
                }
            }
            tables.put_into_shadow(edit)?;
            tables.move_password_to_shadow(edit.name)
        });
        out_of_reach.leave()?;
        edited
    }
}

impl Tables {
    fn is_shadowed(&self, name: &Username) -> Result<bool, EditError> {
        self.check_known(name)?;
        let fields = self.passwd.fields(name.as_str())?.unwrap_or_default();
        Ok(fields.get(1) == Some(&&b"x"[..]))
    }

    /// Returns the entry by which a login judges the account: the shadow line, or a line made of
    /// the password field in the passwd file, which does not age. A missing shadow line counts as
    /// one without a password.
    fn counting_entry(&self, name: &Username) -> Result<ShadowEntry, EditError> {
        let line = if self.is_shadowed(name)? {
            match self.shadow.fields(name.as_str())? {
                Some(fields) => fields.join(&b':'),
                None => without_dates(b"!"),
            }
        } else {
            let fields = self.passwd.fields(name.as_str())?.unwrap_or_default();
            without_dates(fields.get(1).copied().unwrap_or_default())
        };
        ShadowEntry::parse(&line)
            .map_err(|fault| EditError::Refused(format!("the shadow line of {name}: {fault}")))
    }

    fn put_into_shadow(&mut self, edit: &PasswordEdit<'_>) -> Result<(), EditError> {
        let name = edit.name.as_str();
        // Before 1970 there is no day that shadow(5) could write.
        let today = u64::try_from(edit.today).ok().filter(|day| *day > 0);
        let mut line = match self.shadow.fields(name)? {
            Some(fields) => ShadowLine::parse(&fields)?,
            // Without dates, as pam_unix makes it.
            None => ShadowLine::parse(&[name.as_bytes(), b""])?,
        };
        if line.is_limited() && !self.is_shadowed(edit.name)? {
            let why = "has days that do not count while the hash is in the passwd file";
            let message = format!("the shadow line of {name} {why}");
            return Err(EditError::Refused(message));
        }
        line.replace_password(edit.hash, today);
        self.shadow.put(name, line.line(name))
    }
}

/// Returns a shadow line with this password and without dates.
fn without_dates(password: &[u8]) -> Vec<u8> {
    [b":", password, b":::::::"].concat()
}

#[cfg(test)]
mod tests;
