//! What a domain's settings cannot mean.

use super::ActiveDirectorySettings;
use crate::config::settings::ldap::Fault;
use crate::config::settings::ldap::check::{base, fault, filter, lists, longer_than_nothing};
use crate::config::settings::ldap::dn::Dn;

pub(super) fn check(settings: &ActiveDirectorySettings) -> Result<(), Fault> {
    domain(settings)?;
    lists(settings.tls_crl_file.as_deref(), settings.tls_verify)?;
    identity(settings)?;
    settings
        .base
        .as_deref()
        .map_or(Ok(()), |text| base("base", text))?;
    netbios_name(settings)?;
    if let Some(text) = &settings.access_filter {
        filter("access_filter", text, &['u', 's', 'h'])?;
    }
    for group in &settings.allow_groups {
        if !is_group(group) {
            let message = format!("\"{group}\" is neither a group's name, its DN nor its SID");
            return fault("allow_groups", message);
        }
    }
    longer_than_nothing(settings.connect_timeout)
}

fn domain(settings: &ActiveDirectorySettings) -> Result<(), Fault> {
    if !settings.domain.split('.').all(is_label) {
        return fault(
            "domain",
            "must be the domain's DNS name, such as \"ad.example.com\"",
        );
    }
    for server in &settings.servers {
        if let Err(error) = settings.uri_of(server) {
            return fault("servers", format!("\"{server}\" {error}"));
        }
    }
    match &settings.site {
        Some(site) if !is_label(site) => fault("site", format!("\"{site}\" is no site's name")),
        _ => Ok(()),
    }
}

/// Returns whether this can be a label of a DNS name. Names of sites may have an underscore.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && (text.bytes()).all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn identity(settings: &ActiveDirectorySettings) -> Result<(), Fault> {
    match (&settings.bind_dn, &settings.bind_password_file) {
        (Some(name), _) if !is_login(name) => {
            let message = format!("\"{name}\" is neither name@domain nor a distinguished name");
            fault("bind_dn", message)
        }
        (Some(_), None) => fault(
            "bind_dn",
            "needs bind_password_file, the file with its password",
        ),
        (None, Some(_)) => fault(
            "bind_password_file",
            "needs bind_dn, whose password it holds",
        ),
        _ => Ok(()),
    }
}

/// Returns whether a domain controller takes this for a login name: `alice@ad.example.com`,
/// `EXAMPLE\alice` or a DN.
fn is_login(name: &str) -> bool {
    let parts = name.split_once('@').or_else(|| name.split_once('\\'));
    parts.is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
        || Dn::parse(name).is_some_and(|dn| !dn.is_empty())
}

fn netbios_name(settings: &ActiveDirectorySettings) -> Result<(), Fault> {
    match &settings.netbios_name {
        Some(name) if !is_label(name) || name.len() > 15 => fault(
            "netbios_name",
            "must be the domain's short name, such as \"EXAMPLE\"",
        ),
        _ => Ok(()),
    }
}

fn is_group(text: &str) -> bool {
    match text.strip_prefix("S-1-") {
        Some(numbers) => numbers.contains('-') && numbers.split('-').all(is_number),
        None if text.contains('=') => Dn::parse(text).is_some(),
        None => !text.trim().is_empty(),
    }
}

/// Returns whether this can be a part of a group's SID: a number of four bytes.
fn is_number(text: &str) -> bool {
    text.parse::<u32>().is_ok() && !text.starts_with('+')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(lines: &str) -> ActiveDirectorySettings {
        let domain = match lines.starts_with("domain") {
            true => "",
            false => "domain = 'ad.example.com'\n",
        };
        toml::from_str(&format!("{domain}{lines}")).unwrap()
    }

    #[test]
    fn a_domain_is_enough() {
        assert_eq!(settings("").check(), Ok(()));
        assert_eq!(settings("").warnings(), [""; 0]);
        let found = settings("tls_verify = 'none'").warnings();
        assert_eq!(
            found,
            ["tls_verify = \"none\": anyone may pose as the server"]
        );
    }

    #[test]
    fn what_cannot_be_meant_names_its_key() {
        for (lines, key) in [
            ("domain = ''", "domain"),
            ("domain = 'ad.example.com.'", "domain"),
            ("domain = 'dc=example'", "domain"),
            ("domain = '-x.example'", "domain"),
            ("servers = ['ldaps://dc1']", "servers"),
            ("servers = ['dc1:port']", "servers"),
            ("servers = ['']", "servers"),
            ("site = ''", "site"),
            ("site = 'a.b'", "site"),
            ("bind_dn = 'svc@ad.example.com'", "bind_dn"),
            ("bind_dn = 'svc'\nbind_password_file = '/s'", "bind_dn"),
            ("bind_dn = '@x'\nbind_password_file = '/s'", "bind_dn"),
            ("tls_crl_file = '/l'\ntls_verify = 'none'", "tls_crl_file"),
            ("bind_password_file = '/s'", "bind_password_file"),
            ("base = 'staff'", "base"),
            ("netbios_name = 'EX\\AMPLE'", "netbios_name"),
            ("netbios_name = 'LONGERTHANFIFTEEN'", "netbios_name"),
            ("access_filter = 'mail=*'", "access_filter"),
            ("allow_groups = [' ']", "allow_groups"),
            ("allow_groups = ['S-1-5']", "allow_groups"),
            ("allow_groups = ['S-1-5-x']", "allow_groups"),
            ("allow_groups = ['S-1-5-+1']", "allow_groups"),
            ("allow_groups = ['S-1-5-4294967296']", "allow_groups"),
            ("allow_groups = ['=x']", "allow_groups"),
            ("connect_timeout = '0s'", "connect_timeout"),
        ] {
            let fault = settings(lines).check().err();
            assert_eq!(fault.map(|(key, _)| key), Some(key), "{lines}");
        }
    }

    #[test]
    fn logins_and_groups_may_be_named_in_three_ways_each() {
        for login in [
            "svc@ad.example.com",
            "EXAMPLE\\svc",
            "cn=svc,dc=ad,dc=example,dc=com",
        ] {
            let lines = format!("bind_dn = '{login}'\nbind_password_file = '/s'");
            assert_eq!(settings(&lines).check(), Ok(()), "{login}");
        }
        for group in [
            "Domain Admins",
            "cn=staff,dc=ad",
            "S-1-5-32-544",
            "S-1-5-21-1-2-3-512",
        ] {
            let lines = format!("allow_groups = ['{group}']");
            assert_eq!(settings(&lines).check(), Ok(()), "{group}");
        }
    }

    #[test]
    fn servers_are_reached_by_tls_and_nothing_else() {
        let uris = |lines: &str| -> Vec<String> {
            let lines = format!("servers = ['dc1.ad.example.com', '192.0.2.1:1636']\n{lines}");
            let uris = settings(&lines).uris().unwrap();
            uris.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            uris(""),
            ["ldaps://dc1.ad.example.com", "ldaps://192.0.2.1:1636"]
        );
        assert_eq!(uris("starttls = true")[0], "ldap://dc1.ad.example.com");
    }

    #[test]
    fn the_settings_cross_to_the_worker_unchanged() {
        let settings = settings("site = 'Berlin'\nconnect_timeout = '250ms'\ntls_min = '1.3'");
        let crossed = toml::Value::try_from(&settings).unwrap();
        let crossed: ActiveDirectorySettings = crossed.try_into().unwrap();
        assert_eq!(crossed, settings);
    }
}
