//! The reasons why a password could not be verified or hashed.

use std::fmt;

use super::hashable::MAX_PASSWORD;
use super::method::Method;

/// The reason why a stored hash could not be verified, or a new one not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashError {
    /// The hash has the prefix of no known method, or not the form of a hash.
    Unknown,
    /// The hash has the prefix of this method, but the rest is malformed or cut short.
    Malformed(Method),
    /// The method is weak, and weak hashes are not allowed.
    Weak(Method),
    /// A cost, memory or length is over its limit.
    TooCostly {
        /// The name of the parameter, as in the hash (`m`) or with its unit (`memory_kib`).
        what: &'static str,
        /// The value that the hash asks for.
        value: u64,
        /// The largest value that is allowed.
        limit: u64,
    },
    /// This system's libcrypt does not know the method, or there was not enough memory.
    NotComputed(Method),
    /// A password over 511 bytes or with a NUL, which would never match its hash.
    UnusablePassword,
}

impl HashError {
    /// Returns whether no program could verify the hash, so that no password matches it and the
    /// login is denied. With other errors, the password may be right, but that cannot be found out
    /// here.
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
