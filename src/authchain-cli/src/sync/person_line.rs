//! People as lines of passwd(5).

use std::collections::BTreeMap;
use std::path::Path;

use authchain::backends::accounts::ListedPerson;

use super::entries::read_people;
use super::local::LocalNames;
use super::text::{comment, fault_of_name, fault_of_paths};
use crate::terminal::Failure;

/// The line of a person without the name.
pub(super) struct PersonLine {
    uid: u32,
    text: String,
}

/// The people of the last run by name: their lines, as far as this machine still takes them.
pub(super) type OldPeople = BTreeMap<String, Option<PersonLine>>;

/// Reads the people of the last run.
pub(super) fn old(path: &Path, local: &LocalNames) -> Result<OldPeople, Failure> {
    let mut old = BTreeMap::new();
    if path.exists() {
        read_people(path, |user| {
            let person = ListedPerson {
                name: user.name,
                uid: user.uid,
                gid: user.gid,
                gecos: user.gecos,
                home: user.home,
                shell: user.shell,
                mail: None,
            };
            let line = PersonLine::of(&person, local).ok();
            old.insert(person.name, line);
        })?;
    }
    Ok(old)
}

impl PersonLine {
    /// Returns the line of a person, or the reason why nobody like that gets one.
    pub(super) fn of(person: &ListedPerson, local: &LocalNames) -> Result<Self, String> {
        let ListedPerson {
            name, home, shell, ..
        } = person;
        if let Some(fault) = fault_of_name(name) {
            return Err(fault);
        }
        let uid = person.uid.ok_or("no user id")?;
        let gid = person.gid.ok_or("no primary group")?;
        let objection = local.objection_to_person(name, uid);
        let objection = objection.or_else(|| local.objection_to_gid(gid));
        if let Some(objection) = objection {
            return Err(objection);
        }
        if let Some(fault) = fault_of_paths(home, shell) {
            return Err(fault.to_owned());
        }
        let gecos = comment(&person.gecos);
        let text = format!(":*:{uid}:{gid}:{gecos}:{home}:{shell}\n");
        Ok(Self { uid, text })
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}
