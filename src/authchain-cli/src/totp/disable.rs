//! `authchain totp disable`.

use authchain::files::authenticator::{Authenticator, PendingAuthenticator};
use clap::{Args, ValueHint};

use super::enrolments::Enrolments;
use crate::terminal::{Exit, Failure, Terminal};

/// End an enrolment: the secret and the recovery codes are gone
///
/// Where a rule asks for a code, somebody who is not enrolled is refused, unless the rule says
/// otherwise. What was counted stays, so that no code is good again after another enrolment.
#[derive(Debug, Args)]
pub(super) struct Disable {
    /// The name
    #[arg(value_hint = ValueHint::Username)]
    user: String,
}

impl Disable {
    pub(super) fn run(
        &self,
        enrolments: &Enrolments,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let person = enrolments.person(&self.user)?;
        let (name, folder) = (&person.name, person.folder.path());
        let was_pending = PendingAuthenticator::remove(folder).map_err(Failure::trouble)?;
        let was_enrolled = Authenticator::remove(folder).map_err(Failure::trouble)?;
        match (was_enrolled, was_pending) {
            (true, _) => terminal.print(format_args!("{name} is not enrolled any more")),
            (false, true) => {
                terminal.print(format_args!("{name} is not enrolled; what waited is gone"));
            }
            (false, false) => return Err(Failure::refused(format!("{name} is not enrolled"))),
        }
        Ok(Exit::Success)
    }
}
