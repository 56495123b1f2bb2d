//! What Active Directory does its own way.
//!
//! The connection, the search, the order of the questions are those of any directory; a [`Domain`]
//! says what is different in one: how a person is called, what a domain controller means, what
//! state an account is in, which groups it is in.
//!
//! | file | holds |
//! |---|---|
//! | [`names`] | the ways one person can be named |
//! | [`words`] | what a domain controller means when it refuses a password |
//! | [`account`] | the state of an account |
//! | [`groups`] | the groups of a person, nested ones and the primary one included |
//! | [`sid`] | security identifiers |

pub(super) mod account;
mod groups;
mod names;
mod sid;
pub(super) mod words;

use authchain::backends::protocol::Hello;
use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::ldap::{AccountPolicy, Case, LdapSettings};

use self::groups::Wanted;
pub(super) use self::groups::{SID, Token, own_token};
use super::Prepared;
use super::access::machine_name;

/// The people of a domain: accounts that are neither computers nor trusts (MS-ADTS 2.2.10). Both
/// attributes are indexed.
const PEOPLE: &str = "(&(sAMAccountType=805306368)(sAMAccountName=%u))";

/// A domain, and what is asked of people in it.
pub(super) struct Domain {
    settings: ActiveDirectorySettings,
    /// The domain's root entry.
    root: String,
    wanted: Wanted,
    /// What this machine is called among workstations.
    workstation: String,
}

impl Prepared {
    /// Reads the settings of a domain, and the files they name.
    ///
    /// # Errors
    /// When the settings cannot be meant, or a file cannot be used; it says which.
    pub fn of_domain(hello: &Hello) -> Result<Self, String> {
        let settings = serde_json::from_value(hello.settings.clone());
        let settings: ActiveDirectorySettings =
            settings.map_err(|error| format!("settings: {error}"))?;
        (settings.check()).map_err(|(key, message)| format!("settings: {key} {message}"))?;
        let common = in_common(&settings)?;
        let domain = Domain {
            root: naming_context(&settings.domain),
            wanted: Wanted::new(&settings.allow_groups)?,
            workstation: workstation(&machine_name()),
            settings,
        };
        Self::of(common, hello, Some(domain))
    }
}

/// What a machine is called among workstations: its name without its domain.
fn workstation(machine: &str) -> String {
    let (name, _) = machine.split_once('.').unwrap_or((machine, ""));
    name.to_owned()
}

/// The same as any directory's settings.
fn in_common(settings: &ActiveDirectorySettings) -> Result<LdapSettings, String> {
    let uris = settings.uris().map_err(|error| error.to_string())?;
    let base = settings.base.clone();
    Ok(LdapSettings {
        uris: uris.iter().map(ToString::to_string).collect(),
        tls_ca_file: settings.tls_ca_file.clone(),
        tls_min: settings.tls_min,
        tls_verify: settings.tls_verify,
        bind_dn: settings.bind_dn.clone(),
        bind_password_file: settings.bind_password_file.clone(),
        base: base.unwrap_or_else(|| naming_context(&settings.domain)),
        user_filter: PEOPLE.to_owned(),
        user_attr: "sAMAccountName".to_owned(),
        home_attr: "unixHomeDirectory".to_owned(),
        gecos_attr: "displayName".to_owned(),
        access_filter: settings.access_filter.clone(),
        account_policy: AccountPolicy::None,
        ppolicy: false,
        connect_timeout: settings.connect_timeout,
        case: Case::Ascii,
        ..LdapSettings::default()
    })
}

/// The root entry of a domain: its DNS name, a part for each label. That is how a domain's naming
/// context is defined (MS-ADTS 3.1.1.1.5), so nobody need be asked for it, and nobody can answer
/// with another's.
fn naming_context(domain: &str) -> String {
    let labels = domain.split('.').map(|label| format!("DC={label}"));
    labels.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::config::settings::ldap::dn::Dn;

    #[test]
    fn a_workstation_has_no_domain_in_its_name() {
        assert_eq!(workstation("pc1.example.com"), "pc1");
        assert_eq!(workstation("pc1"), "pc1");
    }

    #[test]
    fn a_domains_entry_is_its_name() {
        assert_eq!(naming_context("ad.example.com"), "DC=ad,DC=example,DC=com");
    }

    #[test]
    fn a_domain_is_a_directory_whose_settings_are_sound() {
        let settings = ActiveDirectorySettings {
            domain: "ad.example.com".to_owned(),
            servers: vec!["dc1.ad.example.com".to_owned()],
            ..ActiveDirectorySettings::default()
        };
        let common = in_common(&settings).unwrap();
        assert_eq!(common.check(), Ok(()));
        assert_eq!(
            Dn::parse(&common.base),
            Dn::parse("dc=ad,dc=example,dc=com")
        );
    }
}
