//! Addresses of NIS servers.

use std::net::Ipv6Addr;
use std::str::FromStr;

use crate::config::settings::ldap::uri::{InvalidUri, host_and_port};

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The name or numeric address of the host.
    pub host: String,
    /// The port; with `None` the portmapper is asked.
    pub port: Option<u16>,
    text: String,
}

impl Address {
    /// Parses a server of the settings.
    ///
    /// # Errors
    /// [`InvalidUri`] for anything but a host and perhaps a port.
    pub fn parse(text: &str) -> Result<Self, InvalidUri> {
        let (host, port) = match text.parse::<Ipv6Addr>() {
            Ok(_) => (text.to_owned(), None),
            Err(_) => host_and_port(text)?,
        };
        let text = text.to_owned();
        Ok(Self { host, port, text })
    }

    /// Returns the server as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| format!("\"{text}\" {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let (host, written) = (host.to_owned(), text.to_owned());
            let expected = Address {
                host,
                port,
                text: written,
            };
            assert_eq!(Address::parse(text), Ok(expected), "{text}");
        }
    }
}
