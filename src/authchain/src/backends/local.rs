//! Accounts in passwd and shadow files.

use super::Backend;
use crate::config::settings::local::LocalSettings;
use crate::files::passwd_files::SYSTEM_PASSWD;
use crate::tools::request::{Attempt, Request};
use crate::words::{Account, BackendError, User, Verdict};

/// A pair of passwd and shadow files.
pub struct Local {
    name: String,
    settings: LocalSettings,
}

impl Local {
    /// The backend of this name with these files.
    pub fn new(name: String, settings: LocalSettings) -> Self {
        Self { name, settings }
    }
}

impl Backend for Local {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_local(&self) -> bool {
        true
    }

    fn is_system(&self) -> bool {
        self.settings.passwd.as_os_str() == SYSTEM_PASSWD
    }

    fn lookup(&self, _request: &Request<'_>) -> Result<Option<User>, BackendError> {
        Err(BackendError::Unavailable(
            "the files are not read yet".to_owned(),
        ))
    }

    fn authenticate(&self, _attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError> {
        Err(BackendError::Unavailable(
            "the files are not read yet".to_owned(),
        ))
    }

    fn account(&self, _request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        Err(BackendError::Unavailable(
            "the files are not read yet".to_owned(),
        ))
    }
}
