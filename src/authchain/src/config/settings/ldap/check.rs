//! The checks of several keys of a directory together: contradictions and omissions.

use super::choices::{AccountAccess, Sasl, Tls};
use super::group::AllowedGroup;
use super::settings::LdapSettings;
use super::uri::{Scheme, ServerUri};
use crate::config::settings::common::{SettingsFault, check_not_zero, fault};

impl LdapSettings {
    /// Checks that the settings make sense together.
    ///
    /// # Errors
    /// The first key with a fault, in the order of the keys, and its fault.
    pub fn check(&self) -> Result<(), SettingsFault> {
        check_servers(self)?;
        check_certificates(self)?;
        check_identity(self)?;
        if self.base.is_empty() {
            return fault(
                "base",
                "must say below which entry people are, such as \"dc=example,dc=com\"",
            );
        }
        if self.user_dn_template.is_some() && !self.aliases.is_empty() {
            return fault(
                "aliases",
                "are searched for, and user_dn_template leaves the search out",
            );
        }
        check_groups(self)?;
        if self.accounts == AccountAccess::Write
            && self.bind_dn.is_none()
            && self.sasl == Sasl::None
        {
            return fault(
                "accounts",
                "\"write\" needs bind_dn, or sasl = \"external\"",
            );
        }
        check_not_zero("connect_timeout", self.connect_timeout)
    }
}

fn check_servers(settings: &LdapSettings) -> Result<(), SettingsFault> {
    if settings.uris.is_empty() && settings.srv.is_none() {
        return fault(
            "uris",
            "names no server; uris = [\"ldaps://ldap.example.com\"], or srv = \"example.com\"",
        );
    }
    if let Some(name) = &settings.srv {
        let checked = name.check(settings.tls);
        checked.or_else(|error| fault("srv", format!("\"{}\" {error}", name.as_str())))?;
    }
    for uri in settings.uris.iter().chain(&settings.backup_uris) {
        check_encryption(settings, uri)?;
    }
    if settings.tls == Some(Tls::None) && !settings.insecure_plaintext {
        let message = "\"none\" sends passwords in the clear; if that is meant, \
                       say insecure_plaintext = true as well";
        return fault("tls", message);
    }
    Ok(())
}

/// Checks that `tls` does not contradict the scheme of a URI.
fn check_encryption(settings: &LdapSettings, uri: &ServerUri) -> Result<(), SettingsFault> {
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

fn check_certificates(settings: &LdapSettings) -> Result<(), SettingsFault> {
    settings.tls_settings().check()?;
    match (&settings.tls_cert, &settings.tls_key) {
        (Some(_), None) => fault("tls_cert", "needs tls_key, the certificate's private key"),
        (None, Some(_)) => fault("tls_key", "needs tls_cert, the key's certificate"),
        _ => Ok(()),
    }
}

fn check_identity(settings: &LdapSettings) -> Result<(), SettingsFault> {
    match (
        &settings.bind_dn,
        &settings.bind_password_file,
        settings.sasl,
    ) {
        (Some(_), _, Sasl::External) => fault(
            "bind_dn",
            "and sasl = \"external\" are two names for one login",
        ),
        (Some(dn), _, _) if dn.is_empty() => fault(
            "bind_dn",
            format!("\"{}\" is no distinguished name", dn.as_str()),
        ),
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

/// Checks that `group_base` is set if `allow_groups` has names, and that `group_members` is not
/// empty.
fn check_groups(settings: &LdapSettings) -> Result<(), SettingsFault> {
    let has_base = (settings.group_base.as_ref()).is_some_and(|base| !base.is_empty());
    for group in &settings.allow_groups {
        if let (AllowedGroup::Name(name), false) = (group, has_base) {
            let message = format!(
                "must say below which entry groups are, such as \"ou=groups,dc=example,dc=com\", or \
                 anybody's entry called \"{name}\" might be the one that allow_groups means"
            );
            return fault("group_base", message);
        }
    }
    match settings.group_members.is_empty() {
        true => fault("group_members", "must name at least one attribute"),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::json::faulty_key_of;

    const GOOD: &str = "uris = ['ldaps://a.example']\nbase = 'dc=example'\n";

    fn faulty_key(lines: &str) -> Option<String> {
        let key = |line: &str| line.split(' ').next().unwrap().to_owned();
        let said: Vec<String> = lines.lines().map(key).collect();
        let good: String = (GOOD.lines())
            .filter(|line| !said.contains(&key(line)))
            .fold(String::new(), |text, line| text + line + "\n");
        let settings = toml::from_str(&format!("{good}{lines}")).unwrap();
        faulty_key_of(&settings, LdapSettings::check)
    }

    #[test]
    fn a_server_and_a_base_are_enough() {
        let settings: LdapSettings = toml::from_str(GOOD).unwrap();
        assert_eq!(settings.check(), Ok(()));
        assert!(settings.warnings().is_empty());
        assert_eq!(settings.servers().next().unwrap().1, Tls::Ldaps);
    }

    #[test]
    fn a_domain_stands_for_its_servers() {
        let text = "srv = 'example.com'\nbase = 'dc=x'\n";
        let settings: LdapSettings = toml::from_str(text).unwrap();
        assert_eq!(settings.check(), Ok(()));
        let service = settings.srv_service().unwrap();
        assert_eq!(
            (&*service.name, service.tls),
            ("_ldap._tcp.example.com", Tls::Starttls)
        );
        let crossed = toml::Value::try_from(&settings).unwrap();
        assert_eq!(crossed.try_into::<LdapSettings>().unwrap(), settings);
    }

    #[test]
    fn a_faulty_value_is_reported_with_its_key() {
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
            ("aliases = ['mail']", "aliases"),
            (
                "aliases = ['mail=%u']\nuser_dn_template = 'uid=%u,dc=x'",
                "aliases",
            ),
            ("uid = 'nss'", "uid"),
            ("access_filter = 'host=%h'", "access_filter"),
            ("allow_groups = ['']", "allow_groups"),
            ("group_base = 'groups'", "group_base"),
            ("allow_groups = ['cn=a,dc=x', 'staff']", "group_base"),
            ("allow_groups = ['staff']\ngroup_base = ' '", "group_base"),
            ("group_filter = 'objectClass=group'", "group_filter"),
            ("group_filter = '(cn=%u)'", "group_filter"),
            ("group_members = []", "group_members"),
            ("group_members = ['member)(cn=*']", "group_members"),
            ("accounts = 'write'", "accounts"),
            ("accounts = 'all'", "accounts"),
            ("connect_timeout = '0s'", "connect_timeout"),
        ] {
            assert_eq!(faulty_key(lines).as_deref(), Some(key), "{lines}");
        }
    }

    #[test]
    fn a_group_named_by_its_dn_needs_no_group_base() {
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
        assert_eq!(settings.servers().next().unwrap().1, Tls::None);
    }

    #[test]
    fn weak_tls_is_warned_about_but_not_for_a_socket() {
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
        let backup = format!("{socket}backup_uris = ['ldap://b']\ntls = 'none'");
        assert_eq!(warnings(&backup), 1);
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
        let kinds: Vec<Tls> = settings.servers().map(|(_, tls)| tls).collect();
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
