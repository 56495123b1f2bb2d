//! `authchain user --backend`: the accounts of a backend, through its capabilities.

mod add;
mod entries;
mod password;

use std::path::Path;

use authchain::backends::accounts::{Changes, Field};
use authchain::words::Username;

use super::command::UserCommand;
use super::left_behind::LeftBehind;
use super::typed::{check_shell, confirm};
use crate::named_backend::NamedBackend;
use crate::person_name::refuse_system_name;
use crate::setup;
use crate::terminal::{Exit, Failure, Terminal};

/// Runs a subcommand on the accounts of the backend `name`.
pub(super) fn run(
    command: &UserCommand,
    name: &str,
    config: Option<&Path>,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let backend = &NamedBackend::open(config, name)?;
    match command {
        UserCommand::Add(add) => add::run(add, backend, terminal)?,
        UserCommand::Passwd { user } => password::run(&kept(backend, user)?, backend, terminal)?,
        UserCommand::SetName { user, name } => {
            let changes = Changes {
                gecos: Some(name.clone()),
                ..Changes::default()
            };
            edit(backend, user, Field::Name, &changes)?;
            terminal.print(format_args!("{user} has a new name"));
        }
        UserCommand::SetMail { user, address } => {
            let changes = Changes {
                mail: Some(address.clone()),
                ..Changes::default()
            };
            edit(backend, user, Field::Mail, &changes)?;
            terminal.print(format_args!("{user} has a new mail address"));
        }
        UserCommand::SetShell { user, shell } => {
            check_shell(shell)?;
            let changes = Changes {
                shell: Some(shell.clone()),
                ..Changes::default()
            };
            edit(backend, user, Field::Shell, &changes)?;
            terminal.print(format_args!("{user} has a new login shell"));
        }
        UserCommand::Lock { user } => {
            edit(backend, user, Field::Lock, &locked(true))?;
            terminal.print(format_args!("{user} is locked"));
        }
        UserCommand::Unlock { user } => {
            edit(backend, user, Field::Lock, &locked(false))?;
            terminal.print(format_args!("{user} is unlocked"));
        }
        UserCommand::Del { user, yes } => remove(backend, user, *yes, config, terminal)?,
        UserCommand::List(list) => entries::list(backend, "", list.json, terminal)?,
        UserCommand::Search { part, json } => entries::list(backend, part, *json, terminal)?,
        UserCommand::Show { user, json } => entries::show(backend, user, *json, terminal)?,
    }
    Ok(Exit::Success)
}

fn locked(locked: bool) -> Changes {
    Changes {
        locked: Some(locked),
        ..Changes::default()
    }
}

/// Returns the name of an account that is to be changed, which must not be the system's own.
fn kept(backend: &NamedBackend, user: &str) -> Result<Username, Failure> {
    let name = setup::username(user)?;
    refuse_system_name(&name, &backend.settings)?;
    Ok(name)
}

fn edit(
    backend: &NamedBackend,
    user: &str,
    field: Field,
    changes: &Changes,
) -> Result<(), Failure> {
    let edit = backend.backend.edit();
    let edit = edit.map_err(|why| backend.cannot(why))?;
    if let Some(why) = edit.lacks(field) {
        return Err(backend.refused(why));
    }
    let name = kept(backend, user)?;
    backend.done(&name, edit.edit(&name, changes, &backend.context()))
}

fn remove(
    backend: &NamedBackend,
    user: &str,
    yes: bool,
    config: Option<&Path>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let remove = backend.backend.remove();
    let remove = remove.map_err(|why| backend.cannot(why))?;
    let name = kept(backend, user)?;
    if !yes && !confirm(&format!("Delete {name} from {}? [y/N] ", backend.name))? {
        return Err(Failure::refused("nothing was deleted"));
    }
    let left = LeftBehind::of(&name, &backend.settings, config);
    if !backend.knows(&name)? {
        left.end_unless_known(terminal)?;
        return Err(backend.unknown(&name));
    }
    left.revoke(terminal)?;
    backend.done(&name, remove.remove(&name, &backend.context()))?;
    terminal.print(format_args!("{name} is deleted from {}", backend.name));
    left.end(terminal)
}
