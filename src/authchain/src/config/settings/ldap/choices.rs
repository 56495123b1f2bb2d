//! Settings whose value is one of a few words.

use serde::{Deserialize, Serialize};

/// The encryption of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// TLS from the first byte.
    Ldaps,
    /// TLS after a request in the clear (StartTLS, RFC 4511 §4.14).
    Starttls,
    /// None: everything is sent in the clear.
    None,
}

/// The way in which authchain itself binds, if not with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Sasl {
    /// No SASL.
    #[default]
    None,
    /// SASL EXTERNAL: as the identity of the connection (RFC 4422 appendix A).
    External,
}

/// The scope of a search (RFC 4511 §4.5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The base entry itself.
    Base,
    /// The children of the base entry.
    One,
    /// The base entry and everything below it.
    #[default]
    Sub,
}

/// The attributes by which an account is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AccountPolicy {
    /// Those that the entry has.
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

/// The request by which a password is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ChangeMethod {
    /// The Password Modify operation (RFC 3062).
    #[default]
    Exop,
    /// A Modify request (RFC 4511 §4.6) that writes `userPassword`.
    Modify,
}

/// The use that the command makes of the rights of authchain's own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AccountAccess {
    /// It reads entries.
    #[default]
    Read,
    /// It adds, edits and removes entries, too.
    Write,
}

/// The source of the user id that counts for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum UidSource {
    /// The entry: its user id, if it has one, must be the system's.
    #[default]
    Entry,
    /// The system, which computes user ids itself: that of the entry is not read.
    System,
}

/// The comparison of two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// Equal if they have the same bytes.
    #[default]
    Exact,
    /// Equal if they differ at most in the case of ASCII letters.
    Ascii,
}

impl Case {
    /// Returns whether the entry named `entry` is the person whose name was `asked` for.
    pub fn is_same(self, asked: &str, entry: &str) -> bool {
        match self {
            Self::Exact => asked == entry,
            Self::Ascii => asked.eq_ignore_ascii_case(entry),
        }
    }
}
