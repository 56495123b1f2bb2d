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

/// A source of accounts: files, a directory, a plugin.
///
/// A backend only ever says what it knows. Order, fallbacks, system names and empty passwords are
/// the chain's business, so that no backend can get them wrong.
pub trait Backend {
    /// The name it has in the configuration.
    fn name(&self) -> &str;

    /// Whether it answers from this machine's files alone, without waiting for anybody.
    ///
    /// Only such a backend is given empty passwords.
    fn is_local(&self) -> bool {
        false
    }

    /// Whether its accounts *are* the system's own: those of the passwd file that says which names
    /// are.
    ///
    /// Only such a backend is asked about system names, and its people cannot be mistaken for
    /// others.
    fn is_system(&self) -> bool {
        false
    }

    /// Whether an entry named `entry` is the person who was asked for.
    fn is_same_name(&self, asked: &Username, entry: &str) -> bool {
        asked.as_str() == entry
    }

    /// Who this is; `None` when the source does not know the name.
    ///
    /// # Errors
    /// When the source could not be asked.
    fn lookup(&self, request: &Request<'_>) -> Result<Option<User>, BackendError>;

    /// Whether the password is this person's.
    ///
    /// # Errors
    /// When the source could not be asked.
    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError>;

    /// The state of the account; `None` when the source does not know the name.
    ///
    /// # Errors
    /// When the source could not be asked.
    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError>;

    /// Looks at every server there is, step by step, by the request's deadline, and has `hear` hear
    /// what each step comes to. A backend without servers has nothing to say.
    ///
    /// # Errors
    /// When nobody could look.
    #[cfg(feature = "examine")]
    fn examine(
        &self,
        _request: &Request<'_>,
        _hear: &mut dyn FnMut(protocol::Finding),
    ) -> Result<(), BackendError> {
        Ok(())
    }

    /// Spends the time a wrong password would have cost, and learns nothing.
    ///
    /// For logins that are refused before any backend is asked, so that the clock does not tell
    /// them apart. It has no result, so that it cannot become an answer.
    fn spend_like_a_refusal(&self, _password: &Secret) {}
}
