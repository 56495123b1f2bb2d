//! The settings about second factors that stand at the top of the file and in rules.

use serde::Deserialize;

/// The answer to somebody who is enrolled in none of the second factors that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum NotEnrolled {
    /// They are refused.
    #[default]
    Refuse,
    /// The password is enough.
    Skip,
}

/// The people who may enrol somebody in a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum Enrol {
    /// Root alone, with `authchain totp enrol`.
    #[default]
    Root,
    /// The person, too, at the first login with the right password.
    #[serde(rename = "self")]
    Oneself,
}

/// Where the code of a second factor is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum CodeEntry {
    /// At a prompt of its own.
    #[default]
    Asked,
    /// Behind the password, without a blank.
    Appended,
}

/// The weight of a public key that sshd has verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum PublicKey {
    /// It has none for the chain.
    #[default]
    Ignored,
    /// It stands for the password: only the second factor is asked for.
    Counts,
}
