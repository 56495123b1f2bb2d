//! The factor `totp`.

use std::path::PathBuf;
use std::time::SystemTime;

use super::self_enrolment::SelfEnrolment;
use super::verification::{PROMPT, TotpEnrolment};
use crate::config::settings::totp::TotpSettings;
use crate::factors::factor::{Confirmation, Enrolment, Factor};
use crate::files::authenticator::Authenticator;
use crate::files::factor_folder::FactorFolder;
use crate::tools::conversation::Conversation;
use crate::words::{BackendError, Secret, Username};

/// The codes of authenticator apps.
#[derive(Debug, Clone)]
pub struct Totp {
    /// The name in the configuration.
    pub name: String,
    /// The form of new secrets.
    pub settings: TotpSettings,
    /// The folder with the people's files.
    pub state_dir: PathBuf,
}

impl Totp {
    /// Returns the name that apps show beside the person's.
    pub fn issuer(&self) -> String {
        let of_machine = || {
            let name = rustix::system::uname();
            name.nodename().to_string_lossy().into_owned()
        };
        self.settings.issuer.clone().unwrap_or_else(of_machine)
    }
}

impl Factor for Totp {
    fn name(&self) -> &str {
        &self.name
    }

    fn enrolment(&self, user: &Username) -> Result<Option<Box<dyn Enrolment>>, BackendError> {
        let folder = FactorFolder::of(&self.state_dir, user);
        let authenticator = Authenticator::read(folder.path())?;
        Ok(authenticator.map(|authenticator| -> Box<dyn Enrolment> {
            Box::new(TotpEnrolment::new(folder, authenticator))
        }))
    }

    fn question(&self) -> Option<&str> {
        Some(PROMPT)
    }

    fn enrol(
        &self,
        user: &Username,
        password: &Secret,
        person: &mut dyn Conversation,
        clock: &dyn Fn() -> SystemTime,
    ) -> Result<Confirmation, BackendError> {
        SelfEnrolment {
            settings: &self.settings,
            issuer: &self.issuer(),
            folder: FactorFolder::of(&self.state_dir, user),
            user,
            password,
            clock,
        }
        .run(person)
    }
}
