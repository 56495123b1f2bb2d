//! `authchain app-password revoke`.

use authchain::files::app_passwords::AppPasswords;
use clap::{Args, ValueHint};

use super::people::{Owner, People};
use crate::terminal::{Exit, Failure, Terminal};

/// Make app passwords void
///
/// The next login with one is refused. A program that is logged in stays so until it logs in again.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The name
    #[arg(value_hint = ValueHint::Username)]
    user: String,

    /// The label of the password
    #[arg(required_unless_present = "all")]
    label: Option<String>,

    /// All passwords of the person
    #[arg(long, conflicts_with = "label")]
    all: bool,
}

impl Revoke {
    pub(super) fn run(
        &self,
        people: &People<'_>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let Owner { name, folder } = people.named(&self.user)?;
        let is_revoked = |label: &str| self.all || self.label.as_deref() == Some(label);
        let count = AppPasswords::revoke(folder.path(), |password| is_revoked(&password.label))?;
        match (count, &self.label) {
            (0, None) => return Err(Failure::refused(format!("{name} has no app password"))),
            (0, Some(label)) => {
                let message = format!("{name} has no app password \"{label}\"");
                return Err(Failure::refused(message));
            }
            (_, Some(label)) => {
                terminal.print(format_args!(
                    "the app password \"{label}\" of {name} is void"
                ));
            }
            (count, None) => {
                terminal.print(format_args!("{count} app passwords of {name} are void"));
            }
        }
        Ok(Exit::Success)
    }
}
