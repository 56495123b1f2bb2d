//! Groups as lines of group(5).

use std::collections::{BTreeMap, BTreeSet};

use authchain::backends::accounts::ListedGroup;

use super::local::LocalNames;
use super::text::fault_of_name;

/// The groups that get a line, and the reasons why others get none.
#[derive(Default)]
pub(super) struct SyncedGroups {
    /// The id and the members by name.
    groups: BTreeMap<String, (u32, BTreeSet<String>)>,
    gids: BTreeMap<u32, String>,
    pub(super) refused: BTreeSet<String>,
}

impl SyncedGroups {
    /// Adds a group with those of its members who have a line in the passwd file, or the reason why
    /// it gets no line. A group may come in several parts.
    pub(super) fn add(&mut self, group: ListedGroup, local: &LocalNames, people: &BTreeSet<&str>) {
        let ListedGroup { name, gid, members } = group;
        let gid = match self.judge(&name, gid, local) {
            Ok(gid) => gid,
            Err(why) => {
                self.refused.insert(format!("group {name}: {why}"));
                return;
            }
        };
        self.gids.insert(gid, name.clone());
        let known = members
            .into_iter()
            .filter(|member| people.contains(member.as_str()));
        let (_, members) = self.groups.entry(name).or_insert((gid, BTreeSet::new()));
        members.extend(known);
    }

    fn judge(&self, name: &str, gid: Option<u32>, local: &LocalNames) -> Result<u32, String> {
        if let Some(fault) = fault_of_name(name) {
            return Err(fault);
        }
        let gid = gid.ok_or("no group id")?;
        if let Some(objection) = local.objection_to_group(name, gid) {
            return Err(objection);
        }
        if self
            .groups
            .get(name)
            .is_some_and(|(other, _)| *other != gid)
        {
            return Err("there is another group of that name".to_owned());
        }
        match self.gids.get(&gid) {
            Some(owner) if owner != name => Err(format!("group id {gid} is that of {owner}, too")),
            _ => Ok(gid),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.groups.len()
    }

    /// Returns the group file.
    pub(super) fn file(&self) -> String {
        let mut file = String::new();
        for (name, (gid, members)) in &self.groups {
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            let members = members.join(",");
            file.push_str(&format!("{name}:*:{gid}:{members}\n"));
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, gid: Option<u32>, members: &[&str]) -> ListedGroup {
        ListedGroup {
            name: name.to_owned(),
            gid,
            members: members.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_group_has_the_people_who_have_a_line_and_nobody_else() {
        let people = BTreeSet::from(["alice", "bob"]);
        let local = LocalNames::none();
        let mut groups = SyncedGroups::default();
        for group in [
            group("staff", Some(5001), &["bob", "root"]),
            group("staff", Some(5001), &["alice", "x:y"]),
            group("none", None, &[]),
            group("shadow", Some(42), &["alice"]),
            group("twin", Some(5001), &["alice"]),
            group("staff", Some(5002), &["alice"]),
            group("a,b", Some(5003), &[]),
        ] {
            groups.add(group, &local, &people);
        }
        assert_eq!(groups.file(), "staff:*:5001:alice,bob\n");
        let refused: Vec<&str> = groups.refused.iter().map(String::as_str).collect();
        assert_eq!(refused.len(), 5, "{refused:?}");
        assert!(refused.contains(&"group twin: group id 5001 is that of staff, too"));
    }
}
