//! `authchain totp import`.

mod as_owner;
mod google;
mod imported;
mod oath;

use std::path::{self, PathBuf};

use authchain::factors::totp::TotpEnrolment;
use authchain::tools::trusted_file::{self, Access};
use clap::{Args, ValueHint};
use zeroize::Zeroizing;

use super::enrolments::Enrolments;
use crate::clock;
use crate::terminal::{Exit, Failure, Terminal, clean};

/// Maximum size of the file of one person, in bytes.
const MAX_OF_ONE: u64 = 64 * 1024;

/// Maximum size of a file of many people, in bytes.
const MAX_OF_ALL: u64 = 4 * 1024 * 1024;

/// Enrol somebody with the secret that they have in their app already
///
/// No code is asked for: the app was used before. A code that it showed before the import is void.
/// A file in a home directory is read with that person's rights.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The name
    #[arg(value_hint = ValueHint::Username)]
    user: String,

    /// A file of pam_google_authenticator(8), such as ~alice/.google_authenticator
    #[arg(long, value_name = "FILE", required_unless_present = "oath")]
    google: Option<PathBuf>,

    /// A file of pam_oath, such as /etc/users.oath
    #[arg(long, value_name = "FILE", conflicts_with = "google")]
    oath: Option<PathBuf>,
}

impl Import {
    pub(super) fn run(
        &self,
        enrolments: &Enrolments,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let person = enrolments.newcomer(&self.user)?;
        let name = &person.name;
        person.refuse_enrolled()?;
        let (path, parsed) = match (&self.google, &self.oath) {
            (Some(path), _) => {
                // Each folder on the way counts, those above the present one, too.
                let whole = path::absolute(path).map_err(Failure::trouble)?;
                let text = Zeroizing::new(as_owner::read(&whole, name, MAX_OF_ONE)?);
                (path, google::parse(&text))
            }
            (None, Some(path)) => {
                let text = trusted_file::read(path, Access::Private, MAX_OF_ALL);
                let text = Zeroizing::new(text.map_err(Failure::trouble)?);
                (path, oath::parse(&text, name))
            }
            (None, None) => return Err(Failure::refused("no file is named")),
        };
        let refused =
            |why: String| Failure::refused(format!("{}: {}", path.display(), clean(&why)));
        let imported = parsed.map_err(refused)?;
        person.warn_if_unknown(terminal);
        for remark in imported.remarks {
            terminal.print_message(format_args!("{}: {}", path.display(), clean(&remark)));
        }
        let codes = imported.authenticator.recovery.len();
        let enrolment = TotpEnrolment::new(person.folder.clone(), imported.authenticator);
        let now = enrolment.step_at(clock::now());
        let last = imported.last_step.unwrap_or_default();
        // A step of a wrong clock would keep everybody out until its time comes.
        person.enrol(&enrolment, last.clamp(now, now.saturating_add(1)))?;
        terminal.print(format_args!(
            "{name} is enrolled, with {codes} recovery codes; codes count from the next on"
        ));
        Ok(Exit::Success)
    }
}
