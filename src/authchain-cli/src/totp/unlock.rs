//! `authchain totp unlock`.

use std::time::UNIX_EPOCH;

use authchain::files::authenticator::Authenticator;
use authchain::files::ledger::{Counted, Durability, LedgerError};
use clap::{Args, ValueHint};

use super::enrolments::Enrolments;
use crate::clock;
use crate::terminal::{Exit, Failure, Terminal};

/// The seconds for which apps show a code that nobody has chosen.
const PERIOD: u64 = 30;

/// End the pause after wrong codes, and take codes again after the clock was set back
///
/// Run it only while the machine's clock is right: a code that was used at a later time by a wrong
/// clock can be used again when its time comes.
#[derive(Debug, Args)]
pub(super) struct Unlock {
    /// The name
    #[arg(value_hint = ValueHint::Username)]
    user: String,
}

impl Unlock {
    pub(super) fn run(
        &self,
        enrolments: &Enrolments,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let person = enrolments.person(&self.user)?;
        let authenticator = Authenticator::read(person.folder.path()).map_err(Failure::trouble)?;
        let now = clock::now();
        let at = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let present = |period| at.as_secs().checked_div(period).unwrap_or_default();
        let step = match authenticator {
            // The code of the next step may have been used, by a phone whose clock is ahead.
            Some(authenticator) => present(authenticator.period).saturating_add(1),
            // A ledger stays when an enrolment ends, and may stand in the way of the next one.
            None => present(PERIOD).saturating_sub(2),
        };
        let unlocked = Counted::Unlocked {
            at: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            step,
        };
        let ledger = person.folder.ledger();
        match ledger.count(unlocked, Durability::Durable) {
            Err(LedgerError::Missing(_)) => {
                return Err(Failure::refused(format!("{} is not enrolled", person.name)));
            }
            counted => counted.map_err(Failure::trouble)?,
        };
        terminal.print(format_args!(
            "{} may use the codes to come; the clock says {}",
            person.name,
            clock::date_and_time(now)
        ));
        Ok(Exit::Success)
    }
}
