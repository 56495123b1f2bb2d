//! Verifying password hashes.
//!
//! The methods of crypt(3) are left to the system's libcrypt, so that a hash matches the same
//! passwords here as in every other program of the machine. argon2 in PHC strings, which libcrypt
//! does not know, is computed by the `argon2` crate. libcrypt has no limit on cost and accepts
//! malformed hashes, so it is only given hashes that `method` and `shape` have checked.

mod argon2_phc;
mod bounds;
mod compute;
#[allow(unsafe_code, reason = "the one file of the library with unsafe code")]
mod crypt;
mod digest;
mod dummy_hash;
mod error;
mod hashable;
mod method;
mod new_hash;
mod scrypt_cost;
mod shape;
mod tail;

use crate::words::Secret;

#[cfg(test)]
pub(crate) use compute::witness;
pub use dummy_hash::DummyHash;
pub use error::HashError;
use hashable::Hashable;
pub use hashable::MAX_PASSWORD;
pub use method::{Method, cost_of};
pub use new_hash::NewHash;

/// Returns whether `password` matches the hash `stored`.
///
/// Takes as long for a wrong password as for the right one, even for a password that can never
/// match (too long, or with a NUL in it). As in every program, descrypt uses only the first 8 bytes
/// of a password and bcrypt the first 72.
///
/// # Errors
/// Where `stored` cannot be verified. Nothing was computed then, so a refusal must still spend the
/// time of a hash: see [`DummyHash`].
pub fn verify(password: &Secret, stored: &[u8], weak_hashes: bool) -> Result<bool, HashError> {
    let method = Method::of(stored).ok_or(HashError::Unknown)?;
    if method.is_weak() && !weak_hashes {
        return Err(HashError::Weak(method));
    }
    shape::check(method, stored)?;
    let password = Hashable::from(password);
    let matches = compute::matches(method, &password, stored)?;
    Ok(matches & password.whole)
}

#[cfg(test)]
mod tests;
