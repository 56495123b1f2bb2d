//! The checks of a NIS domain's keys: values that make no sense, and omissions.

use super::name::NisName;
use super::settings::{ChangeWay, MAX_SERVERS, NisSettings};
use crate::config::settings::common::{SettingsFault, check_not_zero, fault};

impl NisSettings {
    /// Checks that the settings make sense.
    ///
    /// # Errors
    /// The first key with a fault, in the order of the keys, and its fault.
    pub fn check(&self) -> Result<(), SettingsFault> {
        if self.domain == NisName::default() {
            return fault("domain", NisName::FAULT);
        }
        match self.servers.len() {
            0 => {
                return fault(
                    "servers",
                    "names no server; servers = [\"nis1.example.com\"]",
                );
            }
            1..=MAX_SERVERS => {}
            _ => return fault("servers", "names more than 16 servers"),
        }
        if self.min_uid == 0 {
            return fault("min_uid", "must be 1 at least: no server can be root");
        }
        if self.yppasswdd.is_some() && self.password_change == ChangeWay::Off {
            return fault("yppasswdd", "needs password_change = \"yppasswd\"");
        }
        check_not_zero("server_timeout", self.server_timeout)
    }

    /// Returns warnings about what is allowed but dangerous, for the administrator.
    pub fn warnings(&self) -> Vec<&'static str> {
        let warning = "password_change = \"yppasswd\": the old password of whoever changes it can be \
                       read by everyone on the way";
        Vec::from_iter((self.password_change == ChangeWay::Yppasswd).then_some(warning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::json::faulty_key_of;

    const GOOD: &str = "domain = 'example'\nservers = ['192.0.2.5']\n";

    fn faulty_key(lines: &str) -> Option<String> {
        let mut table: toml::Table = GOOD.parse().unwrap();
        table.extend(lines.parse::<toml::Table>().unwrap());
        faulty_key_of(&serde_json::to_value(table).unwrap(), NisSettings::check)
    }

    #[test]
    fn a_domain_and_a_server_are_enough() {
        assert_eq!(faulty_key(""), None);
        let changes = "password_change = 'yppasswd'\nyppasswdd = '192.0.2.5:835'";
        assert_eq!(faulty_key(changes), None);
    }

    #[test]
    fn a_faulty_value_is_reported_with_its_key() {
        let many = format!("servers = {:?}", vec!["a"; 17]);
        for (lines, key) in [
            ("domain = ''", "domain"),
            ("domain = '../x'", "domain"),
            ("domain = 'a b'", "domain"),
            ("domain = '..'", "domain"),
            ("servers = []", "servers"),
            ("servers = ['']", "servers"),
            ("servers = ['a:0']", "servers"),
            ("servers = ['a:b']", "servers"),
            ("servers = ['nis://a']", "servers"),
            ("servers = ['a b']", "servers"),
            (&many, "servers"),
            ("passwd_map = ''", "passwd_map"),
            ("shadow_map = 'a/b'", "shadow_map"),
            ("adjunct_map = \"a\\u0000\"", "adjunct_map"),
            ("min_uid = 0", "min_uid"),
            ("server_timeout = '0s'", "server_timeout"),
            ("password_change = 'exop'", "password_change"),
            ("yppasswdd = '192.0.2.5:835'", "yppasswdd"),
            (
                "password_change = 'yppasswd'\nyppasswdd = 'a b'",
                "yppasswdd",
            ),
        ] {
            assert_eq!(faulty_key(lines).as_deref(), Some(key), "{lines}");
        }
        let long = format!("domain = '{}'", "x".repeat(65));
        assert_eq!(faulty_key(&long).as_deref(), Some("domain"));
    }

    #[test]
    fn the_settings_cross_to_the_worker_unchanged() {
        let text = format!("{GOOD}transport = 'udp'\nsource_port = 'any'\nserver_timeout = '90ms'");
        let settings: NisSettings = toml::from_str(&text).unwrap();
        let crossed = toml::Value::try_from(&settings).unwrap();
        assert_eq!(crossed.try_into::<NisSettings>().unwrap(), settings);
    }
}
