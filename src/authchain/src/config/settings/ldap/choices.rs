//! Keys whose values are one of a few words.

use serde::{Deserialize, Serialize};

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// From the first byte.
    Ldaps,
    /// After a request in the clear.
    Starttls,
    /// Not at all.
    None,
}

/// How authchain itself logs in, besides with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Sasl {
    /// It does not.
    #[default]
    None,
    /// As whom the connection says.
    External,
}

/// How far below its base a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The entry itself.
    Base,
    /// Its children.
    One,
    /// Itself and everything below.
    #[default]
    Sub,
}

/// Which account rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AccountPolicy {
    /// Those the entry has attributes of.
    #[default]
    Auto,
    /// The shadow* attributes of RFC 2307.
    Shadow,
    /// The password policy of draft-behera-ldap-password-policy.
    Ppolicy,
    /// None.
    None,
}

impl AccountPolicy {
    /// Returns whether the shadow* attributes count.
    pub fn heeds_shadow(self) -> bool {
        matches!(self, Self::Auto | Self::Shadow)
    }

    /// Returns whether the password policy's attributes count.
    pub fn heeds_ppolicy(self) -> bool {
        matches!(self, Self::Auto | Self::Ppolicy)
    }
}

/// When two names are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// When they are the same bytes.
    #[default]
    Exact,
    /// When they differ at most in the case of ASCII letters.
    Ascii,
}

impl Case {
    /// Returns whether an entry named `entry` is the person asked for as `asked`.
    pub fn is_same(self, asked: &str, entry: &str) -> bool {
        match self {
            Self::Exact => asked == entry,
            Self::Ascii => asked.eq_ignore_ascii_case(entry),
        }
    }
}
