//! The people of a list, and who of them gets a line.

use std::collections::{BTreeMap, BTreeSet};

use authchain::backends::accounts::ListedPerson;

use super::local::LocalNames;
use super::owners::{Claims, Owners};
use super::person_line::{OldPeople, PersonLine};

/// The people of a list, among whom it is not settled yet who gets a line.
pub(super) struct ListedPeople<'a> {
    local: &'a LocalNames,
    /// `None` for a name that several people have.
    lines: BTreeMap<String, Option<PersonLine>>,
    refused: Vec<String>,
}

impl<'a> ListedPeople<'a> {
    pub(super) fn new(local: &'a LocalNames) -> Self {
        Self {
            local,
            lines: BTreeMap::new(),
            refused: Vec::new(),
        }
    }

    /// Adds a person, or the reason why they get no line.
    pub(super) fn add(&mut self, person: &ListedPerson) {
        match PersonLine::of(person, self.local) {
            Ok(line) => {
                let several = self.lines.contains_key(&person.name);
                let line = (!several).then_some(line);
                self.lines.insert(person.name.clone(), line);
            }
            Err(why) => self.refused.push(format!("{}: {why}", person.name)),
        }
    }

    /// Settles who gets a line, and gives the ids of these lines to their owners. Whoever claims
    /// the id or the name of somebody else keeps the line of the last run, if there is one.
    ///
    /// With `force` ids may pass to other names.
    pub(super) fn settle(
        self,
        mut old: OldPeople,
        owners: &mut Owners,
        force: bool,
    ) -> SyncedPeople {
        let mut claims = Claims::default();
        for (name, line) in &self.lines {
            line.iter().for_each(|line| claims.add(name, line.uid()));
        }
        let mut settled = SyncedPeople {
            refused: self.refused,
            ..SyncedPeople::default()
        };
        let mut disputed = Vec::new();
        for (name, line) in self.lines {
            let last = old.remove(&name).flatten();
            let settlement = match line {
                None => Err("there is another person of that name".to_owned()),
                Some(line) => {
                    match objection(&name, &line, last.as_ref(), owners, &claims, force) {
                        None => Ok(line),
                        Some(why) => Err(why),
                    }
                }
            };
            match settlement {
                Ok(line) => settled.insert(name, line),
                Err(why) => disputed.push((name, last, why)),
            }
        }
        for (name, last, why) in disputed {
            let last = last.filter(|last| owners.owns(&name, last.uid()));
            match last.filter(|last| !settled.uids.contains(&last.uid())) {
                Some(last) => {
                    settled
                        .kept
                        .push(format!("{name}: {why}; the old line stays"));
                    settled.insert(name, last);
                }
                None => settled.refused.push(format!("{name}: {why}")),
            }
        }
        for (name, line) in &settled.lines {
            owners.give(line.uid(), name);
        }
        settled
    }
}

/// Returns why a person does not get the user id of the line; `None` if they do.
fn objection(
    name: &str,
    line: &PersonLine,
    last: Option<&PersonLine>,
    owners: &Owners,
    claims: &Claims,
    force: bool,
) -> Option<String> {
    let uid = line.uid();
    match last.filter(|last| last.uid() != uid && !force && owners.owns(name, uid)) {
        Some(last) => Some(format!("user id {uid}, and {} until now", last.uid())),
        None => {
            let objection = owners.objection(name, uid, claims, force)?;
            Some(format!("user {objection}"))
        }
    }
}

/// The people who get a line, and the reasons why others get none.
#[derive(Default)]
pub(super) struct SyncedPeople {
    lines: BTreeMap<String, PersonLine>,
    uids: BTreeSet<u32>,
    /// Those whose old line stays, and why.
    pub(super) kept: Vec<String>,
    pub(super) refused: Vec<String>,
}

impl SyncedPeople {
    fn insert(&mut self, name: String, line: PersonLine) {
        self.uids.insert(line.uid());
        self.lines.insert(name, line);
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
            .map(|(name, line)| name.len().saturating_add(line.text().len()));
        let mut file = String::with_capacity(size.sum());
        for (name, line) in lines {
            file.push_str(name);
            file.push_str(line.text());
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

    /// Settles the people of a list, after a run that published the `old` ones.
    fn synced(people: &[ListedPerson], old: &[ListedPerson], force: bool) -> SyncedPeople {
        let local = LocalNames::none();
        let mut owners = Owners::default();
        let mut before = OldPeople::new();
        for person in old {
            owners.give(person.uid.unwrap(), &person.name);
            before.insert(person.name.clone(), PersonLine::of(person, &local).ok());
        }
        let mut listed = ListedPeople::new(&local);
        people.iter().for_each(|person| listed.add(person));
        listed.settle(before, &mut owners, force)
    }

    fn person(name: &str, uid: u32) -> ListedPerson {
        ListedPerson {
            name: name.to_owned(),
            uid: Some(uid),
            ..alice()
        }
    }

    #[test]
    fn a_person_becomes_a_line_without_a_password() {
        let synced = synced(&[alice()], &[], false);
        assert_eq!(
            synced.file(),
            "alice:*:10001:5000:Alice  A:/home/alice:/bin/sh\n"
        );
        assert_eq!(synced.refused, [""; 0]);
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
            let synced = synced(&[person], &[], false);
            assert_eq!(synced.file(), "", "{why}");
            assert!(synced.refused[0].contains(why), "{:?}", synced.refused);
        }
    }

    #[test]
    fn of_two_people_with_one_name_or_one_user_id_neither_gets_a_line() {
        for list in [[alice(), alice()], [alice(), person("bob", 10_001)]] {
            let synced = synced(&list, &[], false);
            assert_eq!(synced.file(), "");
            assert!(!synced.refused.is_empty());
        }
    }

    #[test]
    fn whoever_had_a_name_or_a_user_id_first_keeps_the_line() {
        let before = [alice(), person("mallory", 10_002)];
        let thief = |name| ListedPerson {
            home: "/home/m".to_owned(),
            ..person(name, 10_001)
        };
        for thief in [thief("mallory"), thief("mallory2"), thief("alice")] {
            for list in [[thief.clone(), alice()], [alice(), thief.clone()]] {
                for force in [false, true] {
                    let synced = synced(&list, &before, force);
                    let file = synced.file();
                    assert!(file.contains("alice:*:10001:5000:Alice  A:/home/alice"));
                    assert_eq!(file.matches(":10001:").count(), 1, "{file}");
                }
            }
        }
    }

    #[test]
    fn a_user_id_stays_what_it_was() {
        let moved = [person("alice", 10_009)];
        let stays = synced(&moved, &[alice()], false);
        assert!(stays.file().starts_with("alice:*:10001:"));
        assert!(
            stays.kept[0].contains("10001 until now"),
            "{:?}",
            stays.kept
        );
        let forced = synced(&moved, &[alice()], true);
        assert!(forced.file().starts_with("alice:*:10009:"));
        assert_eq!(forced.refused.len() + forced.kept.len(), 0);
    }

    #[test]
    fn the_user_id_of_somebody_who_has_gone_is_nobodys() {
        let heir = [person("mallory", 10_001)];
        let synced_heir = synced(&heir, &[alice()], false);
        assert_eq!(synced_heir.file(), "");
        assert!(synced_heir.refused[0].contains("alice until now"));
        assert_ne!(synced(&heir, &[alice()], true).file(), "");
    }
}
