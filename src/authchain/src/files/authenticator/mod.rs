//! The secret that a person's authenticator app shares with this machine, and the recovery codes.
//!
//! - [`Authenticator`]: the file, which root alone can read.
//! - [`CodeHash`]: the hash function by which the app computes its codes.
//! - [`PendingAuthenticator`]: one that its person has not confirmed yet.
//! - [`RecoveryCodes`]: codes that need no app, each of which is good once.

mod authenticator_file;
mod code_hash;
mod pending;
mod recovery;

pub use authenticator_file::{Authenticator, MIN_SECRET};
pub use code_hash::CodeHash;
pub use pending::PendingAuthenticator;
pub use recovery::{NewRecoveryCodes, RecoveryCodes};

#[cfg(test)]
mod tests;
