//! The two files together.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use authchain::tools::trusted_file::{self, Access, FileError, FileFault};
use authchain::words::Username;

use super::lock::{Lock, PATIENCE};
use super::replace::{Witness, replace};
use super::shadow_line::ShadowLine;
use super::{Account, AccountError, Table};

/// Largest file that is edited: some hundred thousand accounts.
const MAX_BYTES: u64 = 64 << 20;

const PASSWD_MODE: u32 = 0o644;
const SHADOW_MODE: u32 = 0o600;

/// A passwd file and its shadow file.
#[derive(Debug)]
pub(crate) struct Database {
    passwd: PathBuf,
    shadow: PathBuf,
    patience: Duration,
}

/// An account that is to be.
pub(crate) struct New<'a> {
    /// Its user id, given those that are taken here. It is chosen under the lock, so that two
    /// commands that add accounts at once do not choose the same one.
    pub(crate) uid: &'a dyn Fn(&[u32]) -> Result<u32, AccountError>,
    /// Its primary group's id; the user id if `None`.
    pub(crate) gid: Option<u32>,
    /// Full name and the like.
    pub(crate) gecos: &'a str,
    /// Home directory.
    pub(crate) home: &'a str,
    /// Login shell.
    pub(crate) shell: &'a str,
    /// The password's hash; none makes an account that no password opens.
    pub(crate) hash: Option<&'a str>,
}

/// The files' contents, and which of them a change must write first.
struct Files {
    passwd: Table,
    shadow: Table,
}

/// Which file is written first. Only the passwd file makes a name exist.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    /// For everything that adds or changes.
    Shadow,
    /// For what takes away.
    Passwd,
}

impl Database {
    /// Returns the database in these files. Symbolic links are resolved, so that a rename replaces
    /// the file they lead to.
    pub(crate) fn new(passwd: &Path, shadow: &Path) -> Self {
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Self {
            passwd: real(passwd),
            shadow: real(shadow),
            patience: PATIENCE,
        }
    }

    /// Returns the passwd file's path.
    pub(crate) fn passwd(&self) -> &Path {
        &self.passwd
    }

    /// Returns the shadow file's path.
    pub(crate) fn shadow(&self) -> &Path {
        &self.shadow
    }

    /// Returns every account, in the order of the passwd file.
    pub(crate) fn list(&self) -> Result<Vec<Account>, AccountError> {
        let files = self.read()?;
        (files.passwd.entries())
            .map(|fields| Account::read(&fields, &files.shadow))
            .collect()
    }

    /// Adds an account, and says which user id it got.
    pub(crate) fn add(
        &self,
        name: &Username,
        new: &New<'_>,
        today: u64,
    ) -> Result<u32, AccountError> {
        self.add_watched(name, new, today, &|_, _| ())
    }

    fn add_watched(
        &self,
        name: &Username,
        new: &New<'_>,
        today: u64,
        witness: Witness<'_>,
    ) -> Result<u32, AccountError> {
        let mut uid = 0;
        self.edit(First::Shadow, witness, |files| {
            if files.passwd.fields(name.as_str())?.is_some() {
                return Err(AccountError::Refused(format!("{name} exists already")));
            }
            uid = (new.uid)(&files.uids())?;
            // A shadow line without a name is what a killed `add` or `del` left.
            let shadow = ShadowLine::new(new.hash.unwrap_or("!"), today).line(name.as_str());
            files.shadow.put(name.as_str(), shadow)?;
            files
                .passwd
                .put(name.as_str(), passwd_line(name, uid, new)?)
        })?;
        Ok(uid)
    }

    /// Sets a password; says whether the account is locked all the same.
    pub(crate) fn set_password(
        &self,
        name: &Username,
        hash: &str,
        today: u64,
    ) -> Result<bool, AccountError> {
        let mut is_locked = false;
        self.edit(First::Shadow, &|_, _| (), |files| {
            let mut line = files.shadow_line(name)?;
            line.set_password(hash, today);
            is_locked = line.is_password_locked();
            files.shadow.put(name.as_str(), line.line(name.as_str()))?;
            files.move_password_to_shadow(name)
        })?;
        Ok(is_locked)
    }

    /// Locks an account: no password opens it, and neither does a key or cron.
    pub(crate) fn lock(&self, name: &Username) -> Result<(), AccountError> {
        self.edit(First::Shadow, &|_, _| (), |files| {
            let mut line = files.shadow_line(name)?;
            line.lock();
            files.shadow.put(name.as_str(), line.line(name.as_str()))?;
            files.move_password_to_shadow(name)
        })
    }

    /// Takes a lock away; says which day the account ends all the same, if there is one.
    pub(crate) fn unlock(&self, name: &Username) -> Result<Option<u64>, AccountError> {
        let mut expire = None;
        self.edit(First::Shadow, &|_, _| (), |files| {
            let mut line = files.shadow_line(name)?;
            line.unlock()?;
            expire = line.expire();
            files.shadow.put(name.as_str(), line.line(name.as_str()))
        })?;
        Ok(expire)
    }

    /// Deletes an account.
    pub(crate) fn delete(&self, name: &Username) -> Result<(), AccountError> {
        self.delete_watched(name, &|_, _| ())
    }

    fn delete_watched(&self, name: &Username, witness: Witness<'_>) -> Result<(), AccountError> {
        self.edit(First::Passwd, witness, |files| {
            files.known(name)?;
            files.passwd.remove(name.as_str())?;
            files.shadow.remove(name.as_str())
        })
    }

    /// Returns whether the name has an account here.
    pub(crate) fn has(&self, name: &Username) -> Result<bool, AccountError> {
        Ok(self.read()?.passwd.fields(name.as_str())?.is_some())
    }

    /// Reads, changes and writes under the lock.
    fn edit(
        &self,
        first: First,
        witness: Witness<'_>,
        change: impl FnOnce(&mut Files) -> Result<(), AccountError>,
    ) -> Result<(), AccountError> {
        let _lock = Lock::take(&self.shadow, self.patience)?;
        let before = self.read()?;
        let mut after = Files {
            passwd: before.passwd.clone(),
            shadow: before.shadow.clone(),
        };
        change(&mut after)?;
        let mut writes = vec![
            (&self.shadow, &before.shadow, &after.shadow, SHADOW_MODE),
            (&self.passwd, &before.passwd, &after.passwd, PASSWD_MODE),
        ];
        if first == First::Passwd {
            writes.reverse();
        }
        for (path, before, after, mode) in writes {
            // A file that is not there is made, so that the other one is never read without it.
            if before != after || !path.exists() {
                write(path, after, mode, witness)?;
            }
        }
        Ok(())
    }

    fn read(&self) -> Result<Files, AccountError> {
        Ok(Files {
            passwd: read(&self.passwd, Access::Public)?,
            shadow: read(&self.shadow, Access::GroupReadable)?,
        })
    }
}

impl Files {
    /// Returns the user ids in the passwd file.
    fn uids(&self) -> Vec<u32> {
        let uid = |fields: Vec<&[u8]>| std::str::from_utf8(fields.get(2)?).ok()?.parse().ok();
        self.passwd.entries().filter_map(uid).collect()
    }

    fn known(&self, name: &Username) -> Result<(), AccountError> {
        match self.passwd.fields(name.as_str())? {
            Some(_) => Ok(()),
            None => Err(AccountError::Refused(format!("{name} has no account here"))),
        }
    }

    /// Returns the account's shadow line. A missing line counts as a locked password that was never
    /// set, unless the passwd file itself has the hash, as it once did everywhere.
    fn shadow_line(&self, name: &Username) -> Result<ShadowLine, AccountError> {
        self.known(name)?;
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

    /// Lets the passwd file say that the password is in the shadow file.
    fn move_password_to_shadow(&mut self, name: &Username) -> Result<(), AccountError> {
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

fn passwd_line(name: &Username, uid: u32, new: &New<'_>) -> Result<Vec<u8>, AccountError> {
    for (what, text) in [
        ("--gecos", new.gecos),
        ("--home", new.home),
        ("--shell", new.shell),
    ] {
        if text.chars().any(|c| c == ':' || c.is_control()) {
            let message = format!("{what}: a colon or a control character would break the file");
            return Err(AccountError::Refused(message));
        }
    }
    let New {
        gecos, home, shell, ..
    } = new;
    let gid = new.gid.unwrap_or(uid);
    Ok(format!("{name}:x:{uid}:{gid}:{gecos}:{home}:{shell}").into_bytes())
}

fn read(path: &Path, access: Access) -> Result<Table, AccountError> {
    match trusted_file::read(path, access, MAX_BYTES) {
        Ok(bytes) => Ok(Table::parse(&bytes)),
        Err(FileError {
            fault: FileFault::Missing,
            ..
        }) => Ok(Table::parse(b"")),
        Err(error) => Err(AccountError::Trouble(error.to_string())),
    }
}

fn write(path: &Path, table: &Table, mode: u32, witness: Witness<'_>) -> Result<(), AccountError> {
    replace(path, &table.to_bytes(), mode, witness)
        .map_err(|error| AccountError::Trouble(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests;
