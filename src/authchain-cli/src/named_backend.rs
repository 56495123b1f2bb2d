//! One backend of the configuration, by its name, for commands that keep its accounts.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use authchain::backends::Backend;
use authchain::backends::accounts::{AccountVerdict, CannotKeep, ListEnd, Listed, Selection};
use authchain::backends::password_change::{CannotChange, ChangePassword};
use authchain::chain::registry;
use authchain::config::settings::local::LocalSettings;
use authchain::config::settings::{GlobalSettings, PasswordChanges};
use authchain::config::{BackendTable, Config};
use authchain::files::passwd_files::SYSTEM_PASSWD;
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::request::{Context, Request};
use authchain::words::{BackendError, Username};

use crate::setup::{self, ShownJournal};
use crate::terminal::{Failure, clean};

/// Maximum time for a change, or for a question about one person.
const FOR_A_CHANGE: Duration = Duration::from_secs(30);

/// Maximum time for a list.
const FOR_A_LIST: Duration = Duration::from_secs(120);

/// A backend, in the chain or not.
pub(crate) struct NamedBackend {
    /// The name in the configuration.
    pub(crate) name: String,
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) settings: GlobalSettings,
    /// The passwd files of the system and of all backends of type `local`.
    pub(crate) passwd_files: Vec<PathBuf>,
    /// The section's word on changes of passwords.
    password: PasswordChanges,
}

impl NamedBackend {
    /// Builds the backend `name` of the configuration at `config`, or of the usual file.
    pub(crate) fn open(config: Option<&Path>, name: &str) -> Result<Self, Failure> {
        let source = setup::source(config)?;
        let config = Config::parse(&source).map_err(|error| setup::config_failure(&error))?;
        let tables = &config.backends;
        let Some(table) = tables.iter().find(|table| table.name() == name) else {
            let known: Vec<&str> = tables.iter().map(BackendTable::name).collect();
            let known = known.join(", ");
            let message = format!("there is no backend {name:?}; the configuration has {known}");
            return Err(Failure::refused(message));
        };
        let backend = registry::backend(table, &config.settings);
        Ok(Self {
            name: name.to_owned(),
            backend: backend.map_err(|error| setup::config_failure(&error))?,
            passwd_files: passwd_files(&config),
            password: table.common().password,
            settings: config.settings.clone(),
        })
    }

    /// Returns the context of a change, which an administrator waits for.
    pub(crate) fn context(&self) -> Context<'static> {
        self.context_of(FOR_A_CHANGE)
    }

    fn context_of(&self, patience: Duration) -> Context<'static> {
        Context {
            deadline: Deadline::after(system_clock, patience),
            ..setup::context(&self.settings, &ShownJournal)
        }
    }

    /// Returns the way to change passwords, unless the section forbids it.
    pub(crate) fn change_password(&self) -> Result<&dyn ChangePassword, CannotChange> {
        match self.password {
            PasswordChanges::On => self.backend.change_password(),
            PasswordChanges::Off => Err(CannotChange::Off),
        }
    }

    /// Calls `hear` with each entry of the selection.
    pub(crate) fn list(
        &self,
        selection: &Selection,
        hear: &mut dyn FnMut(Listed),
    ) -> Result<ListEnd, Failure> {
        let list = self.backend.list(selection.entries);
        let list = list.map_err(|why| self.cannot(why))?;
        let context = self.context_of(FOR_A_LIST);
        let listed = list.list(selection, &context, hear);
        listed.map_err(|error| self.trouble(&error))
    }

    /// Returns the request for a question about one person.
    pub(crate) fn request<'a>(&self, user: &'a Username, context: &'a Context<'a>) -> Request<'a> {
        Request {
            user,
            deadline: context.deadline,
            groups: &[],
            context,
        }
    }

    /// Returns whether the backend knows the name.
    pub(crate) fn knows(&self, name: &Username) -> Result<bool, Failure> {
        let context = self.context();
        let found = self.backend.lookup(&self.request(name, &context));
        let found = found.map_err(|error| self.trouble(&error))?;
        Ok(found.is_some())
    }

    /// Returns the failure of a task that the backend cannot do.
    pub(crate) fn cannot(&self, why: CannotKeep) -> Failure {
        self.refused(why)
    }

    /// Returns the failure of a task that the backend refuses.
    pub(crate) fn refused(&self, why: impl Display) -> Failure {
        Failure::refused(format!("{}: {}", self.name, clean(&why.to_string())))
    }

    /// Returns the failure of a source that could not be asked.
    pub(crate) fn trouble(&self, error: &BackendError) -> Failure {
        let kind = match error {
            BackendError::Unavailable(_) => "unavailable",
            _ => "failed",
        };
        Failure::trouble(format!(
            "{} is {kind}: {}",
            self.name,
            clean(&error.to_string())
        ))
    }

    /// Returns whether a task is done; a failure says why it is not.
    pub(crate) fn done(
        &self,
        name: &Username,
        verdict: Result<AccountVerdict, BackendError>,
    ) -> Result<(), Failure> {
        match verdict.map_err(|error| self.trouble(&error))? {
            AccountVerdict::Done => Ok(()),
            AccountVerdict::Refused(why) => Err(self.refused(why)),
            AccountVerdict::Unknown => Err(self.unknown(name)),
            AccountVerdict::Unsure(why) => Err(Failure::trouble(format!(
                "{}: perhaps done: {}; look before you try again",
                self.name,
                clean(&why)
            ))),
        }
    }

    /// Returns the failure at a name that the backend does not know.
    pub(crate) fn unknown(&self, name: &Username) -> Failure {
        Failure::refused(format!("{} does not know {name}", self.name))
    }
}

fn passwd_files(config: &Config<'_>) -> Vec<PathBuf> {
    let local = config.backends.iter();
    let local = local.filter(|table| table.common().kind.get_ref() == "local");
    let local = local.filter_map(|table| table.settings::<LocalSettings>().ok());
    let system = [SYSTEM_PASSWD.into(), config.settings.passwd_file.clone()];
    system
        .into_iter()
        .chain(local.map(|settings| settings.passwd))
        .collect()
}
