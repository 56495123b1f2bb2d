//! Settings, and the files they name, made into a directory that can be asked.

use std::path::Path;

use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::{Case, LdapSettings, Sasl, Scope};
use authchain::words::Secret;
use serde_json::Value;

use super::access::Admission;
use super::active_directory::controllers::controllers;
use super::active_directory::domain::Domain;
use super::active_directory::{account, groups};
use super::connector::{Connector, Identity};
use super::directory::Directory;
use super::flavour::{Flavour, Generic};
use super::groups::Groups;
use super::password;
use super::person::{Attributes, People};
use super::policy::AccountRules;
use super::sources::{Source, sources};
use crate::net::dns::Dns;
use crate::net::tls::{TlsOptions, Trust, configure};

/// The people of a domain: accounts that are neither computers nor trusts (MS-ADTS 2.2.10). Both
/// attributes are indexed.
const PEOPLE: &str = "(&(sAMAccountType=805306368)(sAMAccountName=%u))";

/// Prepares a backend of the type `ldap`.
///
/// # Errors
/// When the settings cannot be meant, or a file cannot be used; it says which.
pub(super) fn ldap(settings: &Value) -> Result<Directory, String> {
    let settings = serde_json::from_value(settings.clone());
    let settings: LdapSettings = settings.map_err(|error| format!("settings: {error}"))?;
    (settings.check()).map_err(|(key, message)| format!("settings: {key} {message}"))?;
    let sources = sources(&settings)?;
    let options = TlsOptions {
        ca_file: &settings.tls_ca_file,
        crl_file: settings.tls_crl_file.as_deref(),
        verify: settings.tls_verify,
        min: settings.tls_min,
        client: (settings.tls_cert.as_deref()).zip(settings.tls_key.as_deref()),
    };
    let trust = trust(&sources, &options)?;
    let identity = match (
        &settings.bind_dn,
        &settings.bind_password_file,
        settings.sasl,
    ) {
        (Some(dn), Some(file), _) => service(dn, file)?,
        (_, _, Sasl::External) => Identity::External,
        (None, _, Sasl::None) if settings.user_dn_template.is_some() => Identity::Person,
        _ => Identity::Anonymous,
    };
    let accounts = AccountRules {
        policy: settings.account_policy,
        asks_control: settings.ppolicy,
    };
    let people = People {
        base: base(&settings.base)?,
        scope: settings.scope,
        filter: settings.user_filter.clone(),
        template: settings.user_dn_template.clone(),
        case: settings.case,
        attributes: Attributes {
            name: settings.user_attr.clone(),
            uid: settings.uid_number_attr.clone(),
            gid: settings.gid_number_attr.clone(),
            home: settings.home_attr.clone(),
            shell: settings.shell_attr.clone(),
            gecos: settings.gecos_attr.clone(),
        },
        account_attributes: accounts.attributes(),
        base_text: settings.base.clone(),
    };
    Ok(Directory {
        connector: Connector {
            trust,
            dns: Dns::read(),
            identity,
            timeout: settings.connect_timeout,
        },
        people,
        admission: Admission::by(settings.access_filter.clone()),
        warnings: settings.warnings(),
        flavour: Flavour::Generic(Generic {
            groups: Groups::new(&settings),
            accounts,
        }),
        sources,
    })
}

/// Prepares a backend of the type `active_directory`.
///
/// # Errors
/// When the settings cannot be meant, or a file cannot be used; it says which.
pub(super) fn active_directory(settings: &Value) -> Result<Directory, String> {
    let settings = serde_json::from_value(settings.clone());
    let settings: ActiveDirectorySettings =
        settings.map_err(|error| format!("settings: {error}"))?;
    (settings.check()).map_err(|(key, message)| format!("settings: {key} {message}"))?;
    let sources = controllers(&settings)?;
    let options = TlsOptions {
        ca_file: &settings.tls_ca_file,
        crl_file: settings.tls_crl_file.as_deref(),
        verify: settings.tls_verify,
        min: settings.tls_min,
        client: None,
    };
    let trust = trust(&sources, &options)?;
    let identity = match (&settings.bind_dn, &settings.bind_password_file) {
        (Some(dn), Some(file)) => service(dn, file)?,
        (Some(_), None) => Identity::Anonymous,
        (None, _) => Identity::Person,
    };
    let connector = Connector {
        trust,
        dns: Dns::read(),
        identity,
        timeout: settings.connect_timeout,
    };
    let admission = Admission::by(settings.access_filter.clone());
    let base_text = settings.base.clone();
    let domain = Domain::new(settings)?;
    Ok(Directory {
        people: people_of(&domain, base_text)?,
        connector,
        admission,
        warnings: domain.warnings(),
        flavour: Flavour::ActiveDirectory(Box::new(domain)),
        sources,
    })
}

/// Returns how people are found in a domain, which has one schema.
fn people_of(domain: &Domain, base_text: Option<String>) -> Result<People, String> {
    let base_text = base_text.unwrap_or_else(|| domain.root().to_owned());
    let state = [groups::SID]
        .into_iter()
        .chain(account::ATTRIBUTES.iter().copied());
    Ok(People {
        base: base(&base_text)?,
        base_text,
        scope: Scope::default(),
        filter: PEOPLE.to_owned(),
        template: None,
        case: Case::Ascii,
        attributes: Attributes {
            name: "sAMAccountName".to_owned(),
            uid: "uidNumber".to_owned(),
            gid: "gidNumber".to_owned(),
            home: "unixHomeDirectory".to_owned(),
            shell: "loginShell".to_owned(),
            gecos: "displayName".to_owned(),
        },
        account_attributes: state.collect(),
    })
}

/// Reads whom to trust, where some server needs it.
fn trust(sources: &[Source], options: &TlsOptions<'_>) -> Result<Option<Trust>, String> {
    let needs_tls = sources.iter().any(Source::is_encrypted);
    needs_tls.then(|| configure(options)).transpose()
}

fn service(dn: &str, file: &Path) -> Result<Identity, String> {
    let secret: Secret = password::read(file)?;
    Ok(Identity::Service {
        dn: dn.to_owned(),
        secret,
        file: file.to_owned(),
    })
}

fn base(text: &str) -> Result<Dn, String> {
    Dn::parse(text).ok_or_else(|| "settings: base is no distinguished name".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::config::settings::ldap::syntax::is_filter;

    #[test]
    fn the_people_of_a_domain_are_below_its_root_unless_the_settings_say_where() {
        let of = |base: Option<&str>| {
            let domain = Domain::new(ActiveDirectorySettings {
                domain: "ad.example.com".to_owned(),
                ..ActiveDirectorySettings::default()
            });
            people_of(&domain.unwrap(), base.map(str::to_owned)).map(|people| people.base)
        };
        assert_eq!(of(None).ok(), Dn::parse("dc=ad,dc=example,dc=com"));
        let staff = "ou=staff,dc=ad,dc=example,dc=com";
        assert_eq!(of(Some(staff)).ok(), Dn::parse(staff));
        assert!(of(Some("staff")).is_err());
        assert!(is_filter(&PEOPLE.replace("%u", "alice")));
    }
}
