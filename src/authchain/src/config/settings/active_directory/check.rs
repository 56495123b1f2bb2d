//! The checks of several keys of a domain together: contradictions and omissions.

use super::names::DomainName;
use super::settings::ActiveDirectorySettings;
use crate::config::settings::common::{SettingsFault, check_not_zero, fault};
use crate::config::settings::ldap::AccountAccess;

impl ActiveDirectorySettings {
    /// Checks that the settings make sense together.
    ///
    /// # Errors
    /// The first key with a fault, in the order of the keys, and its fault.
    pub fn check(&self) -> Result<(), SettingsFault> {
        if self.domain == DomainName::default() {
            return fault("domain", DomainName::FAULT);
        }
        self.tls_settings().check()?;
        match (&self.bind_dn, &self.bind_password_file) {
            (Some(_), None) => fault(
                "bind_dn",
                "needs bind_password_file, the file with its password",
            ),
            (None, Some(_)) => fault(
                "bind_password_file",
                "needs bind_dn, whose password it holds",
            ),
            (None, None) if !self.aliases.is_empty() => fault(
                "aliases",
                "needs bind_dn: they are searched for before anybody logs in",
            ),
            (None, None) if self.accounts == AccountAccess::Write => {
                fault("accounts", "\"write\" needs bind_dn")
            }
            _ => check_not_zero("connect_timeout", self.connect_timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::json::faulty_key_of;

    fn section(lines: &str) -> String {
        let domain = match lines.starts_with("domain") {
            true => "",
            false => "domain = 'ad.example.com'\n",
        };
        format!("{domain}{lines}")
    }

    fn settings(lines: &str) -> ActiveDirectorySettings {
        toml::from_str(&section(lines)).unwrap()
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
    fn a_faulty_value_is_reported_with_its_key() {
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
            ("accounts = 'write'", "accounts"),
            ("base = 'staff'", "base"),
            ("netbios_name = 'EX\\AMPLE'", "netbios_name"),
            ("netbios_name = 'LONGERTHANFIFTEEN'", "netbios_name"),
            ("aliases = ['mail=%u']", "aliases"),
            ("aliases = ['mail']", "aliases"),
            ("uid = 'sid'", "uid"),
            ("access_filter = 'mail=*'", "access_filter"),
            ("allow_groups = [' ']", "allow_groups"),
            ("allow_groups = ['S-1-5']", "allow_groups"),
            ("allow_groups = ['S-1-5-x']", "allow_groups"),
            ("allow_groups = ['S-1-5-+1']", "allow_groups"),
            ("allow_groups = ['S-1-5-4294967296']", "allow_groups"),
            ("allow_groups = ['=x']", "allow_groups"),
            ("connect_timeout = '0s'", "connect_timeout"),
        ] {
            let settings = toml::from_str(&section(lines)).unwrap();
            let faulty = faulty_key_of(&settings, ActiveDirectorySettings::check);
            assert_eq!(faulty.as_deref(), Some(key), "{lines}");
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
            let settings = settings(&lines);
            settings.uris().map(|uri| uri.to_string()).collect()
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
