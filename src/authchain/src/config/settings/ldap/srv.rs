//! A domain whose servers DNS names (RFC 2782).

use super::Tls;

/// The service to ask DNS for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrvName {
    /// Its full name: `_ldap._tcp.example.com`.
    pub service: String,
    /// How connections to its servers are encrypted.
    pub tls: Tls,
}

/// What is wrong with a value of `srv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidSrv {
    /// It is no name that DNS can have.
    Name,
    /// It names another service, or another transport.
    Service,
    /// It names a service that is encrypted otherwise than `tls` says.
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
    /// Reads the service that `text` names, a domain or the service's whole name; `tls` is what the
    /// settings say.
    ///
    /// A domain alone is asked for `_ldap`, with StartTLS; with `tls = "ldaps"` for `_ldaps`, since
    /// the records of `_ldap` have the port of the other.
    ///
    /// # Errors
    /// [`InvalidSrv`], where DNS could not have the name or the answer could not be used.
    pub fn parse(text: &str, tls: Option<Tls>) -> Result<Self, InvalidSrv> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if !is_name(text) {
            return Err(InvalidSrv::Name);
        }
        let lower = text.to_ascii_lowercase();
        if !lower.starts_with('_') {
            let tls = tls.unwrap_or(Tls::Starttls);
            let label = if tls == Tls::Ldaps { "_ldaps" } else { "_ldap" };
            let service = format!("{label}._tcp.{text}");
            return Ok(Self { service, tls });
        }
        let own = match lower.split_once("._tcp.") {
            Some(("_ldap", _)) => Tls::Starttls,
            Some(("_ldaps", _)) => Tls::Ldaps,
            _ => return Err(InvalidSrv::Service),
        };
        let tls = tls.unwrap_or(own);
        if (tls == Tls::Ldaps) != (own == Tls::Ldaps) {
            return Err(InvalidSrv::Tls);
        }
        let service = text.to_owned();
        Ok(Self { service, tls })
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
        SrvName::parse(text, tls).map(|name| (name.service, name.tls))
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
    fn what_names_no_service_of_ours_says_so() {
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
