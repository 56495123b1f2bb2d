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
//! | [`limits`] | when an account may be used, and where |
//! | [`groups`] | the groups of a person, nested ones and the primary one included |
//! | [`sid`] | security identifiers |

pub(super) mod account;
mod groups;
mod limits;
mod names;
mod sid;
pub(super) mod words;

use authchain::backends::protocol::Hello;
use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::ldap::srv::SrvName;
use authchain::config::settings::ldap::{AccountPolicy, Case, LdapSettings, Tls};

use self::groups::Wanted;
pub(super) use self::groups::{SID, TOKEN, Token, own_token};
use super::access::machine_name;
use super::sources::{Server, Source, SrvRecord};
use super::{Prepared, trust};
use crate::net::tls::TlsOptions;

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

impl Domain {
    /// The domain's root entry.
    pub(super) fn root(&self) -> &str {
        &self.root
    }

    /// Returns what is allowed but dangerous.
    pub(super) fn warnings(&self) -> Vec<&'static str> {
        self.settings.warnings()
    }
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
        let common = in_common(&settings);
        let sources = controllers(&settings)?;
        let options = TlsOptions {
            ca_file: &settings.tls_ca_file,
            crl_file: settings.tls_crl_file.as_deref(),
            verify: settings.tls_verify,
            min: settings.tls_min,
            client: None,
        };
        let trust = trust(&sources, &options)?;
        let domain = Domain {
            root: naming_context(&settings.domain),
            wanted: Wanted::new(&settings.allow_groups)?,
            workstation: workstation(&machine_name()),
            settings,
        };
        Self::of(common, sources, trust, hello, Some(domain))
    }
}

/// What a machine is called among workstations: its name without its domain.
fn workstation(machine: &str) -> String {
    let (name, _) = machine.split_once('.').unwrap_or((machine, ""));
    name.to_owned()
}

/// The same as any directory's settings.
fn in_common(settings: &ActiveDirectorySettings) -> LdapSettings {
    let base = settings.base.clone();
    LdapSettings {
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
    }
}

/// The domain controllers of the settings; without any, those of the site and then all, as DNS names
/// them.
fn controllers(settings: &ActiveDirectorySettings) -> Result<Vec<Source>, String> {
    let (tls, port) = match settings.starttls {
        true => (Tls::Starttls, 389),
        false => (Tls::Ldaps, 636),
    };
    let servers = settings.uris().map_err(|error| error.to_string())?;
    if !servers.is_empty() {
        let server = |uri| Source::Server(Server::named(&uri, tls));
        return Ok(servers.into_iter().map(server).collect());
    }
    let domain = &settings.domain;
    let site = settings.site.as_ref();
    let site = site.map(|site| format!("_ldap._tcp.{site}._sites.dc._msdcs.{domain}"));
    let all = format!("_ldap._tcp.dc._msdcs.{domain}");
    let records = |service| {
        let name = SrvName { service, tls };
        // The records have the port of the one kind of encryption, whichever is wanted.
        let port = Some(port);
        Source::Records(SrvRecord { name, port })
    };
    Ok(site.into_iter().chain([all]).map(records).collect())
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
    use crate::servers::Server as _;
    use authchain::config::settings::ldap::dn::Dn;

    #[test]
    fn a_workstation_has_no_domain_in_its_name() {
        assert_eq!(workstation("pc1.example.com"), "pc1");
        assert_eq!(workstation("pc1"), "pc1");
    }

    #[test]
    fn dns_is_asked_for_controllers_where_none_are_named_those_of_the_site_first() {
        let mut settings = ActiveDirectorySettings {
            domain: "ad.example.com".to_owned(),
            site: Some("Berlin".to_owned()),
            ..ActiveDirectorySettings::default()
        };
        let found = |settings: &ActiveDirectorySettings| {
            let sources = controllers(settings).unwrap();
            let one = |source: &Source| (source.name().to_owned(), source.port().unwrap());
            sources.iter().map(one).collect::<Vec<_>>()
        };
        let berlin = "_ldap._tcp.Berlin._sites.dc._msdcs.ad.example.com";
        let all = "_ldap._tcp.dc._msdcs.ad.example.com";
        let expected = [berlin, all].map(|name| (name.to_owned(), 636));
        assert_eq!(found(&settings), expected);
        settings.starttls = true;
        settings.site = None;
        assert_eq!(found(&settings), [(all.to_owned(), 389)]);
        settings.servers = vec!["dc1.ad.example.com:1389".to_owned()];
        let expected = ("ldap://dc1.ad.example.com:1389".to_owned(), 1389);
        assert_eq!(found(&settings), [expected]);
    }

    #[test]
    fn a_domains_entry_is_its_name() {
        assert_eq!(naming_context("ad.example.com"), "DC=ad,DC=example,DC=com");
    }

    #[test]
    fn a_domain_is_a_directory_whose_settings_are_sound() {
        let settings = ActiveDirectorySettings {
            domain: "ad.example.com".to_owned(),
            ..ActiveDirectorySettings::default()
        };
        let common = LdapSettings {
            uris: vec!["ldaps://dc1.ad.example.com".to_owned()],
            ..in_common(&settings)
        };
        assert_eq!(common.check(), Ok(()));
        assert_eq!(
            Dn::parse(&common.base),
            Dn::parse("dc=ad,dc=example,dc=com")
        );
    }
}
