//! `authchain totp status`.

mod person_status;

use clap::{Args, ValueHint};
use serde_json::Value;

use super::enrolments::Enrolments;
use crate::terminal::{Exit, Failure, STRONG, Terminal};
use person_status::{EnrolmentState, PersonStatus};

/// Show who is enrolled, and how they stand
///
/// With a name, the exit code says whether that person is enrolled.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// The name; without it, everybody who is enrolled or waits to be
    #[arg(value_hint = ValueHint::Username)]
    user: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(
        &self,
        enrolments: &Enrolments,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let holders = match &self.user {
            Some(user) => vec![enrolments.person(user)?],
            None => enrolments.everybody()?,
        };
        let mut people: Vec<PersonStatus> = holders.iter().map(PersonStatus::of).collect();
        if self.user.is_none() {
            people.retain(|status| status.state != EnrolmentState::NotEnrolled);
        }
        if self.json {
            terminal.json(&people.iter().map(PersonStatus::json).collect::<Value>());
        } else {
            print(&people, terminal);
        }
        Ok(people
            .iter()
            .map(|status| status.exit(self.user.is_some()))
            .max()
            .unwrap_or(Exit::Success))
    }
}

fn print(people: &[PersonStatus], terminal: &mut Terminal) {
    let lengths = people.iter().map(|status| status.name().chars().count());
    let width = lengths.max().unwrap_or_default().max("name".len());
    terminal.print_styled(
        STRONG,
        format!(
            "{:<width$}  {:<12}  {:<10}  {:<16}  {:<8}  {:<20}  remarks",
            "name", "state", "since", "form", "recovery", "last code"
        ),
    );
    for status in people {
        terminal.print(status.line(width).trim_end());
    }
}
