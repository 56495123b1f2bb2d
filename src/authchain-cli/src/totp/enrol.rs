//! `authchain totp enrol`.

use std::fs;
use std::path::{Path, PathBuf};

use authchain::factors::totp::TotpEnrolment;
use authchain::files::authenticator::{Authenticator, NewRecoveryCodes, PendingAuthenticator};
use clap::{Args, ValueHint};

use super::enrolments::{Enrolments, Holder, PENDING};
use super::sheet::{Sheet, print_recovery_codes};
use crate::clock;
use crate::prompt::{self, Echo};
use crate::terminal::{Exit, Failure, Terminal};

/// The number of times that the confirming code is asked for.
const TRIES: u32 = 3;

/// Enrol somebody: show a new secret as a QR code, and ask for a code of it
///
/// Nothing counts before the code was right; then ten recovery codes are shown, once. With --json
/// or --file nobody is asked: the enrolment waits, for seven days, until `authchain totp confirm`
/// gets a code.
#[derive(Debug, Args)]
pub(super) struct Enrol {
    /// The name
    #[arg(value_hint = ValueHint::Username, required_unless_present = "file")]
    user: Option<String>,

    /// Enrol everybody whose name is a line of this file
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    file: Option<PathBuf>,

    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

impl Enrol {
    pub(super) fn run(
        &self,
        enrolments: &Enrolments,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        match (&self.file, &self.user) {
            (Some(file), _) => self.enrol_all(file, enrolments, terminal),
            (None, Some(user)) => {
                let person = enrolments.newcomer(user)?;
                match self.json {
                    true => self.enrol_pending(&person, enrolments, terminal)?,
                    false => enrol_now(&person, enrolments, terminal)?,
                }
                Ok(Exit::Success)
            }
            (None, None) => Err(Failure::refused("nobody is named")),
        }
    }

    /// Enrols everybody in a file; who cannot be enrolled keeps nobody else from it.
    fn enrol_all(
        &self,
        file: &Path,
        enrolments: &Enrolments,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let text = fs::read_to_string(file)
            .map_err(|error| Failure::trouble(format_args!("{}: {error}", file.display())))?;
        let mut exit = Exit::Success;
        for name in names(&text) {
            let enrolled = enrolments
                .newcomer(name)
                .and_then(|person| self.enrol_pending(&person, enrolments, terminal));
            if let Err(failure) = enrolled {
                terminal.print_message(failure.message);
                exit = exit.max(failure.exit);
            }
        }
        Ok(exit)
    }

    /// Keeps a new secret that is not in force before `confirm`.
    fn enrol_pending(
        &self,
        person: &Holder,
        enrolments: &Enrolments,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let (authenticator, codes) = new_secret(person, enrolments)?;
        person.warn_if_unknown(terminal);
        person.folder.make().map_err(Failure::trouble)?;
        PendingAuthenticator::write(&authenticator, person.folder.path())
            .map_err(Failure::trouble)?;
        let sheet = Sheet::new(&enrolments.factor, &person.name, &authenticator);
        let until = clock::now().checked_add(PENDING).unwrap_or(clock::now());
        let until = clock::date_and_time(until);
        if self.json {
            terminal.print(sheet.json(&codes, &until));
            return Ok(());
        }
        sheet.print(terminal);
        print_recovery_codes(&codes, terminal);
        let name = &person.name;
        terminal.print(format_args!(
            "\nNot in force before `authchain totp confirm {name}` gets a code, until {until}.\n"
        ));
        Ok(())
    }
}

/// Shows a new secret, asks for a code, and enrols.
fn enrol_now(
    person: &Holder,
    enrolments: &Enrolments,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let (authenticator, codes) = new_secret(person, enrolments)?;
    person.warn_if_unknown(terminal);
    Sheet::new(&enrolments.factor, &person.name, &authenticator).print(terminal);
    let enrolment = TotpEnrolment::new(person.folder.clone(), authenticator);
    let step = confirmed_step(&enrolment, person, terminal)?;
    person.enrol(&enrolment, step)?;
    terminal.print(format_args!("{} is enrolled", person.name));
    print_recovery_codes(&codes, terminal);
    Ok(())
}

/// Returns a new secret for somebody who is not enrolled, with the recovery codes.
fn new_secret(
    person: &Holder,
    enrolments: &Enrolments,
) -> Result<(Authenticator, NewRecoveryCodes), Failure> {
    person.refuse_enrolled()?;
    let settings = &enrolments.factor.settings;
    let mut authenticator =
        Authenticator::new(settings.algorithm, settings.digits).map_err(Failure::trouble)?;
    let codes = NewRecoveryCodes::new().map_err(Failure::trouble)?;
    authenticator.recovery = codes.kept.clone();
    Ok((authenticator, codes))
}

/// Asks for a code of the app, and returns its time step.
pub(super) fn confirmed_step(
    enrolment: &TotpEnrolment,
    person: &Holder,
    terminal: &mut Terminal,
) -> Result<u64, Failure> {
    for left in (0..TRIES).rev() {
        let typed =
            prompt::ask("Code that the app shows now: ", Echo::On).map_err(Failure::trouble)?;
        match step_of(enrolment, typed.expose()) {
            Some(step) => return Ok(step),
            None if left > 0 => terminal.print_message("wrong code; once more"),
            None => {}
        }
    }
    Err(no_right_code(person))
}

/// Returns the time step whose code this is, written with or without blanks.
pub(super) fn step_of(enrolment: &TotpEnrolment, typed: &[u8]) -> Option<u64> {
    let digits = typed.iter().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Vec<u8> = digits.copied().collect();
    enrolment.step_of(&digits, clock::now())
}

/// Returns the failure of somebody who gave no right code.
pub(super) fn no_right_code(person: &Holder) -> Failure {
    Failure::refused(format!(
        "{} is not enrolled: no code was right; this machine's clock says {}",
        person.name,
        clock::date_and_time(clock::now())
    ))
}

/// Returns the names in a file: one a line, with blanks and `#` comments between.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_names_may_have_blank_lines_and_comments() {
        let text = "# staff\nalice\n\n  bob \n";
        assert_eq!(names(text).collect::<Vec<_>>(), ["alice", "bob"]);
    }
}
