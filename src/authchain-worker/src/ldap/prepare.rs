//! Settings, and the files they name, made into a directory that can be asked.

use std::path::Path;

use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::from_json;
use authchain::config::settings::ldap::attribute::AttributeName;
use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::{Case, LdapSettings, Sasl, Scope, UidSource};
use authchain::config::settings::tls::TlsSettings;
use authchain::words::{BackendError, Secret};
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
use crate::net::tls::{Trust, configure};

/// The people of a domain: accounts that are neither computers nor trusts (MS-ADTS 2.2.10). Both
/// attributes are indexed.
const PEOPLE: &str = "(&(sAMAccountType=805306368)(sAMAccountName=%u))";

/// Prepares a backend of the type `ldap`.
///
/// # Errors
/// When the settings are faulty or a file cannot be used. The error names the fault.
pub(super) fn ldap(settings: &Value) -> Result<Directory, BackendError> {
    let settings = from_json(settings, LdapSettings::check);
    let settings = settings.map_err(BackendError::Unavailable)?;
    let sources = sources(&settings);
    let trust = trust(&sources, &settings.tls_settings())?;
    let identity = match (
        &settings.bind_dn,
        &settings.bind_password_file,
        settings.sasl,
    ) {
        (Some(dn), Some(file), _) => service(dn.as_str(), file)?,
        (_, _, Sasl::External) => Identity::External,
        (None, _, Sasl::None) if settings.user_dn_template.is_some() => Identity::Person,
        _ => Identity::Anonymous,
    };
    let accounts = AccountRules {
        policy: settings.account_policy,
        asks_control: settings.ppolicy,
    };
    let people = People {
        base: settings.base.clone(),
        scope: settings.scope,
        filter: settings.user_filter.clone(),
        template: settings.user_dn_template.clone(),
        case: settings.case,
        attributes: Attributes {
            name: settings.user_attr.clone(),
            uid: (settings.uid == UidSource::Entry).then(|| settings.uid_number_attr.clone()),
            gid: settings.gid_number_attr.clone(),
            home: settings.home_attr.clone(),
            shell: settings.shell_attr.clone(),
            gecos: settings.gecos_attr.clone(),
        },
        aliases: settings.aliases.clone(),
        account_attributes: accounts.attributes(),
        are_whole: false,
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
        accounts: settings.accounts,
        flavour: Flavour::Generic(Box::new(Generic {
            groups: Groups::new(&settings),
            accounts,
            changes: settings.password_change,
        })),
        sources,
    })
}

/// Prepares a backend of the type `active_directory`.
///
/// # Errors
/// When the settings are faulty or a file cannot be used. The error names the fault.
pub(super) fn active_directory(settings: &Value) -> Result<Directory, BackendError> {
    let settings = from_json(settings, ActiveDirectorySettings::check);
    let settings = settings.map_err(BackendError::Unavailable)?;
    let sources = controllers(&settings);
    let trust = trust(&sources, &settings.tls_settings())?;
    let identity = match (&settings.bind_dn, &settings.bind_password_file) {
        (Some(name), Some(file)) => service(name.as_str(), file)?,
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
    let base = settings.base.clone();
    let accounts = settings.accounts;
    let domain = Domain::new(settings);
    Ok(Directory {
        people: people_of(&domain, base).map_err(BackendError::Unavailable)?,
        connector,
        admission,
        accounts,
        warnings: domain.warnings(),
        flavour: Flavour::ActiveDirectory(Box::new(domain)),
        sources,
    })
}

/// Returns how people are found in a domain, which has one schema.
fn people_of(domain: &Domain, base: Option<Dn>) -> Result<People, String> {
    let state = [groups::SID]
        .into_iter()
        .chain(account::ATTRIBUTES.iter().copied());
    Ok(People {
        base: base.unwrap_or_else(|| domain.root.clone()),
        scope: Scope::default(),
        filter: PEOPLE.parse()?,
        template: None,
        case: Case::Ascii,
        attributes: Attributes {
            name: AttributeName::known("sAMAccountName"),
            uid: (domain.uid_source() == UidSource::Entry)
                .then(|| AttributeName::known("uidNumber")),
            gid: AttributeName::known("gidNumber"),
            home: AttributeName::known("unixHomeDirectory"),
            shell: AttributeName::known("loginShell"),
            gecos: AttributeName::known("displayName"),
        },
        aliases: domain.aliases().to_vec(),
        account_attributes: state.collect(),
        are_whole: true,
    })
}

/// Reads the authorities to trust, if a server is reached by TLS.
fn trust(sources: &[Source], settings: &TlsSettings<'_>) -> Result<Option<Trust>, BackendError> {
    let needs_tls = sources.iter().any(Source::is_encrypted);
    needs_tls.then(|| configure(settings)).transpose()
}

fn service(dn: &str, file: &Path) -> Result<Identity, BackendError> {
    let secret: Secret = password::read(file)?;
    Ok(Identity::Service {
        dn: dn.to_owned(),
        secret,
        file: file.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::config::settings::ldap::filter::UserFilter;

    #[test]
    fn the_people_of_a_domain_are_below_its_root_unless_the_settings_say_where() {
        let of = |base: Option<&str>| {
            let domain = Domain::new(ActiveDirectorySettings {
                domain: "ad.example.com".parse().unwrap(),
                ..ActiveDirectorySettings::default()
            });
            let base = base.map(str::parse).transpose()?;
            people_of(&domain, base).map(|people| people.base)
        };
        assert_eq!(of(None).ok(), Dn::parse("dc=ad,dc=example,dc=com"));
        let staff = "ou=staff,dc=ad,dc=example,dc=com";
        assert_eq!(of(Some(staff)).ok(), Dn::parse(staff));
        assert!(of(Some("staff")).is_err());
        assert!(PEOPLE.parse::<UserFilter>().is_ok());
    }
}
