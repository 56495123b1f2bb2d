//! A domain of Active Directory, by its settings.

use authchain::config::settings::active_directory::ActiveDirectorySettings;

use super::groups::DomainGroups;
use authchain_sandbox::process::machine_name;

/// A domain, and what is required of people in it.
pub(in crate::ldap) struct Domain {
    pub(super) settings: ActiveDirectorySettings,
    /// The domain's root entry.
    pub(super) root: String,
    pub(in crate::ldap) wanted: DomainGroups,
    /// The name of this machine in lists of workstations.
    pub(super) workstation: String,
}

impl Domain {
    /// Returns the domain of these settings.
    ///
    /// # Errors
    /// For a malformed identifier of a group.
    pub(in crate::ldap) fn new(settings: ActiveDirectorySettings) -> Result<Self, String> {
        let root = naming_context(&settings.domain);
        Ok(Self {
            wanted: DomainGroups::new(&root, &settings.allow_groups)?,
            root,
            workstation: workstation(&machine_name()),
            settings,
        })
    }

    /// Returns the domain's root entry.
    pub(in crate::ldap) fn root(&self) -> &str {
        &self.root
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

/// Returns the root entry of a domain: its DNS name, a part for each label. This is how a domain's
/// naming context is defined (MS-ADTS 3.1.1.1.5), so no server is asked for it, and none can answer
/// with another domain's.
pub(in crate::ldap) fn naming_context(domain: &str) -> String {
    let labels = domain.split('.').map(|label| format!("DC={label}"));
    labels.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workstation_has_no_domain_in_its_name() {
        assert_eq!(workstation("pc1.example.com"), "pc1");
        assert_eq!(workstation("pc1"), "pc1");
    }

    #[test]
    fn a_domains_entry_is_its_name() {
        assert_eq!(naming_context("ad.example.com"), "DC=ad,DC=example,DC=com");
    }
}
