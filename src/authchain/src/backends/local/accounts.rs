//! Keeping and listing the accounts of passwd and shadow files.

use std::path::Path;

use super::Local;
use crate::backends::accounts::{
    AccountVerdict, CannotKeep, Changes, Edit, Field, ListEnd, ListEntries, Listed, ListedPerson,
    NewPerson, Register, Remove, Selection,
};
use crate::files::edit::{Database, EditError, NewAccount};
use crate::files::passwd_files::ageing::day_of;
use crate::files::passwd_files::passwd::{PasswdEntry, each_entry};
use crate::files::passwd_files::{SYSTEM_PASSWD, SYSTEM_SHADOW};
use crate::files::same_file::is_same_file;
use crate::tools::journal::Severity;
use crate::tools::request::Context;
use crate::tools::trusted_file::{FileFault, folders};
use crate::words::{BackendError, Username};

impl Register for Local {
    fn register(
        &self,
        new: &NewPerson,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError> {
        if new.mail.is_some() {
            return Ok(refused(NO_MAIL));
        }
        let Some(uid) = new.uid else {
            return Ok(refused("an account needs a user id"));
        };
        let choose = |taken: &[u32]| match taken.contains(&uid) {
            true => Err(EditError::Refused(format!(
                "user id {uid} is another account's"
            ))),
            false => Ok(uid),
        };
        let account = NewAccount {
            uid: &choose,
            gid: new.gid,
            gecos: &new.gecos,
            home: &new.home,
            shell: &new.shell,
            hash: None,
        };
        let today = u64::try_from(day_of(context.wall_clock())).unwrap_or_default();
        let added = self.kept()?.add(&new.name, &account, today);
        self.verdict(added.map(drop), context)
    }
}

impl Edit for Local {
    fn lacks(&self, field: Field) -> Option<&'static str> {
        (field == Field::Mail).then_some(NO_MAIL)
    }

    fn edit(
        &self,
        name: &Username,
        changes: &Changes,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError> {
        if changes.mail.is_some() {
            return Ok(refused(NO_MAIL));
        }
        let database = self.kept()?;
        if !database.has(name).map_err(failed)? {
            return Ok(AccountVerdict::Unknown);
        }
        let (gecos, shell) = (changes.gecos.as_deref(), changes.shell.as_deref());
        let edited = match gecos.or(shell) {
            Some(_) => database.set_fields(name, gecos, shell),
            None => Ok(()),
        };
        let edited = edited.and_then(|()| match changes.locked {
            Some(true) => database.lock(name),
            Some(false) => database.unlock(name).map(drop),
            None => Ok(()),
        });
        self.verdict(edited, context)
    }
}

impl Remove for Local {
    fn remove(
        &self,
        name: &Username,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError> {
        let database = self.kept()?;
        if !database.has(name).map_err(failed)? {
            return Ok(AccountVerdict::Unknown);
        }
        self.verdict(database.delete(name), context)
    }
}

impl ListEntries for Local {
    fn list(
        &self,
        selection: &Selection,
        _: &Context<'_>,
        hear: &mut dyn FnMut(Listed),
    ) -> Result<ListEnd, BackendError> {
        let mut end = ListEnd::default();
        let most = selection.most.unwrap_or(u64::MAX);
        let read = each_entry(&self.settings.passwd, |entry| {
            let person = self.listed(&entry);
            match person.name.contains(&selection.matching) {
                false => {}
                true if end.count == most => end.more = true,
                true => {
                    end.count = end.count.saturating_add(1);
                    hear(Listed::Person(person));
                }
            }
        });
        match read {
            // The first account makes the file.
            Err(error) if error.fault == FileFault::Missing => Ok(end),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(end),
        }
    }
}

const NO_MAIL: &str = "passwd files have no field for a mail address";

impl Local {
    /// Returns why the accounts are not kept here; `None` if they are.
    pub(super) fn cannot_keep(&self) -> Option<CannotKeep> {
        let is_the_systems = self.is_system
            || is_same_file(&self.settings.passwd, Path::new(SYSTEM_PASSWD))
            || is_same_file(&self.settings.shadow, Path::new(SYSTEM_SHADOW));
        is_the_systems.then_some(CannotKeep::SystemFiles)
    }

    /// Returns the database, if nobody else can write its folders: who can rename files there could
    /// replace it.
    fn kept(&self) -> Result<Database, BackendError> {
        for file in [&self.settings.passwd, &self.settings.shadow] {
            folders::judge(file)?;
        }
        let Self { settings, .. } = self;
        Ok(Database::new(&settings.passwd, &settings.shadow))
    }

    fn listed(&self, entry: &PasswdEntry) -> ListedPerson {
        let user = entry.to_user(&self.name);
        ListedPerson {
            name: user.name,
            uid: user.uid,
            gid: user.gid,
            gecos: user.gecos,
            home: user.home,
            shell: user.shell,
            mail: None,
        }
    }

    fn verdict(
        &self,
        edited: Result<(), EditError>,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError> {
        match edited {
            Ok(()) => Ok(AccountVerdict::Done),
            Err(EditError::NotFlushed(why)) => {
                let line = format!("{}: the change may not be on the disk: {why}", self.name);
                context.journal.write(Severity::LOG_WARNING, &line);
                Ok(AccountVerdict::Done)
            }
            Err(EditError::Stranded(why)) => Ok(AccountVerdict::Unsure(why)),
            Err(error @ (EditError::File(_) | EditError::Busy(_))) => Err(failed(error)),
            Err(error) => Ok(refused(error.to_string())),
        }
    }
}

fn refused(why: impl Into<String>) -> AccountVerdict {
    AccountVerdict::Refused(why.into())
}

fn failed(error: EditError) -> BackendError {
    BackendError::Failed(error.to_string())
}

#[cfg(test)]
mod tests;
