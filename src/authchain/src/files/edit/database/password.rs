//! Changing one password, for the module: as passwd(1) does it, in the system's files or others.

use super::super::error::EditError;
use super::super::replace::Witness;
use super::super::shadow_line::ShadowLine;
use super::super::tables::Tables;
use super::{Database, First, Manner};
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
    /// The moment by which the lock must be free.
    pub deadline: Deadline,
}

impl Database {
    /// Replaces a password, if `may_change` allows it: it is given the shadow entry that counts for
    /// the account, as it is under the lock.
    ///
    /// The password is stored in the shadow file; a hash that was in the passwd file moves there.
    /// Where there is no shadow file, the hash stays in the passwd file. No file is made.
    ///
    /// # Errors
    /// [`EditError::Forbidden`] if `may_change` returned false. The other errors say that nothing
    /// was changed, but for [`EditError::NotFlushed`].
    pub fn change_password(
        &self,
        edit: &PasswordEdit<'_>,
        may_change: &mut dyn FnMut(&ShadowEntry) -> bool,
    ) -> Result<(), EditError> {
        self.change_password_watched(edit, may_change, &|_, _| ())
    }

    pub(super) fn change_password_watched(
        &self,
        edit: &PasswordEdit<'_>,
        may_change: &mut dyn FnMut(&ShadowEntry) -> bool,
        witness: Witness<'_>,
    ) -> Result<(), EditError> {
        let manner = Manner {
            first: First::Shadow,
            keeps_attributes: true,
            deadline: edit.deadline,
            witness,
        };
        let has_shadow = self.shadow.exists();
        self.edit(&manner, |tables| {
            let entry = tables.counting_entry(edit.name)?;
            if !may_change(&entry) {
                return Err(EditError::Forbidden);
            }
            if !has_shadow && !tables.is_shadowed(edit.name)? {
                return tables.put_into_passwd(edit.name, edit.hash.as_bytes());
            }
            tables.put_into_shadow(edit)?;
            tables.move_password_to_shadow(edit.name)
        })
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
