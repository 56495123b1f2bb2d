//! Settings of `type = "nis"`.

use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};

use super::common::Fault;
use super::ldap::uri::{InvalidUri, host_and_port};
use crate::config::Period;

/// The longest name of a domain, in bytes (`YPMAXDOMAIN` in rpcsvc/yp_prot.h).
const MAX_DOMAIN: usize = 64;

/// The longest name of a map, in bytes (`YPMAXMAP` in rpcsvc/yp_prot.h).
const MAX_MAP: usize = 64;

/// The most servers: a port may be set aside for each at every login.
const MAX_SERVERS: usize = 16;

/// Accounts in a domain of NIS, the Network Information Service, once called Yellow Pages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
// Their defaults mean nothing: `check` refuses them.
#[cfg_attr(feature = "schema", schemars(extend("required" = ["domain", "servers"])))]
#[serde(default)]
pub struct NisSettings {
    /// The NIS domain, which has nothing to do with a domain of the DNS.
    pub domain: String,

    /// The servers, names or addresses, in the order they are asked: `192.0.2.5`,
    /// `nis1.example.com:834`, `[2001:db8::5]:834`. A port spares the question to the portmapper.
    pub servers: Vec<String>,

    /// How the servers are asked: `tcp`, or `udp`, whose answers are more easily forged.
    pub transport: Transport,

    /// Where questions come from. `reserved` is a port below 1024, which servers want of whoever
    /// asks for hashes and only root has; `any` is any port; `auto` is a reserved one where that
    /// can be had.
    pub source_port: SourcePort,

    /// The map that says who exists, by name.
    pub passwd_map: String,

    /// The map with the hashes and the ageing of those whose password is `x` in `passwd_map`.
    pub shadow_map: String,

    /// The map with the hashes of those whose password is `##` and their name in `passwd_map`.
    pub adjunct_map: String,

    /// Whoever has a user id below this is unknown here.
    pub min_uid: u32,

    /// Whether passwords may be stored by methods that are quickly guessed today: descrypt,
    /// bsdicrypt, md5crypt, sunmd5, sha1crypt and nt.
    pub weak_hashes: bool,

    /// How long one server may take, from its name to its last answer.
    #[cfg_attr(feature = "schema", schemars(with = "Period"))]
    pub server_timeout: Period,
}

impl Default for NisSettings {
    fn default() -> Self {
        Self {
            domain: String::new(),
            servers: Vec::new(),
            transport: Transport::default(),
            source_port: SourcePort::default(),
            passwd_map: "passwd.byname".to_owned(),
            shadow_map: "shadow.byname".to_owned(),
            adjunct_map: "passwd.adjunct.byname".to_owned(),
            min_uid: 1000,
            weak_hashes: false,
            server_timeout: Period::from_millis(1_500),
        }
    }
}

/// How servers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Whoever is not on the way would have to guess its sequence numbers.
    #[default]
    Tcp,
    /// Whoever is not on the way has to guess 32 bits and a port.
    Udp,
}

/// Where questions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SourcePort {
    /// Below 1024 where that can be had.
    #[default]
    Auto,
    /// Below 1024, or not at all.
    Reserved,
    /// Whatever port is free.
    Any,
}

impl NisSettings {
    /// Finds what cannot be meant: the key, and what is wrong with it.
    ///
    /// # Errors
    /// The first fault found, in the order of the keys.
    pub fn check(&self) -> Result<(), Fault> {
        named("domain", &self.domain, MAX_DOMAIN)?;
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
        for text in &self.servers {
            if let Err(error) = Address::parse(text) {
                return fault("servers", &format!("\"{text}\" {error}"));
            }
        }
        named("passwd_map", &self.passwd_map, MAX_MAP)?;
        named("shadow_map", &self.shadow_map, MAX_MAP)?;
        named("adjunct_map", &self.adjunct_map, MAX_MAP)?;
        if self.min_uid == 0 {
            return fault("min_uid", "must be 1 at least: no server can be root");
        }
        if self.server_timeout.duration().is_zero() {
            return fault("server_timeout", "must be longer than nothing");
        }
        Ok(())
    }
}

fn fault<T>(key: &'static str, message: &str) -> Result<T, Fault> {
    Err((key, message.to_owned()))
}

/// Checks the name of a domain or map, which is a folder or file on the server.
fn named(key: &'static str, name: &str, most: usize) -> Result<(), Fault> {
    let is_odd = |c: char| c == '/' || c.is_whitespace() || c.is_control();
    if name.is_empty() || name.len() > most || name.starts_with('.') || name.contains(is_odd) {
        return fault(
            key,
            "must be a name of 1 to 64 bytes without '/' and blanks",
        );
    }
    Ok(())
}

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its name or numeric address.
    pub host: String,
    /// Its port; `None` asks the portmapper.
    pub port: Option<u16>,
}

impl Address {
    /// Takes a server of the settings apart.
    ///
    /// # Errors
    /// [`InvalidUri`] for anything but a host and perhaps a port.
    pub fn parse(text: &str) -> Result<Self, InvalidUri> {
        let (host, port) = match text.parse::<Ipv6Addr>() {
            Ok(_) => (text.to_owned(), 0),
            Err(_) => host_and_port(text, 0)?,
        };
        let port = (port > 0).then_some(port);
        Ok(Self { host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "domain = 'example'\nservers = ['192.0.2.5']\n";

    fn faulty_key(lines: &str) -> Option<&'static str> {
        let mut table: toml::Table = GOOD.parse().unwrap();
        table.extend(lines.parse::<toml::Table>().unwrap());
        let settings: NisSettings = table.try_into().unwrap();
        settings.check().err().map(|(key, _)| key)
    }

    #[test]
    fn a_domain_and_a_server_are_enough() {
        assert_eq!(faulty_key(""), None);
    }

    #[test]
    fn what_cannot_be_meant_names_its_key() {
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
        ] {
            assert_eq!(faulty_key(lines), Some(key), "{lines}");
        }
        let long = format!("domain = '{}'", "x".repeat(65));
        assert_eq!(faulty_key(&long), Some("domain"));
    }

    #[test]
    fn a_server_is_a_host_and_perhaps_a_port() {
        for (text, host, port) in [
            ("nis1", "nis1", None),
            ("nis1.example.com:834", "nis1.example.com", Some(834)),
            ("192.0.2.5:65535", "192.0.2.5", Some(65_535)),
            ("2001:db8::5", "2001:db8::5", None),
            ("[2001:db8::5]", "2001:db8::5", None),
            ("[2001:db8::5]:834", "2001:db8::5", Some(834)),
        ] {
            let host = host.to_owned();
            assert_eq!(Address::parse(text), Ok(Address { host, port }), "{text}");
        }
    }

    #[test]
    fn the_settings_cross_to_the_worker_unchanged() {
        let text = format!("{GOOD}transport = 'udp'\nsource_port = 'any'\nserver_timeout = '90ms'");
        let settings: NisSettings = toml::from_str(&text).unwrap();
        let crossed = toml::Value::try_from(&settings).unwrap();
        assert_eq!(crossed.try_into::<NisSettings>().unwrap(), settings);
    }
}
