//! The people's folders, where the configuration has them.

use authchain::config::Config;
use authchain::config::settings::GlobalSettings;
use authchain::files::app_passwords::AppPassword;
use authchain::files::factor_folder::FactorFolder;
use authchain::words::Username;
use serde_json::{Value, json};

use crate::terminal::Failure;
use crate::{clock, person_name, setup};

/// The people who have app passwords, or may get some.
pub(super) struct People<'c> {
    settings: &'c GlobalSettings,
    /// True if a backend takes a name with a domain for the person of the name without it.
    is_domain_stripped: bool,
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
        setup::refuse_strangers(&config.settings.state_dir, "app passwords")?;
        Ok(Self {
            settings: &config.settings,
            is_domain_stripped: person_name::is_domain_stripped(config),
        })
    }

    /// Returns the person of this name, whom the system need not know.
    pub(super) fn named(&self, name: &str) -> Result<Owner, Failure> {
        setup::username(name).map(|name| self.owner(name))
    }

    /// Returns the person of this name, who is to get an app password.
    ///
    /// # Errors
    /// For a name of the system's own, and for one with a domain, where people who type it without
    /// would not be found.
    pub(super) fn taker(&self, name: &str) -> Result<Owner, Failure> {
        let owner = self.named(name)?;
        person_name::refuse_system_name(&owner.name, self.settings)?;
        if self.is_domain_stripped {
            person_name::refuse_domain(&owner.name)?;
        }
        Ok(owner)
    }

    /// Returns everybody who has a folder.
    pub(super) fn everybody(&self) -> Result<Vec<Owner>, Failure> {
        let names = FactorFolder::everybody(&self.settings.state_dir).map_err(Failure::trouble)?;
        Ok(names.into_iter().map(|name| self.owner(name)).collect())
    }

    fn owner(&self, name: Username) -> Owner {
        let folder = FactorFolder::exactly(&self.settings.state_dir, &name);
        Owner { name, folder }
    }
}

/// Returns what scripts are told of an app password, with what `more` says of it.
pub(super) fn json(user: &Username, password: &AppPassword, more: Value) -> Value {
    let mut facts = json!({
        "user": user.as_str(),
        "label": password.label,
        "uid": password.uid,
        "services": password.services,
        "created": clock::date(password.created),
        "end": password.end.map(clock::date),
    });
    if let (Value::Object(facts), Value::Object(more)) = (&mut facts, more) {
        facts.extend(more);
    }
    facts
}
