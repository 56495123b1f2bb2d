//! The names and ids that this machine has itself.

use std::collections::{BTreeMap, BTreeSet};

use authchain::chain::is_system_uid;

use super::entries::{read_groups, read_people};
use super::privileged::is_privileged;
use super::subordinate::SubordinateIds;
use crate::named_backend::NamedBackend;
use crate::terminal::Failure;

/// The group of all people on many systems, whose id a directory may use.
const USERS: u32 = 100;

/// The names and ids of the passwd and group files.
#[derive(Default)]
pub(crate) struct LocalNames {
    min_uid: u32,
    people: BTreeSet<String>,
    uids: BTreeMap<u32, String>,
    groups: BTreeSet<String>,
    gids: BTreeMap<u32, String>,
    subuids: SubordinateIds,
    subgids: SubordinateIds,
    /// Names of privileged groups that a directory may have all the same.
    allowed: Vec<String>,
}

impl LocalNames {
    /// Reads the files of the system and of all backends of type `local`. A backend without any
    /// account may have no file yet. The files of subordinate ids are beside the passwd file.
    pub(crate) fn read(backend: &NamedBackend) -> Result<Self, Failure> {
        let settings = &backend.settings;
        let mut local = Self {
            min_uid: settings.min_uid,
            subuids: SubordinateIds::read(&settings.passwd_file.with_file_name("subuid"))?,
            subgids: SubordinateIds::read(&settings.passwd_file.with_file_name("subgid"))?,
            ..Self::default()
        };
        for file in &backend.passwd_files {
            if *file != settings.passwd_file && matches!(file.try_exists(), Ok(false)) {
                continue;
            }
            read_people(file, |user| {
                local.people.insert(user.name.clone());
                local.uids.extend(user.uid.map(|uid| (uid, user.name)));
            })?;
        }
        read_groups(&settings.group_file, |name, gid| {
            local.groups.insert(name.to_owned());
            local.gids.extend(gid.map(|gid| (gid, name.to_owned())));
        })?;
        Ok(local)
    }

    /// Lets a directory have these groups, although their names mean rights.
    pub(super) fn allowing(self, groups: &[String]) -> Self {
        let allowed = groups.to_vec();
        Self { allowed, ..self }
    }

    /// Returns the names of a machine that has none.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self::with_groups(&[])
    }

    /// Returns the names of a machine that has these groups.
    #[cfg(test)]
    pub(super) fn with_groups(groups: &[(&str, u32)]) -> Self {
        let owned = groups.iter().map(|(name, gid)| (*gid, (*name).to_owned()));
        Self {
            min_uid: 1000,
            groups: groups.iter().map(|(name, _)| (*name).to_owned()).collect(),
            gids: owned.collect(),
            ..Self::default()
        }
    }

    /// Returns why this machine does not take the person; `None` if it does.
    pub(crate) fn objection_to_person(&self, name: &str, uid: u32) -> Option<String> {
        if self.people.contains(name) {
            return Some("this machine has an account of that name".to_owned());
        }
        if is_system_uid(uid, self.min_uid) {
            return Some(format!("user id {uid} is the system's own"));
        }
        match self.uids.get(&uid) {
            Some(owner) => Some(format!("user id {uid} is {owner}'s on this machine")),
            None => self.subuids.objection("user", uid),
        }
    }

    /// Returns why nobody of a directory gets the group id; `None` if they may. A group of this
    /// machine opens files of this machine, all but that of all people.
    pub(crate) fn objection_to_gid(&self, gid: u32) -> Option<String> {
        match self.gids.get(&gid) {
            None if gid == USERS => None,
            Some(owner) if gid == USERS && owner == "users" => None,
            _ if is_system_uid(gid, self.min_uid) => {
                Some(format!("group id {gid} is the system's own"))
            }
            Some(owner) => Some(format!("group id {gid} is that of {owner} on this machine")),
            None => self.subgids.objection("group", gid),
        }
    }

    /// Returns why this machine does not take the group; `None` if it does.
    pub(super) fn objection_to_group(&self, name: &str, gid: u32) -> Option<String> {
        if self.groups.contains(name) {
            return Some("this machine has a group of that name".to_owned());
        }
        if is_privileged(name) && !self.allowed.iter().any(|allowed| allowed == name) {
            let why = "its members have rights on many machines; if they shall, say --allow-group";
            return Some(format!("{why} {name}"));
        }
        match self.gids.get(&gid) {
            Some(owner) => Some(format!("group id {gid} is that of {owner} on this machine")),
            None => self.objection_to_gid(gid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_whose_name_means_rights_is_taken_only_if_it_is_allowed() {
        let local = LocalNames::none();
        for name in ["wheel", "sudo", "docker", "Docker", "lxd", "root"] {
            let why = local.objection_to_group(name, 5001).unwrap();
            assert!(why.contains("--allow-group"), "{why}");
        }
        assert_eq!(local.objection_to_group("people", 5001), None);
        let local = local.allowing(&["docker".to_owned()]);
        assert_eq!(local.objection_to_group("docker", 5001), None);
        assert!(local.objection_to_group("wheel", 5001).is_some());
    }

    #[test]
    fn the_groups_of_this_machine_are_nobodys_primary_group() {
        let local = LocalNames::with_groups(&[("docker", 1001), ("users", 100)]);
        let why = "group id 1001 is that of docker on this machine";
        assert_eq!(local.objection_to_gid(1001).as_deref(), Some(why));
        assert!(local.objection_to_gid(42).is_some());
        assert_eq!(local.objection_to_gid(100), None);
        assert_eq!(local.objection_to_gid(5000), None);
        let other = LocalNames::with_groups(&[("disk", 100)]);
        assert!(other.objection_to_gid(100).is_some());
    }
}
