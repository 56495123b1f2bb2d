//! Floor 4: sources of accounts.
//!
//! - [`Backend`]: the trait. It asks what a source knows of one person, and decides nothing.
//! - [`local`]: passwd and shadow files, read in this process.
//! - [`remote`]: every backend that asks servers. It starts a worker process for each question,
//!   under a deadline, and remembers in empty files which servers were down.
//! - [`protocol`]: what this process and the worker say to each other, for both sides of it. Its
//!   manual is `docs/PROTOCOL.md`.
//!
//! **Uses** the floors below. **Used by** `chain`; the worker uses [`protocol`] alone.
//! **Begin with** [`Backend`], then [`local`]. `docs/adding-a-backend.md` builds one from its
//! settings to its test.

mod breaker;
pub mod local;
pub mod protocol;
pub mod remote;
mod worker;

use crate::tools::request::{Attempt, Request};
use crate::words::{Account, BackendError, Secret, User, Username, Verdict};

/// The properties of a backend that the rule of the chain depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// For whom it speaks.
    pub authority: Authority,
    /// True if it answers without waiting for anybody, so that a deadline means nothing to it.
    pub answers_at_once: bool,
    /// True if it may be given an empty password, where the stack and the host allow that.
    pub takes_empty_passwords: bool,
    /// True if a refusal has to take the time of one of its hashes, even if it was not asked.
    pub owes_hash_time: bool,
}

/// For whom a backend speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// For the system: its accounts are those of the passwd file that says which names are the
    /// system's own. Only such a backend is asked about system names, and its people cannot be
    /// mistaken for others.
    System,
    /// For this machine: it may refuse an account that a backend in front calls valid, and may know
    /// a person without having a password for them.
    Machine,
    /// For a directory: it is not asked about an account that is called valid already.
    Directory,
}

impl Nature {
    /// Returns the nature of backends over this machine's files.
    pub fn of_files(is_system: bool) -> Self {
        Self {
            authority: match is_system {
                true => Authority::System,
                false => Authority::Machine,
            },
            answers_at_once: true,
            takes_empty_passwords: true,
            owes_hash_time: true,
        }
    }

    /// Returns the nature of backends whose accounts are on servers.
    pub fn of_servers() -> Self {
        Self {
            authority: Authority::Directory,
            answers_at_once: false,
            takes_empty_passwords: false,
            owes_hash_time: false,
        }
    }

    /// Returns whether it speaks for the system itself.
    pub fn is_system(self) -> bool {
        self.authority == Authority::System
    }

    /// Returns whether it speaks for a directory.
    pub fn is_directory(self) -> bool {
        self.authority == Authority::Directory
    }
}

/// A source of accounts: files, a directory, a plugin.
///
/// A backend only ever says what it knows. Order, fallbacks, system names and empty passwords are
/// the chain's business, so that no backend can get them wrong.
pub trait Backend {
    /// Returns the name it has in the configuration.
    fn name(&self) -> &str;

    /// Returns what the rule of the chain needs to know of it, whatever its type.
    fn nature(&self) -> Nature;

    /// Returns whether an entry named `entry` is the person who was asked for.
    fn is_same_name(&self, asked: &Username, entry: &str) -> bool {
        asked.as_str() == entry
    }

    /// Looks up who this is; `None` when the source does not know the name.
    ///
    /// # Errors
    /// When the source could not be asked.
    fn lookup(&self, request: &Request<'_>) -> Result<Option<User>, BackendError>;

    /// Judges whether the password is this person's.
    ///
    /// # Errors
    /// When the source could not be asked.
    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError>;

    /// Returns the state of the account; `None` when the source does not know the name.
    ///
    /// # Errors
    /// When the source could not be asked.
    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError>;

    /// Looks at every server there is, step by step, by the request's deadline, and has `hear` hear
    /// what each step comes to. A backend without servers has nothing to say.
    ///
    /// # Errors
    /// When the worker that looks at them could not be asked.
    #[cfg(feature = "examine")]
    fn examine(
        &self,
        _request: &Request<'_>,
        _hear: &mut dyn FnMut(protocol::ServerFinding),
    ) -> Result<(), BackendError> {
        Ok(())
    }

    /// Spends the time a wrong password would have cost, and learns nothing.
    ///
    /// For logins that are refused before any backend is asked, so that the clock does not tell
    /// them apart. It has no result, so that it cannot become an answer.
    fn burn_refusal_time(&self, _password: &Secret) {}
}
