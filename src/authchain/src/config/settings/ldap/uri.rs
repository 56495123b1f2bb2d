//! Addresses of LDAP servers.

use std::fmt;
use std::str::FromStr;

use crate::words::number;

/// The URI of a server, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUri {
    /// The scheme, which sets the transport.
    pub scheme: Scheme,
    /// The name or numeric address of the host; for `ldapi` the path of the socket.
    pub host: String,
    /// The port; 0 for `ldapi`.
    pub port: u16,
    text: String,
}

/// The scheme of a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `ldap`: TCP.
    Ldap,
    /// `ldaps`: TCP with TLS from the first byte.
    Ldaps,
    /// `ldapi`: a UNIX socket of this machine.
    Ldapi,
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Ldap => "ldap",
            Self::Ldaps => "ldaps",
            Self::Ldapi => "ldapi",
        }
    }

    /// Returns the default port; 0 for `ldapi`.
    fn port(self) -> u16 {
        match self {
            Self::Ldap => 389,
            Self::Ldaps => 636,
            Self::Ldapi => 0,
        }
    }
}

/// The name or numeric address of a server, with the port unless it is the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    host: String,
    port: Option<u16>,
    text: String,
}

impl HostPort {
    /// Returns the server as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = host_and_port(text.strip_suffix('/').unwrap_or(text));
        let (host, port) = parts.map_err(|error| format!("\"{text}\" {error}"))?;
        let text = text.to_owned();
        Ok(Self { host, port, text })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A fault of a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidUri {
    /// It begins with none of the three schemes.
    Scheme,
    /// There is no host.
    Host,
    /// The text behind the colon is no port.
    Port,
    /// A percent sign without two digits, or a path that is not absolute.
    Path,
    /// Something follows the port: a base, a filter, a user.
    Rest,
}

impl fmt::Display for InvalidUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "must begin with ldaps://, ldap:// or ldapi://",
            Self::Host => "has no host name",
            Self::Port => "has no valid port after the colon",
            Self::Path => "must name a socket by its absolute path, with %2F for each slash",
            Self::Rest => "must end after the host and the port",
        })
    }
}

impl std::error::Error for InvalidUri {}

impl ServerUri {
    /// Builds a URI of its parts.
    pub fn new(scheme: Scheme, host: &str, port: u16) -> Self {
        Self {
            scheme,
            host: host.to_owned(),
            port,
            text: format!("{}://{host}:{port}", scheme.name()),
        }
    }

    /// Builds the URI of a server, with the default port of `scheme` if it names none.
    pub fn of(scheme: Scheme, server: &HostPort) -> Self {
        Self {
            scheme,
            host: server.host.clone(),
            port: server.port.unwrap_or(scheme.port()),
            text: format!("{}://{server}", scheme.name()),
        }
    }

    /// Parses a URI.
    ///
    /// # Errors
    /// [`InvalidUri`] for anything but a scheme, a host and perhaps a port. A base or a filter in
    /// the URI is refused, too: it could contradict the keys `base` and `user_filter`.
    pub fn parse(text: &str) -> Result<Self, InvalidUri> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidUri::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "ldap" => Scheme::Ldap,
            "ldaps" => Scheme::Ldaps,
            "ldapi" => Scheme::Ldapi,
            _ => return Err(InvalidUri::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match scheme {
            Scheme::Ldapi => (socket_path(rest)?, 0),
            Scheme::Ldap | Scheme::Ldaps => {
                let (host, port) = host_and_port(rest)?;
                (host, port.unwrap_or(scheme.port()))
            }
        };
        let text = text.to_owned();
        Ok(Self {
            scheme,
            host,
            port,
            text,
        })
    }

    /// Returns the URI as it is written in the settings.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for ServerUri {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| format!("\"{text}\" {error}"))
    }
}

impl fmt::Display for ServerUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Parses `host`, `host:port` or `[address]:port`.
pub(in crate::config::settings) fn host_and_port(
    rest: &str,
) -> Result<(String, Option<u16>), InvalidUri> {
    if rest.contains(['/', '?', '#', '@', '%']) || rest.contains(char::is_whitespace) {
        return Err(InvalidUri::Rest);
    }
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(InvalidUri::Host)?;
            let is_address = host.parse::<std::net::Ipv6Addr>().is_ok();
            (is_address.then_some(host).ok_or(InvalidUri::Host)?, rest)
        }
        None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
    };
    if host.is_empty() {
        return Err(InvalidUri::Host);
    }
    let port = match port.strip_prefix(':') {
        Some(digits) => number(digits.as_bytes()).filter(|port| *port > 0),
        None if port.is_empty() => return Ok((host.to_owned(), None)),
        None => None,
    };
    Ok((host.to_owned(), Some(port.ok_or(InvalidUri::Port)?)))
}

/// Decodes the path of a socket: `%2Frun%2Fslapd%2Fldapi`.
fn socket_path(encoded: &str) -> Result<String, InvalidUri> {
    let mut parts = encoded.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| !digits.starts_with('+'));
        let byte = u8::from_str_radix(digits.ok_or(InvalidUri::Path)?, 16);
        bytes.push(byte.map_err(|_| InvalidUri::Path)?);
        bytes.extend(part.get(2..).unwrap_or_default().bytes());
    }
    let path = String::from_utf8(bytes).map_err(|_| InvalidUri::Path)?;
    let is_path = path.starts_with('/') && !path.contains('\0') && !encoded.contains(['/', '?']);
    is_path.then_some(path).ok_or(InvalidUri::Path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Result<(Scheme, String, u16), InvalidUri> {
        ServerUri::parse(text).map(|uri| (uri.scheme, uri.host, uri.port))
    }

    #[test]
    fn a_server_is_a_scheme_a_host_and_perhaps_a_port() {
        for (text, scheme, host, port) in [
            ("ldap://a.example", Scheme::Ldap, "a.example", 389),
            ("LDAPS://a.example/", Scheme::Ldaps, "a.example", 636),
            ("ldaps://a.example:1636", Scheme::Ldaps, "a.example", 1636),
            ("ldap://192.0.2.1:3389", Scheme::Ldap, "192.0.2.1", 3389),
            ("ldap://[2001:db8::1]", Scheme::Ldap, "2001:db8::1", 389),
            ("ldaps://[::1]:99", Scheme::Ldaps, "::1", 99),
            ("ldapi://%2Frun%2fldapi", Scheme::Ldapi, "/run/ldapi", 0),
        ] {
            assert_eq!(parts(text), Ok((scheme, host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn anything_else_says_what_is_wrong_with_it() {
        for (text, fault) in [
            ("ldap1.example.com", InvalidUri::Scheme),
            ("https://a", InvalidUri::Scheme),
            ("ldap://", InvalidUri::Host),
            ("ldap://[a.example]", InvalidUri::Host),
            ("ldap://a:", InvalidUri::Port),
            ("ldap://a:0", InvalidUri::Port),
            ("ldap://a:99999", InvalidUri::Port),
            ("ldaps://a:+636", InvalidUri::Port),
            ("ldap://[::1]x", InvalidUri::Port),
            ("ldap://a/dc=example", InvalidUri::Rest),
            ("ldap://user@a", InvalidUri::Rest),
            ("ldap://a ldap://b", InvalidUri::Rest),
            ("ldapi:///run/ldapi", InvalidUri::Path),
            ("ldapi://%2", InvalidUri::Path),
            ("ldapi://%zz", InvalidUri::Path),
            ("ldapi://%2Frun%+f", InvalidUri::Path),
            ("ldapi://run", InvalidUri::Path),
            ("ldapi://%2Frun%ff", InvalidUri::Path),
            ("ldapi://%2Frun%00", InvalidUri::Path),
        ] {
            assert_eq!(parts(text), Err(fault), "{text}");
        }
    }
}
