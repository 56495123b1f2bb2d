//! Secrets on the wire: bytes that need not be UTF-8, and are wiped from memory.

use std::fmt;

use base64ct::{Base64, Encoding};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{self, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::words::Secret;

/// A secret on the wire: base64 (RFC 4648 §4) with padding.
///
/// The sender borrows the secret, the receiver owns it. Every buffer in between is wiped.
pub enum Bytes<'a> {
    /// A secret that is to be sent.
    Lent(&'a Secret),
    /// A secret that was received.
    Owned(Secret),
}

impl Bytes<'_> {
    /// Returns the secret.
    pub fn secret(&self) -> &Secret {
        match self {
            Self::Lent(secret) => secret,
            Self::Owned(secret) => secret,
        }
    }

    fn decode(text: &str) -> Result<Self, base64ct::Error> {
        let mut buffer = Zeroizing::new(vec![0; text.len()]);
        let length = Base64::decode(text, &mut buffer)?.len();
        buffer.truncate(length);
        Ok(Self::Owned(Secret::new(std::mem::take(&mut buffer))))
    }
}

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.secret().expose();
        let mut buffer = Zeroizing::new(vec![0; Base64::encoded_len(bytes)]);
        let text = Base64::encode(bytes, &mut buffer).map_err(ser::Error::custom)?;
        serializer.serialize_str(text)
    }
}

impl<'de> Deserialize<'de> for Bytes<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Base64Visitor;

        impl Visitor<'_> for Base64Visitor {
            type Value = Bytes<'static>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64 with padding")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                // Without the text itself: it may be a password that somebody did not encode.
                Bytes::decode(text).map_err(|_| E::custom("not base64 with padding"))
            }
        }

        let bytes: Bytes<'static> = deserializer.deserialize_str(Base64Visitor)?;
        Ok(bytes)
    }
}
