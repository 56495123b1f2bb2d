//! Verifying password hashes.
//!
//! Everything that crypt(3) knows is left to the system's libcrypt, so that a hash means here what
//! it means to every other program of the machine; argon2 in PHC strings, which libcrypt does not
//! know, is computed by the `argon2` crate. libcrypt has no limit on cost and is generous about
//! shapes, so nothing reaches it that `method` and `shape` have not passed first.

mod argon2_phc;
#[allow(unsafe_code, reason = "the one file of the library that calls C")]
mod crypt;
mod method;
mod new_hash;
mod scrypt_cost;
mod shape;
mod tail;
mod template;

use std::ffi::CStr;
use std::fmt;

use zeroize::Zeroizing;

use crate::words::Secret;

pub use method::{Method, cost_of};
pub use new_hash::NewHash;
pub use template::Template;

/// Longest password in bytes that can match. libcrypt's `CRYPT_MAX_PASSPHRASE_SIZE` is 512 and
/// counts the terminator (crypt.h); argon2 is held to the same, so that a password does not stop
/// working when its hash changes method.
pub const MAX_PASSWORD: usize = 511;

/// Returns whether `password` is the one that `stored` was made of.
///
/// Takes as long for a wrong password as for the right one, and for one that could never match (too
/// long, or with a NUL in it) as for any other. A descrypt hash knows only the first 8 bytes of a
/// password and a bcrypt hash the first 72, as everywhere.
///
/// # Errors
/// Where `stored` cannot be verified. Nothing was computed then, and the caller owes the time: see
/// [`Template`].
pub fn verify(password: &Secret, stored: &[u8], weak_hashes: bool) -> Result<bool, HashError> {
    let method = Method::of(stored).ok_or(HashError::Unknown)?;
    if method.is_weak() && !weak_hashes {
        return Err(HashError::Weak(method));
    }
    shape::check(method, stored)?;
    let password = Hashable::from(password);
    let matches = matches(method, &password, stored)?;
    Ok(matches & password.whole)
}

/// Runs the hash. `stored` has passed [`shape::check`].
fn matches(method: Method, password: &Hashable, stored: &[u8]) -> Result<bool, HashError> {
    #[cfg(test)]
    witness::note(stored);
    if method == Method::Argon2 {
        return argon2_phc::matches(password.bytes(), stored);
    }
    let failed = HashError::NotComputed(method);
    let phrase = CStr::from_bytes_with_nul(&password.terminated).map_err(|_| failed)?;
    let computed = crypt::crypt(phrase, stored).ok_or(failed)?;
    Ok(equal(&computed, stored))
}

/// Returns whether two byte strings are equal, in a time that depends on their lengths alone.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y));
    a.len() == b.len() && std::hint::black_box(difference) == 0
}

/// A password in a form that every method can hash at its full cost.
struct Hashable {
    /// At most [`MAX_PASSWORD`] bytes without NUL, and one NUL.
    terminated: Zeroizing<Vec<u8>>,
    /// Whether that is the password itself, and not a stand-in that only takes as long.
    whole: bool,
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
    fn bytes(&self) -> &[u8] {
        self.terminated.split_last().map_or(&[], |(_, bytes)| bytes)
    }
}

/// Returns whether a password of these bytes can match at all.
fn is_hashable(password: &[u8]) -> bool {
    password.len() <= MAX_PASSWORD && !password.contains(&0)
}

/// Why a stored hash could not be verified, or a new one not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashError {
    /// No method's prefix, or not even the form of a hash.
    Unknown,
    /// The prefix is this method's; what follows is not, or is cut short.
    Malformed(Method),
    /// The method is weak, and weak hashes are not allowed.
    Weak(Method),
    /// A cost, memory or length is over its limit.
    TooCostly {
        /// The parameter, as it is called in the hash or with its unit as an ending.
        what: &'static str,
        /// What the hash asks for.
        value: u64,
        /// What is allowed.
        limit: u64,
    },
    /// This system's libcrypt does not know the method, or there was not enough memory.
    NotComputed(Method),
    /// A password over 511 bytes or with a NUL, which would never match its hash.
    UnusablePassword,
}

impl HashError {
    /// Returns whether no program could verify the hash: then no password matches it, which is an
    /// answer. Any other hash might match what was typed, and nobody can find out.
    pub fn matches_nothing(&self) -> bool {
        matches!(self, Self::Unknown | Self::Malformed(_))
    }
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not a hash of a known method"),
            Self::Malformed(method) => write!(f, "the {method} hash is malformed"),
            Self::Weak(method) => {
                write!(f, "the hash is {method}, refused unless weak_hashes = true")
            }
            Self::TooCostly { what, value, limit } => {
                write!(f, "{what}={value} is over the limit of {limit}")
            }
            Self::NotComputed(method) => {
                write!(f, "this system could not compute the {method} hash")
            }
            Self::UnusablePassword => write!(
                f,
                "the password is longer than {MAX_PASSWORD} bytes or has a NUL in it"
            ),
        }
    }
}

impl std::error::Error for HashError {}

/// The hashes that were computed, for tests of what costs the same: clocks are no proof on a busy
/// machine.
#[cfg(test)]
pub(crate) mod witness {
    use std::cell::RefCell;

    thread_local!(static COSTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) });

    pub(super) fn note(stored: &[u8]) {
        let cost = super::cost_of(stored).map_or(stored, |(_, cost)| cost);
        let cost = String::from_utf8_lossy(cost).into_owned();
        COSTS.with_borrow_mut(|costs| costs.push(cost));
    }

    /// Returns the method and cost of each hash that `question` computes.
    pub(crate) fn costs_of(question: impl FnOnce()) -> Vec<String> {
        COSTS.take();
        question();
        COSTS.take()
    }
}

#[cfg(test)]
mod tests;
