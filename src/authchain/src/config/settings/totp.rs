//! Settings of `type = "totp"`.

use serde::Deserialize;

use super::common::{SettingsFault, fault};
use crate::files::authenticator::CodeHash;

/// Codes of authenticator apps (RFC 6238), which change every 30 seconds. The settings are those of
/// new secrets: a person who is enrolled keeps hers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default)]
pub struct TotpSettings {
    /// The name that the app shows beside the person's. Without it, the name of the machine.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub issuer: Option<String>,

    /// The hash function of the codes: `SHA1`, which every app knows, `SHA256` or `SHA512`.
    pub algorithm: CodeHash,

    /// The number of digits of a code: 6 to 8.
    #[cfg_attr(feature = "schema", schemars(range(min = 6, max = 8)))]
    pub digits: u32,
}

impl Default for TotpSettings {
    fn default() -> Self {
        Self {
            issuer: None,
            algorithm: CodeHash::default(),
            digits: 6,
        }
    }
}

impl TotpSettings {
    /// Checks that the settings make sense.
    ///
    /// # Errors
    /// The first key with a fault, and its fault.
    pub fn check(&self) -> Result<(), SettingsFault> {
        if !(6..=8).contains(&self.digits) {
            return fault("digits", "a code has 6 to 8 digits");
        }
        match self.issuer.as_deref() {
            Some(name) if name.trim().is_empty() || name.contains(char::is_control) => {
                fault("issuer", "the name is empty, or has a control character")
            }
            _ => Ok(()),
        }
    }
}
