//! People as lines of passwd(5).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use authchain::backends::accounts::ListedPerson;

use super::entries::read_entries;
use super::local::LocalNames;
use super::text::{comment, fault_of_name, is_path};
use crate::terminal::Failure;

/// The user ids of the people of an earlier run, by name.
pub(super) type OldPeople = BTreeMap<String, u32>;

/// Reads the people of an earlier run.
pub(super) fn old(path: &Path) -> Result<OldPeople, Failure> {
    let mut old = BTreeMap::new();
    read_entries(path, |name, uid| {
        old.insert(name.to_owned(), uid);
    })?;
    Ok(old)
}

/// The people who get a line, and the reasons why others get none.
pub(super) struct SyncedPeople<'a> {
    local: &'a LocalNames,
    old: &'a OldPeople,
    /// True if user ids may be others than in the earlier run.
    force: bool,
    /// The rest of each line after the name.
    lines: BTreeMap<String, String>,
    uids: BTreeSet<u32>,
    pub(super) refused: Vec<String>,
}

impl<'a> SyncedPeople<'a> {
    pub(super) fn new(local: &'a LocalNames, old: &'a OldPeople, force: bool) -> Self {
        Self {
            local,
            old,
            force,
            lines: BTreeMap::new(),
            uids: BTreeSet::new(),
            refused: Vec::new(),
        }
    }

    /// Adds a person, or the reason why they get no line.
    pub(super) fn add(&mut self, person: &ListedPerson) {
        match self.line(person) {
            Ok((uid, line)) => {
                self.uids.insert(uid);
                self.lines.insert(person.name.clone(), line);
            }
            Err(why) => self.refused.push(format!("{}: {why}", person.name)),
        }
    }

    fn line(&self, person: &ListedPerson) -> Result<(u32, String), String> {
        let ListedPerson {
            name, home, shell, ..
        } = person;
        if let Some(fault) = fault_of_name(name) {
            return Err(fault);
        }
        if self.lines.contains_key(name) {
            return Err("there is another person of that name".to_owned());
        }
        let uid = person.uid.ok_or("no user id")?;
        let gid = person.gid.ok_or("no primary group")?;
        let objection = self.local.objection_to_person(name, uid);
        let objection = objection.or_else(|| self.local.objection_to_gid(gid));
        if let Some(objection) = objection {
            return Err(objection);
        }
        if self.uids.contains(&uid) {
            return Err(format!("user id {uid} is another person's, too"));
        }
        match self.old.get(name) {
            Some(before) if *before != uid && !self.force => {
                return Err(format!(
                    "user id {uid}, and {before} until now: files would change hands; if that is \
                     right, say --force"
                ));
            }
            _ => {}
        }
        if !is_path(home) {
            return Err("no home directory that is a path".to_owned());
        }
        if !shell.is_empty() && !is_path(shell) {
            return Err("its login shell is no path".to_owned());
        }
        let gecos = comment(&person.gecos);
        Ok((uid, format!(":*:{uid}:{gid}:{gecos}:{home}:{shell}\n")))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.lines.contains_key(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.lines.keys()
    }

    pub(super) fn count(&self) -> usize {
        self.lines.len()
    }

    /// Returns the passwd file.
    pub(super) fn file(&self) -> String {
        let lines = self.lines.iter();
        let size = lines
            .clone()
            .map(|(name, line)| name.len().saturating_add(line.len()));
        let mut file = String::with_capacity(size.sum());
        for (name, line) in lines {
            file.push_str(name);
            file.push_str(line);
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> ListedPerson {
        ListedPerson {
            name: "alice".to_owned(),
            uid: Some(10_001),
            gid: Some(5000),
            gecos: "Alice: A".to_owned(),
            home: "/home/alice".to_owned(),
            shell: "/bin/sh".to_owned(),
            mail: None,
        }
    }

    fn synced(people: &[ListedPerson], old: &OldPeople, force: bool) -> (String, Vec<String>) {
        let local = LocalNames::none();
        let mut synced = SyncedPeople::new(&local, old, force);
        people.iter().for_each(|person| synced.add(person));
        (synced.file(), synced.refused)
    }

    #[test]
    fn a_person_becomes_a_line_without_a_password() {
        let (file, refused) = synced(&[alice()], &OldPeople::new(), false);
        assert_eq!(file, "alice:*:10001:5000:Alice  A:/home/alice:/bin/sh\n");
        assert_eq!(refused, [""; 0]);
    }

    #[test]
    fn whoever_would_break_the_file_or_take_over_somebody_gets_no_line() {
        let with = |change: fn(&mut ListedPerson)| {
            let mut person = alice();
            change(&mut person);
            person
        };
        for (person, why) in [
            (with(|p| p.name = "a:b".to_owned()), "a:b"),
            (with(|p| p.uid = None), "no user id"),
            (with(|p| p.gid = None), "no primary group"),
            (with(|p| p.uid = Some(0)), "user id 0 is the system's own"),
            (with(|p| p.gid = Some(0)), "group id 0 is the system's own"),
            (with(|p| p.uid = Some(65_534)), "the system's own"),
            (with(|p| p.home = "/a:0:0".to_owned()), "no home directory"),
            (with(|p| p.home = String::new()), "no home directory"),
            (
                with(|p| p.shell = "/bin/sh\nroot".to_owned()),
                "login shell",
            ),
        ] {
            let (file, refused) = synced(&[person], &OldPeople::new(), false);
            assert_eq!(file, "", "{why}");
            assert!(refused[0].contains(why), "{refused:?}");
        }
    }

    #[test]
    fn no_two_people_have_one_name_or_one_user_id() {
        let twin = ListedPerson {
            name: "bob".to_owned(),
            ..alice()
        };
        let (file, refused) = synced(&[alice(), alice(), twin], &OldPeople::new(), false);
        assert_eq!(file.lines().count(), 1);
        assert!(refused[0].contains("another person of that name"));
        assert!(refused[1].contains("bob: user id 10001 is another person's, too"));
    }

    #[test]
    fn a_user_id_stays_what_it_was() {
        let old = OldPeople::from([("alice".to_owned(), 10_002)]);
        let (file, refused) = synced(&[alice()], &old, false);
        assert_eq!(file, "");
        assert!(refused[0].contains("10002 until now"), "{refused:?}");
        assert_eq!(synced(&[alice()], &old, true).1, [""; 0]);
    }
}
