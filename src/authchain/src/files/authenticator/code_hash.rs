//! The hash functions of RFC 6238.

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// The hash function by which an authenticator app computes its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
pub enum CodeHash {
    /// SHA-1, which every app knows.
    #[default]
    #[serde(rename = "SHA1")]
    Sha1,
    /// SHA-256.
    #[serde(rename = "SHA256")]
    Sha256,
    /// SHA-512.
    #[serde(rename = "SHA512")]
    Sha512,
}

impl CodeHash {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    /// Returns the name, as `otpauth:` addresses have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// Returns the function of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.name() == name)
    }

    /// Returns the code of a time step as a number below 2^31, of which apps show the last digits
    /// (RFC 4226, section 5.3); `None` if it cannot be computed.
    pub fn code(self, secret: &[u8], step: u64) -> Option<u32> {
        match self {
            Self::Sha1 => code::<Hmac<Sha1>>(secret, step),
            Self::Sha256 => code::<Hmac<Sha256>>(secret, step),
            Self::Sha512 => code::<Hmac<Sha512>>(secret, step),
        }
    }
}

fn code<M: Mac + KeyInit>(secret: &[u8], step: u64) -> Option<u32> {
    // HMAC takes a key of any length.
    let mut mac = <M as KeyInit>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let mac = mac.finalize().into_bytes();
    let offset = usize::from(mac.last()? & 0xf);
    let bytes = mac.get(offset..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes) & 0x7fff_ffff)
}
