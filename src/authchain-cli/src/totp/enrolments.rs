//! The people's enrolments, where the configuration has them.

use std::path::Path;
use std::time::Duration;

use authchain::config::settings::totp::TotpSettings;
use authchain::config::{BackendTable, Config};
use authchain::factors::totp::{Totp, TotpEnrolment};
use authchain::files::authenticator::{Authenticator, PendingAuthenticator};
use authchain::files::factor_folder::FactorFolder;
use authchain::tools::name_service;
use authchain::words::Username;

use crate::terminal::{Failure, Terminal};
use crate::{clock, person_name, setup};

/// How long an enrolment may wait for its first code.
pub(super) const PENDING: Duration = Duration::from_secs(7 * 86_400);

/// The people's enrolments, and the form of new ones.
pub(super) struct Enrolments {
    pub(super) factor: Totp,
    /// True if a backend takes a name with a domain for the person of the name without it.
    is_domain_stripped: bool,
}

/// Somebody who has an enrolment, or may get one.
pub(super) struct Holder {
    pub(super) name: Username,
    pub(super) folder: FactorFolder,
}

impl Enrolments {
    /// Returns the enrolments of a configuration.
    ///
    /// # Errors
    /// When the configuration is broken, or its enrolments are another user's.
    pub(super) fn of(config: Option<&Path>) -> Result<Self, Failure> {
        // The module would refuse what cannot be assembled.
        setup::chain(config)?;
        let source = setup::source(config)?;
        let config = Config::parse(&source).map_err(|error| setup::config_failure(&error))?;
        let state_dir = config.settings.state_dir.clone();
        setup::refuse_strangers(&state_dir, "second factors")?;
        let is_totp = |table: &&BackendTable<'_>| table.common().kind.get_ref() == "totp";
        let settings = match config.factors.iter().find(is_totp) {
            Some(table) => table
                .settings()
                .map_err(|error| setup::config_failure(&error))?,
            None => TotpSettings::default(),
        };
        let factor = Totp {
            name: "totp".to_owned(),
            settings,
            state_dir,
        };
        Ok(Self {
            factor,
            is_domain_stripped: person_name::is_domain_stripped(&config),
        })
    }

    /// Returns the person of this name, whom the system need not know.
    pub(super) fn person(&self, name: &str) -> Result<Holder, Failure> {
        setup::username(name).map(|name| self.person_named(name))
    }

    /// Returns the person of this name, who is to be enrolled.
    ///
    /// # Errors
    /// For a name with a domain, where people who type it without would not be found.
    pub(super) fn newcomer(&self, name: &str) -> Result<Holder, Failure> {
        let person = self.person(name)?;
        if self.is_domain_stripped {
            person_name::refuse_domain(&person.name)?;
        }
        Ok(person)
    }

    /// Returns everybody who has a folder in which an enrolment may be.
    pub(super) fn everybody(&self) -> Result<Vec<Holder>, Failure> {
        let names = FactorFolder::everybody_in_small_letters(&self.factor.state_dir);
        let names = names.map_err(Failure::trouble)?.into_iter();
        Ok(names.map(|name| self.person_named(name)).collect())
    }

    fn person_named(&self, name: Username) -> Holder {
        let folder = FactorFolder::of(&self.factor.state_dir, &name);
        Holder { name, folder }
    }
}

impl Holder {
    /// Returns the authenticator of somebody who is enrolled.
    pub(super) fn authenticator(&self) -> Result<Authenticator, Failure> {
        let found = Authenticator::read(self.folder.path()).map_err(Failure::trouble)?;
        found.ok_or_else(|| Failure::refused(format!("{} is not enrolled", self.name)))
    }

    /// Refuses somebody who is enrolled already.
    pub(super) fn refuse_enrolled(&self) -> Result<(), Failure> {
        let found = Authenticator::read(self.folder.path()).map_err(Failure::trouble)?;
        let name = &self.name;
        let message =
            || format!("{name} is enrolled already; `authchain totp disable {name}` ends that");
        found.map_or(Ok(()), |_| Err(Failure::refused(message())))
    }

    /// Enrols the person, with this time step as the last whose code is void.
    pub(super) fn enrol(&self, enrolment: &TotpEnrolment, step: u64) -> Result<(), Failure> {
        let name = &self.name;
        self.folder.make().map_err(Failure::trouble)?;
        if !enrolment.claim(step).map_err(Failure::trouble)? {
            return Err(Failure::refused(format!(
                "{name} is not enrolled: a code of this time, or of a later one, was used before; \
                 wait for the next code, or see `authchain totp unlock` if the clock was set back"
            )));
        }
        if !enrolment.keep_new().map_err(Failure::trouble)? {
            return Err(Failure::refused(format!(
                "{name} was enrolled by somebody else at the same time"
            )));
        }
        PendingAuthenticator::remove(self.folder.path()).map_err(Failure::trouble)?;
        Ok(())
    }

    /// Warns if the system does not know the name. A directory may know it.
    pub(super) fn warn_if_unknown(&self, terminal: &mut Terminal) {
        let remark = match name_service::user_named(self.name.as_str()) {
            Ok(Some(_)) => return,
            Ok(None) => format!("warning: the system does not know {}", self.name),
            Err(fault) => format!("warning: nobody can say who {} is: {fault}", self.name),
        };
        terminal.print_message(remark);
    }
}

/// Returns whether an enrolment has waited too long for its first code.
pub(super) fn is_void(pending: &PendingAuthenticator) -> bool {
    // A time that lies ahead is of a clock that was set back.
    let age = clock::now()
        .duration_since(pending.since)
        .unwrap_or_default();
    age > PENDING
}
