//! A passwd file and its shadow file, edited together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::same_file::resolved;
use super::account::AccountEntry;
use super::attributes::Attributes;
use super::error::EditError;
use super::lock::{self, LOCK_WAIT, Lock};
use super::new_account::NewAccount;
use super::replace::{Witness, remove_leftover, replace};
use super::shadow_line::ShadowLine;
use super::tables::{OldFiles, Tables};
use crate::tools::deadline::{Deadline, system_clock};
use crate::words::Username;

const PASSWD_MODE: u32 = 0o644;
const SHADOW_MODE: u32 = 0o600;

/// The place of the gecos field in a line of the passwd file.
const GECOS: usize = 4;
/// The place of the login shell.
const SHELL: usize = 6;

/// A passwd file and its shadow file.
#[derive(Debug)]
pub struct Database {
    passwd: PathBuf,
    shadow: PathBuf,
    /// The lock files, in the order in which everybody takes them.
    locks: BTreeSet<PathBuf>,
    /// The time for which a command waits for the lock.
    patience: Duration,
}

/// The file that a change writes first. An account exists while it has a passwd line, and must have
/// its shadow line as long as that.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    /// For a change that adds or alters an account.
    Shadow,
    /// For a change that takes an account away.
    Passwd,
}

/// The way in which a change is made.
struct Manner<'a> {
    first: First,
    /// True if the files keep their owners, modes and other attributes, and if a missing file is
    /// not made.
    keeps_attributes: bool,
    /// The moment by which the lock must be free.
    deadline: Deadline,
    witness: Witness<'a>,
}

impl Database {
    /// Returns the database in these files. Symbolic links are resolved, so that a rename replaces
    /// the file they lead to.
    pub fn new(passwd: &Path, shadow: &Path) -> Self {
        Self {
            passwd: resolved(passwd),
            shadow: resolved(shadow),
            locks: lock::paths_for([passwd, shadow]),
            patience: LOCK_WAIT,
        }
    }

    /// Returns the passwd file's path.
    pub fn passwd(&self) -> &Path {
        &self.passwd
    }

    /// Returns the shadow file's path.
    pub fn shadow(&self) -> &Path {
        &self.shadow
    }

    /// Returns every account, in the order of the passwd file.
    ///
    /// # Errors
    /// When a file cannot be read, or an account's shadow line is malformed or there twice.
    pub fn list(&self) -> Result<Vec<AccountEntry>, EditError> {
        let (tables, _) = self.read()?;
        (tables.passwd.entries())
            .map(|fields| AccountEntry::read(&fields, &tables.shadow))
            .collect()
    }

    /// Returns whether the name has an account here.
    ///
    /// # Errors
    /// When a file cannot be read, or the name is in the passwd file twice.
    pub fn has(&self, name: &Username) -> Result<bool, EditError> {
        let (tables, _) = self.read()?;
        Ok(tables.passwd.fields(name.as_str())?.is_some())
    }

    /// Adds an account, and returns the user id it got.
    ///
    /// # Errors
    /// When the name has an account already, a field cannot be written, no user id is free, or a
    /// file cannot be read, locked or written.
    pub fn add(&self, name: &Username, new: &NewAccount<'_>, today: u64) -> Result<u32, EditError> {
        self.add_watched(name, new, today, &|_, _| ())
    }

    fn add_watched(
        &self,
        name: &Username,
        new: &NewAccount<'_>,
        today: u64,
        witness: Witness<'_>,
    ) -> Result<u32, EditError> {
        let mut uid = 0;
        self.edit(&self.by_command(First::Shadow, witness), |tables| {
            if tables.passwd.fields(name.as_str())?.is_some() {
                return Err(EditError::Refused(format!("{name} exists already")));
            }
            uid = (new.uid)(&tables.uids())?;
            // The name may have a shadow line already, which a killed `add` or `delete` left.
            let shadow = ShadowLine::new(new.hash.unwrap_or("!"), today).line(name.as_str());
            tables.shadow.put(name.as_str(), shadow)?;
            let passwd = new.passwd_line(name, uid)?;
            tables.passwd.put(name.as_str(), passwd)
        })?;
        Ok(uid)
    }

    /// Sets a password, and returns whether the account is still locked.
    ///
    /// # Errors
    /// When the name has no account, its shadow line is malformed, or a file cannot be read, locked
    /// or written.
    pub fn set_password(&self, name: &Username, hash: &str, today: u64) -> Result<bool, EditError> {
        let mut is_locked = false;
        self.edit(&self.by_command(First::Shadow, &|_, _| ()), |tables| {
            let mut line = tables.shadow_line(name)?;
            line.set_password(hash, today);
            is_locked = line.is_password_locked();
            tables.shadow.put(name.as_str(), line.line(name.as_str()))?;
            tables.move_password_to_shadow(name)
        })?;
        Ok(is_locked)
    }

    /// Locks an account against passwords, keys and cron jobs.
    ///
    /// # Errors
    /// As [`set_password`](Self::set_password).
    pub fn lock(&self, name: &Username) -> Result<(), EditError> {
        self.edit(&self.by_command(First::Shadow, &|_, _| ()), |tables| {
            let mut line = tables.shadow_line(name)?;
            line.lock();
            tables.shadow.put(name.as_str(), line.line(name.as_str()))?;
            tables.move_password_to_shadow(name)
        })
    }

    /// Unlocks an account, and returns the day on which it expires, if there is one.
    ///
    /// # Errors
    /// As [`set_password`](Self::set_password), and when the account has no password to unlock.
    pub fn unlock(&self, name: &Username) -> Result<Option<u64>, EditError> {
        let mut expire = None;
        self.edit(&self.by_command(First::Shadow, &|_, _| ()), |tables| {
            let mut line = tables.shadow_line(name)?;
            line.unlock()?;
            expire = line.expire();
            tables.shadow.put(name.as_str(), line.line(name.as_str()))
        })?;
        Ok(expire)
    }

    /// Sets the gecos field and the login shell of an account; `None` leaves a field as it is.
    ///
    /// # Errors
    /// When the name has no account, a field cannot be written, or a file cannot be read, locked or
    /// written.
    pub fn set_fields(
        &self,
        name: &Username,
        gecos: Option<&str>,
        shell: Option<&str>,
    ) -> Result<(), EditError> {
        self.edit(&self.by_command(First::Shadow, &|_, _| ()), |tables| {
            tables.check_known(name)?;
            tables.put_passwd_fields(name, [(GECOS, "gecos", gecos), (SHELL, "shell", shell)])
        })
    }

    /// Deletes an account.
    ///
    /// # Errors
    /// When the name has no account, or a file cannot be read, locked or written.
    pub fn delete(&self, name: &Username) -> Result<(), EditError> {
        self.delete_watched(name, &|_, _| ())
    }

    fn delete_watched(&self, name: &Username, witness: Witness<'_>) -> Result<(), EditError> {
        self.edit(&self.by_command(First::Passwd, witness), |tables| {
            tables.check_known(name)?;
            tables.passwd.remove(name.as_str())?;
            tables.shadow.remove(name.as_str())
        })
    }

    /// Returns the manner in which an administrator's command changes its own files.
    fn by_command<'a>(&self, first: First, witness: Witness<'a>) -> Manner<'a> {
        Manner {
            first,
            keeps_attributes: false,
            deadline: Deadline::after(system_clock, self.patience),
            witness,
        }
    }

    /// Reads the files, changes their contents and writes them, all under the lock.
    fn edit(
        &self,
        manner: &Manner<'_>,
        change: impl FnOnce(&mut Tables) -> Result<(), EditError>,
    ) -> Result<(), EditError> {
        let _locks = self.take_locks(&manner.deadline)?;
        self.remove_leftovers();
        let (before, old) = self.read()?;
        let mut after = before.clone();
        change(&mut after)?;
        let shadow = (&self.shadow, &before.shadow, &after.shadow);
        let passwd = (&self.passwd, &before.passwd, &after.passwd);
        let mut writes = vec![
            (shadow, old.shadow.as_ref(), SHADOW_MODE),
            (passwd, old.passwd.as_ref(), PASSWD_MODE),
        ];
        if manner.first == First::Passwd {
            writes.reverse();
        }
        let mut not_flushed = Ok(());
        for ((path, before, after), old, mode) in writes {
            let attributes = match manner.keeps_attributes {
                true => Attributes::Kept,
                false => Attributes::Own(mode),
            };
            // A missing file is made, so that the other file is never read without it.
            let is_missing = old.is_none() && !manner.keeps_attributes;
            if before != after || is_missing {
                let replaced = replace(path, old, &after.to_bytes(), attributes, manner.witness);
                match replaced.map_err(|error| error.about(path)) {
                    // It is in place. The other file must not stay as it was.
                    Err(EditError::NotFlushed(why)) => {
                        not_flushed = Err(EditError::NotFlushed(why));
                    }
                    replaced => replaced?,
                }
            }
        }
        not_flushed
    }

    fn take_locks(&self, deadline: &Deadline) -> Result<Vec<Lock>, EditError> {
        let locks = self.locks.iter();
        locks.map(|path| Lock::take(path, deadline)).collect()
    }

    fn remove_leftovers(&self) {
        for path in [&self.passwd, &self.shadow] {
            remove_leftover(path);
        }
    }

    fn read(&self) -> Result<(Tables, OldFiles), EditError> {
        Tables::read(&self.passwd, &self.shadow)
    }
}

pub(super) mod password;
#[cfg(test)]
mod tests;
