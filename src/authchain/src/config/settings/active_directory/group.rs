//! Groups of a domain, as `allow_groups` names them.

use std::str::FromStr;

use super::sid::Sid;
use crate::config::settings::ldap::dn::Dn;

/// A group that `allow_groups` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainGroup {
    /// By its name.
    Name(String),
    /// By its DN.
    Dn(Dn),
    /// By its security identifier.
    Sid {
        /// The identifier.
        sid: Sid,
        /// The identifier as it was written.
        text: String,
    },
}

impl DomainGroup {
    /// Returns the group as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(text) | Self::Sid { text, .. } => text,
            Self::Dn(dn) => dn.as_str(),
        }
    }
}

impl FromStr for DomainGroup {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let written = || text.to_owned();
        let group = match text {
            _ if text.starts_with("S-1-") => text.parse().ok().map(|sid| Self::Sid {
                sid,
                text: written(),
            }),
            _ if text.contains('=') => Dn::parse(text).map(Self::Dn),
            _ if text.trim().is_empty() => None,
            _ => Some(Self::Name(written())),
        };
        group.ok_or_else(|| format!("\"{text}\" is neither a group's name, its DN nor its SID"))
    }
}
