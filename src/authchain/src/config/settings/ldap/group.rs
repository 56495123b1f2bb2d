//! Groups, as `allow_groups` names them.

use std::str::FromStr;

use super::dn::Dn;

/// A group that `allow_groups` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedGroup {
    /// By its name: a group below `group_base`.
    Name(String),
    /// By its DN.
    Dn(Dn),
}

impl AllowedGroup {
    /// Returns the group as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Dn(dn) => dn.as_str(),
        }
    }
}

impl FromStr for AllowedGroup {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let group = match text.contains('=') {
            true => Dn::parse(text).map(Self::Dn),
            false if text.trim().is_empty() => None,
            false => Some(Self::Name(text.to_owned())),
        };
        group
            .ok_or_else(|| format!("\"{text}\" is neither a group's name nor a distinguished name"))
    }
}
