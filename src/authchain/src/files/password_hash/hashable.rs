//! Passwords in the form in which they are hashed.

use zeroize::Zeroizing;

use crate::words::Secret;

/// Maximum length of a password that can match, in bytes. libcrypt's `CRYPT_MAX_PASSPHRASE_SIZE` is
/// 512 and counts the terminator (crypt.h); argon2 has the same limit here, so that a password does
/// not stop working when its hash changes method.
pub const MAX_PASSWORD: usize = 511;

/// A password in a form that every method can hash at its full cost.
pub(super) struct Hashable {
    /// At most [`MAX_PASSWORD`] bytes without NUL, and one NUL.
    pub(super) terminated: Zeroizing<Vec<u8>>,
    /// True if `terminated` is the password itself; false if the password can match nothing, and
    /// `terminated` is hashed only to spend the time.
    pub(super) whole: bool,
}

impl From<&Secret> for Hashable {
    fn from(password: &Secret) -> Self {
        let bytes = password.expose();
        let mut terminated = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD.saturating_add(1)));
        let stand_in = |&byte: &u8| if byte == 0 { 1 } else { byte };
        terminated.extend(bytes.iter().take(MAX_PASSWORD).map(stand_in));
        terminated.push(0);
        Self {
            terminated,
            whole: is_hashable(bytes),
        }
    }
}

impl Hashable {
    /// Returns the bytes without the NUL behind them.
    pub(super) fn bytes(&self) -> &[u8] {
        self.terminated.split_last().map_or(&[], |(_, bytes)| bytes)
    }
}

/// Returns whether a password of these bytes can match at all.
pub(super) fn is_hashable(password: &[u8]) -> bool {
    password.len() <= MAX_PASSWORD && !password.contains(&0)
}
