//! The owner of each id: whoever first had a line with it, so that no file changes hands.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::entries::{read_groups, read_people};
use crate::terminal::Failure;

/// The name of the file of the owners, beside passwd and group.
pub(super) const OWNERS: &str = "authchain-owners";

const HEAD: &str =
    "# Whom each id belongs to, since authchain sync first gave it. Keep this file.\n";

/// The owners of user ids or of group ids.
#[derive(Default)]
pub(super) struct Owners {
    names: BTreeMap<u32, String>,
    /// One of the ids of each name.
    ids: BTreeMap<String, u32>,
}

/// The owners of all ids that ever had a line.
#[derive(Default)]
pub(super) struct AllOwners {
    pub(super) people: Owners,
    pub(super) groups: Owners,
}

/// The names that claim each id in a list: the first, and the others, which are rare.
#[derive(Default)]
pub(super) struct Claims(BTreeMap<u32, (String, Vec<String>)>);

impl Claims {
    pub(super) fn add(&mut self, name: &str, id: u32) {
        match self.0.entry(id) {
            Entry::Vacant(free) => {
                free.insert((name.to_owned(), Vec::new()));
            }
            Entry::Occupied(mut claimed) => claimed.get_mut().1.push(name.to_owned()),
        }
    }

    fn names(&self, id: u32) -> impl Iterator<Item = &String> {
        let claims = self.0.get(&id).into_iter();
        claims.flat_map(|(first, others)| [first].into_iter().chain(others))
    }

    fn has(&self, name: &str, id: u32) -> bool {
        self.names(id).any(|claimant| claimant == name)
    }

    fn rival(&self, name: &str, id: u32) -> Option<&String> {
        self.names(id).find(|claimant| *claimant != name)
    }
}

impl Owners {
    pub(super) fn owns(&self, name: &str, id: u32) -> bool {
        self.names.get(&id).is_some_and(|owner| owner == name)
    }

    pub(super) fn give(&mut self, id: u32, name: &str) {
        if !self.owns(name, id) {
            self.names.insert(id, name.to_owned());
            self.ids.insert(name.to_owned(), id);
        }
    }

    fn remember(&mut self, id: u32, name: &str) {
        if !self.names.contains_key(&id) {
            self.give(id, name);
        }
    }

    /// Returns why the name does not get the id that it claims; `None` if it does.
    ///
    /// With `force` an id may pass to another name, if its owner does not claim it.
    pub(super) fn objection(
        &self,
        name: &str,
        id: u32,
        claims: &Claims,
        force: bool,
    ) -> Option<String> {
        let owner = self.names.get(&id);
        if owner.is_some_and(|owner| owner == name) {
            return None;
        }
        if let Some(owner) = owner.filter(|owner| claims.has(owner, id)) {
            return Some(format!("id {id} is that of {owner}"));
        }
        if let Some(rival) = claims.rival(name, id) {
            return Some(format!(
                "id {id} is claimed by {rival}, too: neither gets it"
            ));
        }
        let changed = match owner {
            Some(owner) => format!("that of {owner} until now"),
            None => format!("and {} until now", self.ids.get(name)?),
        };
        (!force).then(|| {
            format!("id {id}, {changed}: files would change hands; if that is right, say --force")
        })
    }

    fn append_to(&self, file: &mut String, kind: &str) {
        for (id, name) in &self.names {
            file.push_str(&format!("{kind}:{id}:{name}\n"));
        }
    }
}

impl AllOwners {
    /// Reads the owners in the file of the folder, and those whom only its passwd and group know.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(OWNERS);
        let mut owners = match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text)
                .map_err(|line| Failure::trouble(format!("{}: {line:?}", path.display())))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(Failure::trouble(format!("{}: {error}", path.display()))),
        };
        let (passwd, group) = (folder.join("passwd"), folder.join("group"));
        if passwd.exists() {
            read_people(&passwd, |user| {
                if let Some(uid) = user.uid {
                    owners.people.remember(uid, &user.name);
                }
            })?;
        }
        if group.exists() {
            read_groups(&group, |name, gid| {
                if let Some(gid) = gid {
                    owners.groups.remember(gid, name);
                }
            })?;
        }
        Ok(owners)
    }

    /// Parses the file, or returns the line that is none.
    fn parse(text: &str) -> Result<Self, &str> {
        let mut owners = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.splitn(3, ':');
            let (kind, id, name) = (fields.next(), fields.next(), fields.next());
            let id = id.and_then(|id| id.parse().ok()).ok_or(line)?;
            let name = name.filter(|name| !name.is_empty()).ok_or(line)?;
            match kind {
                Some("user") => owners.people.give(id, name),
                Some("group") => owners.groups.give(id, name),
                _ => return Err(line),
            }
        }
        Ok(owners)
    }

    /// Returns the file of the owners.
    pub(super) fn file(&self) -> String {
        let mut file = HEAD.to_owned();
        self.people.append_to(&mut file, "user");
        self.groups.append_to(&mut file, "group");
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(list: &[(&str, u32)]) -> Claims {
        let mut claims = Claims::default();
        list.iter().for_each(|(name, id)| claims.add(name, *id));
        claims
    }

    #[test]
    fn an_id_belongs_to_whoever_first_had_it() {
        let owners = AllOwners::parse("user:7:alice\nuser:8:bob\n")
            .unwrap()
            .people;
        for (list, name, id, force, refused) in [
            (&[("alice", 7)][..], "alice", 7, false, None),
            (
                &[("alice", 7), ("eve", 7)],
                "eve",
                7,
                true,
                Some("that of alice"),
            ),
            (&[("eve", 7)], "eve", 7, false, Some("alice until now")),
            (&[("eve", 7)], "eve", 7, true, None),
            (&[("eve", 7), ("mel", 7)], "eve", 7, true, Some("neither")),
            (&[("bob", 9)], "bob", 9, false, Some("8 until now")),
            (&[("bob", 9)], "bob", 9, true, None),
            (&[("eve", 9), ("mel", 9)], "mel", 9, false, Some("neither")),
            (&[("eve", 9)], "eve", 9, false, None),
        ] {
            let found = owners.objection(name, id, &claims(list), force);
            match refused {
                None => assert_eq!(found, None, "{list:?}"),
                Some(words) => assert!(found.is_some_and(|f| f.contains(words)), "{list:?}"),
            }
        }
    }

    #[test]
    fn the_file_of_owners_is_read_as_it_was_written() {
        let text = format!("{HEAD}user:7:alice\ngroup:5:staff\n");
        assert_eq!(AllOwners::parse(&text).unwrap().file(), text);
        for line in ["user:7", "user:x:alice", "7:alice", "user:7:", "who:7:a"] {
            assert!(AllOwners::parse(line).is_err(), "{line}");
        }
    }
}
