//! What a directory's settings cannot mean.

use std::path::Path;

use super::dn::Dn;
use super::syntax::{fill, is_attribute, is_filter};
use super::uri::{Scheme, ServerUri};
use super::{Fault, LdapSettings, Sasl, Tls, TlsVerify};
use crate::config::Period;

pub(super) fn check(settings: &LdapSettings) -> Result<(), Fault> {
    servers(settings)?;
    certificates(settings)?;
    identity(settings)?;
    people(settings)?;
    access(settings)?;
    longer_than_nothing(settings.connect_timeout)
}

pub(in crate::config::settings) fn longer_than_nothing(
    connect_timeout: Period,
) -> Result<(), Fault> {
    if connect_timeout.duration().is_zero() {
        return fault("connect_timeout", "must be longer than nothing");
    }
    Ok(())
}

pub(in crate::config::settings) fn fault<T>(
    key: &'static str,
    message: impl Into<String>,
) -> Result<T, Fault> {
    Err((key, message.into()))
}

fn servers(settings: &LdapSettings) -> Result<(), Fault> {
    if settings.uris.is_empty() && settings.srv.is_none() {
        return fault(
            "uris",
            "names no server; uris = [\"ldaps://ldap.example.com\"], or srv = \"example.com\"",
        );
    }
    if let (Some(name), Err(error)) = (&settings.srv, settings.srv_name()) {
        return fault("srv", format!("\"{name}\" {error}"));
    }
    for (key, uris) in [
        ("uris", &settings.uris),
        ("backup_uris", &settings.backup_uris),
    ] {
        for text in uris {
            match ServerUri::parse(text) {
                Ok(uri) => encryption(settings, &uri)?,
                Err(error) => return fault(key, format!("\"{text}\" {error}")),
            }
        }
    }
    if settings.tls == Some(Tls::None) && !settings.insecure_plaintext {
        let message = "\"none\" sends passwords in the clear; if that is meant, \
                       say insecure_plaintext = true as well";
        return fault("tls", message);
    }
    Ok(())
}

/// Checks that `tls` does not contradict the scheme of a URI.
fn encryption(settings: &LdapSettings, uri: &ServerUri) -> Result<(), Fault> {
    match (uri.scheme, settings.tls) {
        (Scheme::Ldaps, Some(Tls::Starttls)) => {
            fault("tls", format!("\"starttls\" needs ldap://, not {uri}"))
        }
        (Scheme::Ldaps, Some(Tls::None)) => fault("tls", format!("\"none\" and {uri} disagree")),
        (Scheme::Ldap, Some(Tls::Ldaps)) => {
            fault("tls", format!("\"ldaps\" needs ldaps://, not {uri}"))
        }
        _ => Ok(()),
    }
}

fn certificates(settings: &LdapSettings) -> Result<(), Fault> {
    lists(settings.tls_crl_file.as_deref(), settings.tls_verify)?;
    match (&settings.tls_cert, &settings.tls_key) {
        (Some(_), None) => fault("tls_cert", "needs tls_key, the certificate's private key"),
        (None, Some(_)) => fault("tls_key", "needs tls_cert, the key's certificate"),
        _ => Ok(()),
    }
}

/// Refuses revocation lists where no certificate is checked: they would be taken for some
/// protection.
pub(in crate::config::settings) fn lists(
    file: Option<&Path>,
    verify: TlsVerify,
) -> Result<(), Fault> {
    match (file, verify) {
        (Some(_), TlsVerify::None) => fault(
            "tls_crl_file",
            "means nothing with tls_verify = \"none\", which checks no certificate",
        ),
        _ => Ok(()),
    }
}

fn identity(settings: &LdapSettings) -> Result<(), Fault> {
    match (
        &settings.bind_dn,
        &settings.bind_password_file,
        settings.sasl,
    ) {
        (Some(_), _, Sasl::External) => fault(
            "bind_dn",
            "and sasl = \"external\" are two names for one login",
        ),
        (Some(dn), _, _) if Dn::parse(dn).is_none_or(|dn| dn.is_empty()) => {
            fault("bind_dn", format!("\"{dn}\" is no distinguished name"))
        }
        (Some(_), None, _) => fault(
            "bind_dn",
            "needs bind_password_file, the file with its password",
        ),
        (None, Some(_), _) => fault(
            "bind_password_file",
            "needs bind_dn, whose password it holds",
        ),
        _ => Ok(()),
    }
}

fn people(settings: &LdapSettings) -> Result<(), Fault> {
    if settings.base.trim().is_empty() {
        return fault(
            "base",
            "must say below which entry people are, such as \"dc=example,dc=com\"",
        );
    }
    base("base", &settings.base)?;
    filter("user_filter", &settings.user_filter, &['u'])?;
    if !settings.user_filter.contains("%u") {
        return fault(
            "user_filter",
            "has no %u, so it would find the same people for every name",
        );
    }
    for (key, attribute) in [
        ("user_attr", &settings.user_attr),
        ("uid_number_attr", &settings.uid_number_attr),
        ("gid_number_attr", &settings.gid_number_attr),
        ("home_attr", &settings.home_attr),
        ("shell_attr", &settings.shell_attr),
        ("gecos_attr", &settings.gecos_attr),
    ] {
        if !is_attribute(attribute) {
            return fault(key, format!("\"{attribute}\" is no name of an attribute"));
        }
    }
    settings
        .user_dn_template
        .as_deref()
        .map_or(Ok(()), template)
}

fn template(template: &str) -> Result<(), Fault> {
    let key = "user_dn_template";
    let filled = filled(key, template, &['u'])?;
    if !template.contains("%u") {
        return fault(
            key,
            "has no %u, so it would be the same person for every name",
        );
    }
    base(key, &filled)
}

fn access(settings: &LdapSettings) -> Result<(), Fault> {
    if let Some(text) = &settings.access_filter {
        filter("access_filter", text, &['u', 's', 'h'])?;
    }
    if let Some(text) = &settings.group_base {
        base("group_base", text)?;
    }
    filter("group_filter", &settings.group_filter, &[])?;
    for group in &settings.allow_groups {
        let is_dn = group.contains('=');
        if group.trim().is_empty() || (is_dn && Dn::parse(group).is_none()) {
            let message = format!("\"{group}\" is neither a group's name nor a distinguished name");
            return fault("allow_groups", message);
        }
        let has_base = (settings.group_base.as_deref()).is_some_and(|base| !base.trim().is_empty());
        if !is_dn && !has_base {
            let message = format!(
                "must say below which entry groups are, such as \"ou=groups,dc=example,dc=com\", or \
                 anybody's entry called \"{group}\" might be the one that allow_groups means"
            );
            return fault("group_base", message);
        }
    }
    Ok(())
}

pub(in crate::config::settings) fn base(key: &'static str, text: &str) -> Result<(), Fault> {
    match Dn::parse(text) {
        Some(_) => Ok(()),
        None => fault(key, format!("\"{text}\" is no distinguished name")),
    }
}

pub(in crate::config::settings) fn filter(
    key: &'static str,
    text: &str,
    letters: &[char],
) -> Result<(), Fault> {
    if is_filter(&filled(key, text, letters)?) {
        return Ok(());
    }
    fault(
        key,
        format!("\"{text}\" is no LDAP filter; are its parentheses in pairs?"),
    )
}

fn filled(key: &'static str, text: &str, letters: &[char]) -> Result<String, Fault> {
    fill(text, |letter| letters.contains(&letter).then_some("x")).or_else(|letter| {
        let letter = letter.map(String::from).unwrap_or_default();
        fault(
            key,
            format!("%{letter} stands for nothing here; for a percent sign write %%"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "uris = ['ldaps://a.example']\nbase = 'dc=example'\n";

    fn faulty_key(lines: &str) -> Option<&'static str> {
        let key = |line: &str| line.split(' ').next().unwrap().to_owned();
        let said: Vec<String> = lines.lines().map(key).collect();
        let good: String = (GOOD.lines())
            .filter(|line| !said.contains(&key(line)))
            .fold(String::new(), |text, line| text + line + "\n");
        let settings: LdapSettings = toml::from_str(&format!("{good}{lines}")).unwrap();
        settings.check().err().map(|(key, _)| key)
    }

    #[test]
    fn a_server_and_a_base_are_enough() {
        let settings: LdapSettings = toml::from_str(GOOD).unwrap();
        assert_eq!(settings.check(), Ok(()));
        assert!(settings.warnings().is_empty());
        assert_eq!(settings.servers().unwrap()[0].1, Tls::Ldaps);
    }

    #[test]
    fn a_domain_stands_for_its_servers() {
        let text = "srv = 'example.com'\nbase = 'dc=x'\n";
        let settings: LdapSettings = toml::from_str(text).unwrap();
        assert_eq!(settings.check(), Ok(()));
        let name = settings.srv_name().unwrap().unwrap();
        assert_eq!(
            (&*name.service, name.tls),
            ("_ldap._tcp.example.com", Tls::Starttls)
        );
        let crossed = toml::Value::try_from(&settings).unwrap();
        assert_eq!(crossed.try_into::<LdapSettings>().unwrap(), settings);
    }

    #[test]
    fn what_cannot_be_meant_names_its_key() {
        for (lines, key) in [
            ("uris = []", "uris"),
            ("uris = ['ldap1.example']", "uris"),
            ("backup_uris = ['http://a']", "backup_uris"),
            ("srv = 'ldaps://a.example'", "srv"),
            ("srv = '_ldap._tcp.a.example'\ntls = 'ldaps'", "srv"),
            ("tls = 'starttls'", "tls"),
            ("tls = 'none'\ninsecure_plaintext = true", "tls"),
            ("tls_cert = '/c'", "tls_cert"),
            ("tls_key = '/k'", "tls_key"),
            ("tls_crl_file = '/l'\ntls_verify = 'none'", "tls_crl_file"),
            ("bind_dn = 'cn=a'", "bind_dn"),
            ("bind_dn = 'admin'\nbind_password_file = '/s'", "bind_dn"),
            ("bind_password_file = '/s'", "bind_password_file"),
            (
                "bind_dn = 'cn=a'\nbind_password_file = '/s'\nsasl = 'external'",
                "bind_dn",
            ),
            ("base = ''", "base"),
            ("base = 'example.com'", "base"),
            ("user_filter = '(uid=alice)'", "user_filter"),
            ("user_filter = '(uid=%u'", "user_filter"),
            ("user_filter = '(uid=%n)'", "user_filter"),
            ("user_attr = 'u id'", "user_attr"),
            ("user_dn_template = 'uid=alice,dc=x'", "user_dn_template"),
            ("user_dn_template = '%u,dc=x'", "user_dn_template"),
            ("access_filter = 'host=%h'", "access_filter"),
            ("allow_groups = ['']", "allow_groups"),
            ("group_base = 'groups'", "group_base"),
            ("allow_groups = ['cn=a,dc=x', 'staff']", "group_base"),
            ("allow_groups = ['staff']\ngroup_base = ' '", "group_base"),
            ("group_filter = 'objectClass=group'", "group_filter"),
            ("group_filter = '(cn=%u)'", "group_filter"),
            ("connect_timeout = '0s'", "connect_timeout"),
        ] {
            assert_eq!(faulty_key(lines), Some(key), "{lines}");
        }
    }

    #[test]
    fn a_group_that_is_named_in_full_needs_no_base() {
        let text = format!("{GOOD}allow_groups = ['cn=a,dc=x']\n");
        let settings: LdapSettings = toml::from_str(&text).unwrap();
        assert_eq!(settings.check(), Ok(()));
    }

    #[test]
    fn the_clear_text_must_be_asked_for_twice_and_is_warned_about() {
        let clear = "uris = ['ldap://a']\nbase = 'dc=x'\ntls = 'none'\n";
        let settings: LdapSettings = toml::from_str(clear).unwrap();
        assert_eq!(settings.check().unwrap_err().0, "tls");
        let clear = format!("{clear}insecure_plaintext = true\n");
        let settings: LdapSettings = toml::from_str(&clear).unwrap();
        assert_eq!(settings.check(), Ok(()));
        assert_eq!(settings.warnings().len(), 1);
        assert_eq!(settings.servers().unwrap()[0].1, Tls::None);
    }

    #[test]
    fn what_is_not_checked_is_warned_about_where_there_is_something_to_check() {
        let warnings = |lines: &str| {
            let text = format!("base = 'dc=x'\ninsecure_plaintext = true\n{lines}");
            let settings: LdapSettings = toml::from_str(&text).unwrap();
            assert_eq!(settings.check(), Ok(()), "{lines}");
            settings.warnings().len()
        };
        let socket = "uris = ['ldapi://%2Fs']\n";
        assert_eq!(warnings(&format!("{socket}tls = 'none'")), 0);
        assert_eq!(warnings(&format!("{socket}tls_verify = 'none'")), 0);
        assert_eq!(
            warnings("uris = ['ldapi://%2Fs', 'ldap://a']\ntls = 'none'"),
            1
        );
        for careless in ["ca", "none"] {
            let lines = format!("uris = ['ldap://a']\ntls_verify = '{careless}'");
            assert_eq!(warnings(&lines), 1, "{careless}");
        }
    }

    #[test]
    fn plain_ldap_means_starttls_unless_said() {
        let text = "uris = ['ldap://a', 'ldapi://%2Fs']\nbase = 'dc=x'\n";
        let settings: LdapSettings = toml::from_str(text).unwrap();
        assert_eq!(settings.check(), Ok(()));
        let kinds: Vec<Tls> = settings
            .servers()
            .unwrap()
            .into_iter()
            .map(|s| s.1)
            .collect();
        assert_eq!(kinds, [Tls::Starttls, Tls::None]);
    }

    #[test]
    fn the_settings_cross_to_the_worker_unchanged() {
        let text = format!("{GOOD}connect_timeout = '250ms'\ntls_min = '1.3'\nscope = 'one'\n");
        let settings: LdapSettings = toml::from_str(&text).unwrap();
        let crossed = toml::Value::try_from(&settings).unwrap();
        assert_eq!(crossed.try_into::<LdapSettings>().unwrap(), settings);
    }
}
