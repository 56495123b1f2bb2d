//! The reasons why a domain may not tell rules the groups of its people.

use super::ActiveDirectorySettings;
use crate::config::settings::ldap::rule_groups::ONLY_WITH_A_PASSWORD;

impl ActiveDirectorySettings {
    /// Returns the reasons, for the administrator.
    pub fn group_warnings(&self) -> Vec<&'static str> {
        let only = self.bind_dn.is_none().then_some(ONLY_WITH_A_PASSWORD);
        only.into_iter().collect()
    }
}
