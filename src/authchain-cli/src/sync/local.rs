//! The names and ids that this machine has itself.

use std::collections::{BTreeMap, BTreeSet};

use authchain::chain::is_system_uid;
use authchain::config::settings::GlobalSettings;

use super::entries::{read_groups, read_people};
use crate::terminal::Failure;

/// The group of all people on many systems, whose id a directory may use.
const USERS: u32 = 100;

/// The names and ids of the passwd and group files.
#[derive(Default)]
pub(super) struct LocalNames {
    min_uid: u32,
    people: BTreeSet<String>,
    uids: BTreeMap<u32, String>,
    groups: BTreeSet<String>,
    gids: BTreeMap<u32, String>,
}

impl LocalNames {
    /// Reads the files that the settings name.
    pub(super) fn read(settings: &GlobalSettings) -> Result<Self, Failure> {
        let mut local = Self {
            min_uid: settings.min_uid,
            ..Self::default()
        };
        read_people(&settings.passwd_file, |user| {
            local.people.insert(user.name.clone());
            local.uids.extend(user.uid.map(|uid| (uid, user.name)));
        })?;
        read_groups(&settings.group_file, |name, gid| {
            local.groups.insert(name.to_owned());
            local.gids.extend(gid.map(|gid| (gid, name.to_owned())));
        })?;
        Ok(local)
    }

    /// Returns the names of a machine that has none.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self {
            min_uid: 1000,
            ..Self::default()
        }
    }

    /// Returns why this machine does not take the person; `None` if it does.
    pub(super) fn objection_to_person(&self, name: &str, uid: u32) -> Option<String> {
        if self.people.contains(name) {
            return Some("this machine has an account of that name".to_owned());
        }
        if is_system_uid(uid, self.min_uid) {
            return Some(format!("user id {uid} is the system's own"));
        }
        let owner = self.uids.get(&uid)?;
        Some(format!("user id {uid} is {owner}'s on this machine"))
    }

    /// Returns why nobody of a directory gets the group id; `None` if they may. A group of the
    /// system's opens files of the system's.
    pub(super) fn objection_to_gid(&self, gid: u32) -> Option<String> {
        let is_system = is_system_uid(gid, self.min_uid) && gid != USERS;
        is_system.then(|| format!("group id {gid} is the system's own"))
    }

    /// Returns why this machine does not take the group; `None` if it does.
    pub(super) fn objection_to_group(&self, name: &str, gid: u32) -> Option<String> {
        if self.groups.contains(name) {
            return Some("this machine has a group of that name".to_owned());
        }
        if let Some(objection) = self.objection_to_gid(gid) {
            return Some(objection);
        }
        let owner = self.gids.get(&gid)?;
        Some(format!("group id {gid} is that of {owner} on this machine"))
    }
}
