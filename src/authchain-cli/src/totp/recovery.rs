//! `authchain totp recovery`.

use authchain::files::authenticator::NewRecoveryCodes;
use clap::{Args, ValueHint};

use super::enrolments::Enrolments;
use super::sheet::print_recovery_codes;
use crate::terminal::{Exit, Failure, Terminal};

/// Make new recovery codes; the old ones are void
#[derive(Debug, Args)]
pub(super) struct Recovery {
    /// The name
    #[arg(value_hint = ValueHint::Username)]
    user: String,
}

impl Recovery {
    pub(super) fn run(
        &self,
        enrolments: &Enrolments,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let person = enrolments.person(&self.user)?;
        let mut authenticator = person.authenticator()?;
        let before = authenticator.number();
        let codes = NewRecoveryCodes::new().map_err(Failure::trouble)?;
        authenticator.recovery = codes.kept.clone();
        if person.authenticator()?.number() != before {
            let words = format!("{} was enrolled anew at this moment", person.name);
            return Err(Failure::refused(words));
        }
        authenticator
            .write_over(person.folder.path())
            .map_err(Failure::trouble)?;
        print_recovery_codes(&codes, terminal);
        Ok(Exit::Success)
    }
}
