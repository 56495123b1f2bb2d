//! `authchain provision`: an account in local files for a person of a directory.

use std::path::Path;

use authchain::backends::accounts::{Changes, Entries, Listed, ListedPerson, NewPerson, Selection};
use authchain::config::Config;
use authchain::tools::name_service;
use authchain::words::{User, Username};
use clap::Args;

use crate::named_backend::NamedBackend;
use crate::person_name::refuse_system_name;
use crate::setup;
use crate::sync::local::LocalNames;
use crate::sync::text::fault_of_paths;
use crate::terminal::{Exit, Failure, Terminal};
use crate::user::uids::{OF_FILES, UidChoice};

/// Make a local account for a person of a directory, or bring it up to date
///
/// The account gets the directory's user id, group id, name, home directory and shell, and no
/// password: whoever keeps the password goes on doing so. If it is there already, name and shell
/// become those of the directory; with another user id, the command refuses.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain provision alice
  authchain provision alice --backend corp --into guests")]
pub(crate) struct Provision {
    /// The name
    user: String,

    /// The backend that knows the person [default: the first that does, of those over servers]
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,

    /// The backend of type local that gets the account [default: the only one whose files are not
    /// the system's]
    #[arg(long, value_name = "NAME")]
    into: Option<String>,
}

impl Provision {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let name = setup::username(&self.user)?;
        let into = self.into(config)?;
        refuse_system_name(&name, &into.settings)?;
        let person = self.person(&name, config)?;
        let uid = person.uid.ok_or_else(|| {
            let source = &person.backend;
            Failure::refused(format!("{source} has no user id for {name}"))
        })?;
        match account(&into, &name)? {
            Some(there) => update(&into, &name, &there, &person, uid, terminal)?,
            None => make(&into, &name, &person, uid, terminal)?,
        }
        Ok(Exit::Success)
    }

    /// Returns the backend whose files get the account.
    fn into(&self, config: Option<&Path>) -> Result<NamedBackend, Failure> {
        if let Some(into) = &self.into {
            return NamedBackend::open(config, into);
        }
        let mut kept = Vec::new();
        for name in names(config)? {
            let backend = NamedBackend::open(config, &name)?;
            let is_local = !backend.backend.nature().is_directory();
            if is_local && backend.backend.register().is_ok() {
                kept.push(backend);
            }
        }
        let found: Vec<&str> = kept.iter().map(|backend| backend.name.as_str()).collect();
        match (found.as_slice(), kept.len()) {
            ([], _) => Err(Failure::refused(
                "no backend of type local has files of its own; the system's are useradd's",
            )),
            (_, 1) => kept.pop().ok_or_else(|| Failure::refused("no backend")),
            (several, _) => {
                let several = several.join(", ");
                Err(Failure::refused(format!("--into which of {several}?")))
            }
        }
    }

    /// Returns the person, as the directory knows them.
    fn person(&self, name: &Username, config: Option<&Path>) -> Result<User, Failure> {
        let sources = match &self.backend {
            Some(backend) => vec![backend.clone()],
            None => names(config)?,
        };
        for source in &sources {
            let backend = NamedBackend::open(config, source)?;
            if self.backend.is_none() && !backend.backend.nature().is_directory() {
                continue;
            }
            let context = backend.context();
            let found = backend.backend.lookup(&backend.request(name, &context));
            if let Some(user) = found.map_err(|error| backend.trouble(&error))? {
                return match user.alias_of.is_some() || !user.also_named.is_empty() {
                    true => Err(backend.refused(several_names(name, &user))),
                    false => Ok(user),
                };
            }
        }
        Err(Failure::refused(format!(
            "no backend over servers knows {name}"
        )))
    }
}

/// Returns the refusal of somebody with several names: people may write further names into their
/// entries, and none may get them an account of their own.
fn several_names(name: &Username, user: &User) -> String {
    let names: Vec<&str> = user.own_names().collect();
    format!("{name} is one of several names of {}", names.join(", "))
}

/// Returns the names of all backends, in the order of the configuration.
fn names(config: Option<&Path>) -> Result<Vec<String>, Failure> {
    let source = setup::source(config)?;
    let config = Config::parse(&source).map_err(|error| setup::config_failure(&error))?;
    let tables = config.backends.iter();
    Ok(tables.map(|table| table.name().to_owned()).collect())
}

/// Returns the account of the name, if the files have one.
fn account(into: &NamedBackend, name: &Username) -> Result<Option<ListedPerson>, Failure> {
    let selection = Selection {
        entries: Entries::People,
        matching: name.as_str().to_owned(),
        most: None,
    };
    let mut found = None;
    into.list(&selection, &mut |entry| match entry {
        Listed::Person(person) if person.name == name.as_str() => found = Some(person),
        _ => {}
    })?;
    Ok(found)
}

fn refuse_faulty_paths(name: &Username, home: &str, shell: &str) -> Result<(), Failure> {
    match fault_of_paths(home, shell) {
        Some(fault) => Err(Failure::refused(format!("{name}: {fault}"))),
        None => Ok(()),
    }
}

fn make(
    into: &NamedBackend,
    name: &Username,
    person: &User,
    uid: u32,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let register = into.backend.register();
    let register = register.map_err(|why| into.cannot(why))?;
    let system = name_service::user_named(name.as_str()).map_err(Failure::trouble)?;
    if let Some(system) = system.filter(|system| system.uid.as_raw() != uid) {
        let message = format!(
            "the system's user id for {name} is {}, not {uid}",
            system.uid
        );
        return Err(Failure::refused(message));
    }
    let local = LocalNames::read(into)?;
    let objection = local.objection_to_person(name.as_str(), uid);
    // Without a group id, the account gets one that is the user id.
    let gid = person.gid.unwrap_or(uid);
    if let Some(objection) = objection.or_else(|| local.objection_to_gid(gid)) {
        return Err(Failure::refused(format!("{name}: {objection}")));
    }
    let choice = UidChoice {
        name,
        wanted: Some(uid),
        system: None,
        min_uid: into.settings.min_uid,
        range: OF_FILES,
    };
    let home = match person.home.starts_with('/') {
        true => person.home.clone(),
        false => format!("/home/{name}"),
    };
    refuse_faulty_paths(name, &home, &person.shell)?;
    let new = NewPerson {
        name: name.clone(),
        uid: Some(choice.choose(&[])?),
        gid: person.gid,
        gecos: person.gecos.clone(),
        home,
        shell: person.shell.clone(),
        mail: None,
    };
    into.done(name, register.register(&new, &into.context()))?;
    terminal.print(format_args!(
        "{name} of {} is added to {} with user id {uid}",
        person.backend, into.name
    ));
    Ok(())
}

fn update(
    into: &NamedBackend,
    name: &Username,
    there: &ListedPerson,
    person: &User,
    uid: u32,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    if there.uid != Some(uid) {
        return Err(into.refused(format!(
            "{name} has another user id there than {uid}, which {} has",
            person.backend
        )));
    }
    refuse_faulty_paths(name, &there.home, &person.shell)?;
    let other = |there: &str, new: &str| (there != new).then(|| new.to_owned());
    let changes = Changes {
        gecos: other(&there.gecos, &person.gecos),
        shell: other(&there.shell, &person.shell),
        ..Changes::default()
    };
    if changes == Changes::default() {
        terminal.print(format_args!("{name} is up to date in {}", into.name));
        return Ok(());
    }
    let edit = into.backend.edit().map_err(|why| into.cannot(why))?;
    into.done(name, edit.edit(name, &changes, &into.context()))?;
    terminal.print(format_args!(
        "{name} is brought up to date in {}",
        into.name
    ));
    Ok(())
}
