//! `authchain app-password list`.

use authchain::files::app_passwords::{AppPassword, AppPasswords};
use authchain::files::ledger::History;
use authchain::words::Username;
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use super::people::{self, Owner, People};
use crate::clock;
use crate::terminal::{Exit, Failure, STRONG, Terminal};

/// The milliseconds of a day.
const DAY: u64 = 86_400_000;

/// List app passwords: label, services, first and last day, and the day of the last use
#[derive(Debug, Args)]
pub(super) struct ListAppPasswords {
    /// The name; without it, everybody
    #[arg(value_hint = ValueHint::Username)]
    user: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// An app password in the list.
struct Row {
    user: Username,
    password: AppPassword,
    /// The day of the last use.
    last_use: Option<u64>,
}

impl ListAppPasswords {
    pub(super) fn run(
        &self,
        people: &People<'_>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let owners = match &self.user {
            Some(user) => vec![people.named(user)?],
            None => people.everybody()?,
        };
        let (mut rows, mut exit) = (Vec::new(), Exit::Success);
        for owner in owners {
            match rows_of(&owner) {
                Ok(found) => rows.extend(found),
                // Somebody's broken file does not hide the others.
                Err(failure) => {
                    terminal.print_message(failure.message);
                    exit = exit.max(failure.exit);
                }
            }
        }
        match self.json {
            true => terminal.json(&rows.iter().map(Row::json).collect::<Value>()),
            false => print(&rows, terminal),
        }
        Ok(exit)
    }
}

fn rows_of(owner: &Owner) -> Result<Vec<Row>, Failure> {
    let passwords = AppPasswords::read(owner.folder.path()).map_err(Failure::trouble)?;
    if passwords.is_empty() {
        return Ok(Vec::new());
    }
    let history = owner.folder.ledger().history().map_err(Failure::trouble)?;
    let row = |password: &AppPassword| Row::new(owner, password, &history);
    Ok(passwords.iter().map(row).collect())
}

fn print(rows: &[Row], terminal: &mut Terminal) {
    let head = ["user", "label", "services", "created", "end", "last use"].map(str::to_owned);
    let rows: Vec<[String; 6]> = rows.iter().map(Row::cells).collect();
    let lines = [&head].into_iter().chain(&rows);
    let mut widths = [0; 6];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.len().max(*width);
        }
    }
    let padded = |cells: &[String; 6]| {
        let cells = cells.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    terminal.print_styled(STRONG, padded(&head));
    for row in &rows {
        terminal.print(padded(row));
    }
}

impl Row {
    fn new(owner: &Owner, password: &AppPassword, history: &History) -> Self {
        let last_use = history.last_use(password.id);
        Self {
            user: owner.name.clone(),
            password: password.clone(),
            last_use: last_use.map(|at| at / DAY),
        }
    }

    fn has_ended(&self) -> bool {
        self.password.has_ended(clock::now())
    }

    fn cells(&self) -> [String; 6] {
        let AppPassword {
            label,
            services,
            created,
            end,
            ..
        } = &self.password;
        let ended = if self.has_ended() { " (over)" } else { "" };
        let end = end.map_or("-".to_owned(), clock::date);
        [
            self.user.to_string(),
            label.clone(),
            services.join(","),
            clock::date(*created),
            format!("{end}{ended}"),
            self.last_use.map_or("-".to_owned(), clock::date),
        ]
    }

    fn json(&self) -> Value {
        let more = json!({
            "ended": self.has_ended(),
            "last_use": self.last_use.map(clock::date),
        });
        people::json(&self.user, &self.password, more)
    }
}
