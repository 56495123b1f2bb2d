//! A domain of Active Directory, by its settings.

use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::ldap::UidSource;
use authchain::config::settings::ldap::alias::Alias;
use authchain::config::settings::ldap::dn::Dn;

use super::groups::DomainGroups;
use authchain_sandbox::process::machine_name;

/// A domain, and what is required of people in it.
pub(in crate::ldap) struct Domain {
    pub(super) settings: ActiveDirectorySettings,
    /// The domain's root entry.
    pub(in crate::ldap) root: Dn,
    /// Its groups.
    pub(in crate::ldap) groups: DomainGroups,
    /// The name of this machine in lists of workstations.
    pub(super) workstation: String,
}

impl Domain {
    /// Returns the domain of these settings.
    pub(in crate::ldap) fn new(settings: ActiveDirectorySettings) -> Self {
        let root = Dn::of_domain(settings.domain.as_str());
        Self {
            groups: DomainGroups::new(&root, &settings.allow_groups),
            root,
            workstation: workstation(&machine_name()),
            settings,
        }
    }

    /// Returns the source of people's user ids.
    pub(in crate::ldap) fn uid_source(&self) -> UidSource {
        self.settings.uid
    }

    /// Returns the attributes by which people may log in as well as by name.
    pub(in crate::ldap) fn aliases(&self) -> &[Alias] {
        &self.settings.aliases
    }

    /// Returns warnings about settings that are allowed but dangerous.
    pub(in crate::ldap) fn warnings(&self) -> Vec<&'static str> {
        self.settings.warnings()
    }
}

/// Returns the name of a machine in lists of workstations: without its domain.
fn workstation(machine: &str) -> String {
    let (name, _) = machine.split_once('.').unwrap_or((machine, ""));
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workstation_has_no_domain_in_its_name() {
        assert_eq!(workstation("pc1.example.com"), "pc1");
        assert_eq!(workstation("pc1"), "pc1");
    }
}
