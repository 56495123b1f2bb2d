//! The names and ids that this machine has itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use authchain::chain::is_system_uid;
use authchain::config::settings::GlobalSettings;

use super::entries::read_entries;
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
        read_entries(&settings.passwd_file, |name, uid| {
            local.people.insert(name.to_owned());
            local.uids.insert(uid, name.to_owned());
        })?;
        local.read_groups(&settings.group_file)?;
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

    fn read_groups(&mut self, path: &Path) -> Result<(), Failure> {
        let bytes = fs::read(path);
        let bytes = bytes.map_err(|e| Failure::trouble(format!("{}: {e}", path.display())))?;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let mut fields = line.trim_start().split(':');
            let (name, gid) = (fields.next(), fields.nth(1));
            let Some(name) = name.filter(|name| !name.is_empty()) else {
                continue;
            };
            self.groups.insert(name.to_owned());
            if let Some(gid) = gid.and_then(|gid| gid.parse().ok()) {
                self.gids.insert(gid, name.to_owned());
            }
        }
        Ok(())
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
