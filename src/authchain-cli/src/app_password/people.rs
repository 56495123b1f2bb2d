//! The people's folders, where the configuration has them.

use std::fmt::Display;
use std::path::Path;

use authchain::config::Config;
use authchain::files::factor_folder::FactorFolder;
use authchain::words::Username;

use crate::setup;
use crate::terminal::Failure;

/// The people who have app passwords, or may get some.
pub(super) struct People<'c> {
    state_dir: &'c Path,
}

/// One of them.
pub(super) struct Owner {
    pub(super) name: Username,
    pub(super) folder: FactorFolder,
}

impl<'c> People<'c> {
    /// Returns the people of a configuration.
    ///
    /// # Errors
    /// When their folders are another user's.
    pub(super) fn of(config: &'c Config<'_>) -> Result<Self, Failure> {
        let state_dir = &config.settings.state_dir;
        setup::refuse_strangers(state_dir, "app passwords")?;
        Ok(Self { state_dir })
    }

    /// Returns the person of this name, whom the system need not know.
    pub(super) fn named(&self, name: &str) -> Result<Owner, Failure> {
        setup::username(name).map(|name| self.owner(name))
    }

    /// Returns everybody who has a folder.
    pub(super) fn everybody(&self) -> Result<Vec<Owner>, Failure> {
        let names = FactorFolder::everybody(self.state_dir).map_err(trouble)?;
        Ok(names.into_iter().map(|name| self.owner(name)).collect())
    }

    fn owner(&self, name: Username) -> Owner {
        let folder = FactorFolder::exactly(self.state_dir, &name);
        Owner { name, folder }
    }
}

/// Returns the failure of a step with a file.
pub(super) fn trouble(error: impl Display) -> Failure {
    Failure::trouble(error.to_string())
}
