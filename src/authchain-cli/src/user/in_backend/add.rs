//! `authchain user add --backend`.

use std::ops::RangeInclusive;

use authchain::backends::accounts::{Entries, Listed, NewPerson, Selection};
use authchain::tools::name_service;
use authchain::words::Username;
use nix::unistd::User as SystemUser;

use super::super::add::{Add, remarks};
use super::super::uids::{LAST_OF_DIRECTORIES, OF_FILES, UidChoice};
use super::password;
use crate::named_backend::NamedBackend;
use crate::person_name::refuse_system_name;
use crate::terminal::{Failure, Terminal};

/// Adds a person to the backend, and sets their password.
pub(super) fn run(
    add: &Add,
    backend: &NamedBackend,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let register = backend.backend.register();
    let register = register.map_err(|why| backend.cannot(why))?;
    let name = add.name()?;
    add.check(&name)?;
    refuse_system_name(&name, &backend.settings)?;
    let change = match add.no_password {
        true => None,
        false => Some(backend.change_password().map_err(|why| {
            let why = format!("{why}; --no-password adds people without one");
            backend.refused(why)
        })?),
    };
    let system = name_service::user_named(name.as_str()).map_err(Failure::trouble)?;
    let uid = uid(add, backend, &name, system.as_ref())?;
    let new = NewPerson {
        uid: Some(uid),
        gid: Some(gid(add, uid, system.as_ref())),
        gecos: add.gecos.clone(),
        home: add.home_of(&name),
        shell: add.shell.clone(),
        mail: add.mail.clone(),
        name,
    };
    let password = change.map(|_| password::ask()).transpose()?;
    let name = &new.name;
    backend.done(name, register.register(&new, &backend.context()))?;
    let source = &backend.name;
    terminal.print(format_args!(
        "{name} is added to {source} with user id {uid}"
    ));
    if let (Some(change), Some(password)) = (change, password) {
        password::set(name, backend, change, &password).map_err(|failure| Failure {
            message: format!(
                "{name} has no password yet: {}; `authchain user passwd {name} --backend {source}`",
                failure.message
            ),
            ..failure
        })?;
    }
    remarks(name, uid, system.as_ref(), terminal);
    Ok(())
}

/// Returns the id of the primary group: the one that was asked for, the system's for the name, or
/// the user id.
fn gid(add: &Add, uid: u32, system: Option<&SystemUser>) -> u32 {
    let of_system = system.map(|user| user.gid.as_raw());
    add.gid.or(of_system).unwrap_or(uid)
}

fn uid(
    add: &Add,
    backend: &NamedBackend,
    name: &Username,
    system: Option<&SystemUser>,
) -> Result<u32, Failure> {
    let choice = UidChoice {
        name,
        wanted: add.uid,
        system,
        min_uid: backend.settings.min_uid,
        range: range(backend),
    };
    // A user id that is given need not be looked for; the source refuses one that is taken.
    let taken = match add.uid {
        Some(_) => Vec::new(),
        None => taken(backend)?,
    };
    Ok(choice.choose(&taken)?)
}

fn range(backend: &NamedBackend) -> RangeInclusive<u32> {
    match backend.backend.nature().is_directory() {
        true => backend.settings.min_uid..=LAST_OF_DIRECTORIES,
        false => OF_FILES,
    }
}

/// Returns the user ids of everybody in the source.
fn taken(backend: &NamedBackend) -> Result<Vec<u32>, Failure> {
    let everybody = Selection {
        entries: Entries::People,
        matching: String::new(),
        most: None,
    };
    let mut taken = Vec::new();
    backend.list(&everybody, &mut |entry| {
        if let Listed::Person(person) = entry {
            taken.extend(person.uid);
        }
    })?;
    Ok(taken)
}
