//! `authchain user list`.

use authchain::files::edit::{AccountEntry, Database};
use clap::Args;
use serde_json::{Value, json};

use crate::clock;
use crate::terminal::{Failure, STRONG, Terminal, clean};

/// List the accounts
#[derive(Debug, Args)]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl List {
    pub(super) fn run(&self, database: &Database, terminal: &mut Terminal) -> Result<(), Failure> {
        let count = some(database, self.json, |_| true, terminal)?;
        let passwd = database.passwd();
        if count == 0 && !passwd.exists() {
            terminal.print_message(format_args!(
                "{}: no such file, so there is no account; `authchain user add` makes it",
                passwd.display()
            ));
        }
        Ok(())
    }
}

/// Prints the accounts whose names are wanted, and returns their number.
pub(super) fn some(
    database: &Database,
    as_json: bool,
    is_wanted: impl Fn(&str) -> bool,
    terminal: &mut Terminal,
) -> Result<usize, Failure> {
    let mut accounts = database.list()?;
    accounts.retain(|account| is_wanted(&account.name));
    match as_json {
        true => terminal.json(&accounts.iter().map(json_of).collect()),
        false => print(&accounts, terminal),
    }
    Ok(accounts.len())
}

fn print(accounts: &[AccountEntry], terminal: &mut Terminal) {
    let width = accounts
        .iter()
        .map(|account| account.name.chars().count())
        .max();
    let width = width.unwrap_or_default().max("name".len());
    let head = format!(
        "{:<width$}  {:>10}  {:<13}  {:<10}  gecos",
        "name", "uid", "state", "password"
    );
    terminal.print_styled(STRONG, head);
    for account in accounts {
        let uid = account
            .uid
            .map_or_else(|| "?".to_owned(), |uid| uid.to_string());
        let changed = account.last_change.map(clock::date).unwrap_or_default();
        let line = format!(
            "{:<width$}  {uid:>10}  {:<13}  {changed:<10}  {}",
            clean(&account.name),
            state(account, clock::today()),
            clean(&account.gecos)
        );
        terminal.print(line.trim_end());
    }
}

/// Returns `active`, or the reason why the account cannot be used.
fn state(account: &AccountEntry, today: u64) -> &'static str {
    let is_expired = account.expire.is_some_and(|day| day <= today);
    match (account.is_locked, is_expired, account.has_password) {
        (true, true, true) => "locked",
        (_, true, _) => "expired",
        (_, _, false) => "no password",
        (true, ..) => "password locked",
        _ => "active",
    }
}

fn json_of(account: &AccountEntry) -> Value {
    json!({
        "name": account.name,
        "uid": account.uid,
        "gecos": account.gecos,
        "state": state(account, clock::today()),
        "locked": account.is_locked,
        "has_password": account.has_password,
        "password_changed": account.last_change.map(clock::date),
        "expires": account.expire.map(clock::date),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_the_reason_why_an_account_cannot_be_used() {
        let cases = [
            ((false, None, true), "active"),
            ((true, Some(1), true), "locked"),
            ((true, None, true), "password locked"),
            ((true, None, false), "no password"),
            ((false, Some(1), true), "expired"),
            ((false, Some(30_000), true), "active"),
        ];
        for ((is_locked, expire, has_password), expected) in cases {
            let account = AccountEntry {
                name: "a".to_owned(),
                uid: None,
                gecos: String::new(),
                has_password,
                is_locked,
                last_change: None,
                expire,
            };
            assert_eq!(state(&account, 20_000), expected);
        }
    }
}
