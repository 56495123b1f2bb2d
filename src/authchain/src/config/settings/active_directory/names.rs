//! Names that only a domain of Active Directory has.

use std::str::FromStr;

use crate::config::settings::ldap::dn::Dn;

/// The DNS name of a domain: `ad.example.com`. The default is empty: the key is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DomainName(String);

/// The name of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteName(String);

/// The short name of a domain: `EXAMPLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetbiosName(String);

/// A name that a domain controller accepts in a bind: `alice@ad.example.com`, `EXAMPLE\alice` or a
/// DN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindName(String);

impl DomainName {
    pub(super) const FAULT: &str = "must be the domain's DNS name, such as \"ad.example.com\"";

    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DomainName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split('.').all(is_label) {
            true => Ok(Self(text.to_owned())),
            false => Err(Self::FAULT.to_owned()),
        }
    }
}

impl SiteName {
    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SiteName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match is_label(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!("\"{text}\" is no site's name")),
        }
    }
}

impl NetbiosName {
    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NetbiosName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match is_label(text) && text.len() <= 15 {
            true => Ok(Self(text.to_owned())),
            false => Err("must be the domain's short name, such as \"EXAMPLE\"".to_owned()),
        }
    }
}

impl BindName {
    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BindName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('@').or_else(|| text.split_once('\\'));
        let is_name = parts.is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
            || Dn::parse(text).is_some_and(|dn| !dn.is_empty());
        match is_name {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "\"{text}\" is neither name@domain nor a distinguished name"
            )),
        }
    }
}

/// Returns whether `text` is a label of a DNS name. An underscore is allowed, for the names of
/// sites.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && (text.bytes()).all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
