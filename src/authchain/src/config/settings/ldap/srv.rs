//! A domain whose servers are found by DNS SRV records (RFC 2782).

use std::str::FromStr;

use super::choices::Tls;

/// A value of `srv`: a domain, or the whole name of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrvName {
    text: String,
    /// The encryption that belongs to the named service; `None` for a domain.
    of_service: Option<Tls>,
}

/// The service to ask DNS for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrvService {
    /// Its full name: `_ldap._tcp.example.com`.
    pub name: String,
    /// The encryption of connections to its servers.
    pub tls: Tls,
}

/// A fault of a value of `srv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidSrv {
    /// It is no DNS name.
    Name,
    /// It names another service, or another transport.
    Service,
    /// It names a service whose encryption is not that of `tls`.
    Tls,
}

impl std::fmt::Display for InvalidSrv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Name => "is no domain",
            Self::Service => "must be a domain, or begin with _ldap._tcp. or _ldaps._tcp.",
            Self::Tls => "and tls disagree: _ldap means starttls (or none), _ldaps means ldaps",
        })
    }
}

impl SrvName {
    /// Reads a domain or the whole name of a service.
    ///
    /// # Errors
    /// [`InvalidSrv`] for a text that is no DNS name, and for another service or transport.
    pub fn parse(text: &str) -> Result<Self, InvalidSrv> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if !is_name(name) {
            return Err(InvalidSrv::Name);
        }
        let lower = name.to_ascii_lowercase();
        let of_service = match lower.split_once("._tcp.") {
            _ if !lower.starts_with('_') => None,
            Some(("_ldap", _)) => Some(Tls::Starttls),
            Some(("_ldaps", _)) => Some(Tls::Ldaps),
            _ => return Err(InvalidSrv::Service),
        };
        let text = text.to_owned();
        Ok(Self { text, of_service })
    }

    /// Checks that the setting `tls` does not contradict the service.
    ///
    /// # Errors
    /// [`InvalidSrv::Tls`] for a service with another encryption.
    pub fn check(&self, tls: Option<Tls>) -> Result<(), InvalidSrv> {
        match (self.of_service, tls) {
            (Some(of_service), Some(tls)) if (of_service == Tls::Ldaps) != (tls == Tls::Ldaps) => {
                Err(InvalidSrv::Tls)
            }
            _ => Ok(()),
        }
    }

    /// Returns the service to ask for; `tls` is the setting.
    ///
    /// For a domain, that is `_ldap` with StartTLS. With `tls = "ldaps"` it is `_ldaps`, since the
    /// records of `_ldap` have the port without TLS.
    pub fn service(&self, tls: Option<Tls>) -> SrvService {
        let name = self.text.strip_suffix('.').unwrap_or(&self.text);
        let tls = tls.or(self.of_service).unwrap_or(Tls::Starttls);
        let name = match (self.of_service, tls) {
            (Some(_), _) => name.to_owned(),
            (None, Tls::Ldaps) => format!("_ldaps._tcp.{name}"),
            (None, Tls::Starttls | Tls::None) => format!("_ldap._tcp.{name}"),
        };
        SrvService { name, tls }
    }

    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for SrvName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| format!("\"{text}\" {error}"))
    }
}

/// Returns whether a text is a DNS name: labels of letters, digits, `-` and `_`, of at most 63
/// bytes each (RFC 1035 §2.3.4), with room for the service in front.
fn is_name(text: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_good);
    text.len() <= 240 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, tls: Option<Tls>) -> Result<(String, Tls), InvalidSrv> {
        let name = SrvName::parse(text)?;
        name.check(tls)?;
        let service = name.service(tls);
        Ok((service.name, service.tls))
    }

    #[test]
    fn a_domain_is_asked_for_the_service_that_its_encryption_needs() {
        let site = "_LDAP._tcp.a._sites.dc._msdcs.x.test";
        for (text, tls, service, meant) in [
            ("x.test", None, "_ldap._tcp.x.test", Tls::Starttls),
            ("x.test.", None, "_ldap._tcp.x.test", Tls::Starttls),
            ("x.test", Some(Tls::None), "_ldap._tcp.x.test", Tls::None),
            ("x.test", Some(Tls::Ldaps), "_ldaps._tcp.x.test", Tls::Ldaps),
            ("_ldaps._tcp.x", None, "_ldaps._tcp.x", Tls::Ldaps),
            (site, None, site, Tls::Starttls),
        ] {
            assert_eq!(parsed(text, tls), Ok((service.to_owned(), meant)), "{text}");
        }
    }

    #[test]
    fn a_name_that_cannot_be_used_is_refused_with_its_fault() {
        let long = "a.".repeat(121);
        for (text, tls, fault) in [
            ("", None, InvalidSrv::Name),
            ("x..test", None, InvalidSrv::Name),
            ("x test", None, InvalidSrv::Name),
            ("ldap://x", None, InvalidSrv::Name),
            (&long, None, InvalidSrv::Name),
            ("_kerberos._tcp.x", None, InvalidSrv::Service),
            ("_ldap._udp.x", None, InvalidSrv::Service),
            ("_ldap._tcp.x", Some(Tls::Ldaps), InvalidSrv::Tls),
            ("_ldaps._tcp.x", Some(Tls::Starttls), InvalidSrv::Tls),
        ] {
            assert_eq!(parsed(text, tls), Err(fault), "{text}");
        }
    }
}
