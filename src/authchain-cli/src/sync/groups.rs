//! Groups as lines of group(5).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use authchain::backends::accounts::ListedGroup;

use super::entries::read_groups;
use super::local::LocalNames;
use super::owners::{Claims, Owners};
use super::text::fault_of_name;
use crate::terminal::Failure;

/// Reads the names of the groups of the last run.
pub(super) fn old(path: &Path) -> Result<Vec<String>, Failure> {
    let mut old = Vec::new();
    if path.exists() {
        read_groups(path, |name, _| old.push(name.to_owned()))?;
    }
    Ok(old)
}

/// The groups of a list, among which it is not settled yet which get a line.
#[derive(Default)]
pub(super) struct ListedGroups {
    /// The members by name and id. A group may come in several parts.
    members: BTreeMap<(String, u32), BTreeSet<String>>,
    refused: BTreeSet<String>,
}

/// The groups that get a line, and the reasons why others get none.
#[derive(Default)]
pub(super) struct SyncedGroups {
    lines: BTreeMap<String, (u32, BTreeSet<String>)>,
    pub(super) refused: BTreeSet<String>,
}

impl ListedGroups {
    /// Adds a group with those of its members who have a line in the passwd file, or the reason why
    /// it gets no line.
    pub(super) fn add(&mut self, group: ListedGroup, local: &LocalNames, people: &BTreeSet<&str>) {
        let ListedGroup { name, gid, members } = group;
        match judge(&name, gid, local) {
            Ok(gid) => {
                let known = members
                    .into_iter()
                    .filter(|member| people.contains(member.as_str()));
                let members = self.members.entry((name, gid)).or_default();
                members.extend(known);
            }
            Err(why) => {
                self.refused.insert(format!("group {name}: {why}"));
            }
        }
    }

    /// Settles which groups get a line, and gives the ids of these lines to their owners.
    ///
    /// With `force` ids may pass to other names.
    pub(super) fn settle(self, owners: &mut Owners, force: bool) -> SyncedGroups {
        let (mut claims, mut ids) = (Claims::default(), BTreeMap::<String, usize>::new());
        for (name, gid) in self.members.keys() {
            claims.add(name, *gid);
            let ids = ids.entry(name.clone()).or_default();
            *ids = ids.saturating_add(1);
        }
        let mut settled = SyncedGroups {
            refused: self.refused,
            ..SyncedGroups::default()
        };
        for ((name, gid), members) in self.members {
            let has_several = !owners.owns(&name, gid) && ids.get(&name).is_some_and(|n| *n > 1);
            let objection = match has_several {
                true => Some("there is another group of that name".to_owned()),
                false => owners
                    .objection(&name, gid, &claims, force)
                    .map(|why| format!("group {why}")),
            };
            match objection {
                Some(why) => {
                    settled.refused.insert(format!("group {name}: {why}"));
                }
                None => {
                    settled.lines.insert(name, (gid, members));
                }
            }
        }
        for (name, (gid, _)) in &settled.lines {
            owners.give(*gid, name);
        }
        settled
    }
}

fn judge(name: &str, gid: Option<u32>, local: &LocalNames) -> Result<u32, String> {
    if let Some(fault) = fault_of_name(name) {
        return Err(fault);
    }
    let gid = gid.ok_or("no group id")?;
    local.objection_to_group(name, gid).map_or(Ok(gid), Err)
}

impl SyncedGroups {
    /// Returns which of these groups have no line any more.
    pub(super) fn gone<'o>(&self, old: &'o [String]) -> Vec<&'o String> {
        let gone = old.iter().filter(|name| !self.lines.contains_key(*name));
        gone.collect()
    }

    pub(super) fn count(&self) -> usize {
        self.lines.len()
    }

    /// Returns the group file.
    pub(super) fn file(&self) -> String {
        let mut file = String::new();
        for (name, (gid, members)) in &self.lines {
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
        let mut owners = Owners::default();
        owners.give(5001, "staff");
        let mut groups = ListedGroups::default();
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
        let groups = groups.settle(&mut owners, false);
        assert_eq!(groups.file(), "staff:*:5001:alice,bob\n");
        let refused: Vec<&str> = groups.refused.iter().map(String::as_str).collect();
        assert_eq!(refused.len(), 5, "{refused:?}");
        assert!(refused.contains(&"group twin: group id 5001 is that of staff"));
    }

    #[test]
    fn a_group_id_stays_with_its_name_and_nobody_gets_one_that_two_claim() {
        for (list, lines) in [
            (&[("staff", 5001), ("twin", 5001)][..], "staff"),
            (&[("staff", 5009)], ""),
            (&[("thief", 5001)], ""),
            (&[("a", 5002), ("b", 5002)], ""),
            (&[("a", 5002), ("a", 5003)], ""),
            (&[("staff", 5001), ("staff", 5003)], "staff"),
        ] {
            let mut owners = Owners::default();
            owners.give(5001, "staff");
            let mut groups = ListedGroups::default();
            for (name, gid) in list {
                let group = group(name, Some(*gid), &[]);
                groups.add(group, &LocalNames::none(), &BTreeSet::new());
            }
            let groups = groups.settle(&mut owners, false);
            let names: Vec<&str> = groups.lines.keys().map(String::as_str).collect();
            assert_eq!(names.join(","), lines, "{list:?}");
        }
    }
}
