//! Secrets, such as passwords.

use zeroize::Zeroizing;

/// A password or another secret: bytes, not text, wiped when dropped.
///
/// It has no `Debug`, `Display`, `Clone` or `Serialize`, so that it cannot slip into a log line or
/// a second copy; code that needs the bytes must call [`expose`](Secret::expose).
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over without a copy, so that their buffer is the one that is wiped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Returns whether the secret has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
