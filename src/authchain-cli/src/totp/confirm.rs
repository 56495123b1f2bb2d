//! `authchain totp confirm`.

use authchain::factors::totp::TotpEnrolment;
use authchain::files::authenticator::PendingAuthenticator;
use clap::{Args, ValueHint};

use super::enrol::{confirmed_step, no_right_code, step_of};
use super::enrolments::{Enrolments, is_void};
use crate::clock;
use crate::terminal::{Exit, Failure, Terminal};

/// Put an enrolment in force that waits for its first code
#[derive(Debug, Args)]
pub(super) struct Confirm {
    /// The name
    #[arg(value_hint = ValueHint::Username)]
    user: String,

    /// A code that the app shows; without it, the command asks
    code: Option<String>,
}

impl Confirm {
    pub(super) fn run(
        &self,
        enrolments: &Enrolments,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let person = enrolments.newcomer(&self.user)?;
        let name = &person.name;
        person.refuse_enrolled()?;
        let pending = PendingAuthenticator::read(person.folder.path()).map_err(Failure::trouble)?;
        let Some(pending) = pending else {
            return Err(Failure::refused(format!("no enrolment of {name} waits")));
        };
        if is_void(&pending) {
            PendingAuthenticator::remove(person.folder.path()).map_err(Failure::trouble)?;
            return Err(Failure::refused(format!(
                "the enrolment of {name} has waited since {} and is void; enrol once more",
                clock::date_and_time(pending.since)
            )));
        }
        let enrolment = TotpEnrolment::new(person.folder.clone(), pending.authenticator);
        let step = match &self.code {
            Some(code) => {
                step_of(&enrolment, code.as_bytes()).ok_or_else(|| no_right_code(&person))?
            }
            None => confirmed_step(&enrolment, &person, terminal)?,
        };
        person.enrol(&enrolment, step)?;
        terminal.print(format_args!("{name} is enrolled"));
        Ok(Exit::Success)
    }
}
