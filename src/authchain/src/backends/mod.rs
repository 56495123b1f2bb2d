//! Floor 4: sources of accounts.
//!
//! - [`Backend`]: the trait. It answers what a source knows about one person, and decides nothing.
//! - `accounts`: the capabilities to add, edit, remove and list people, for the command alone.
//! - [`app_passwords`]: passwords for programs that cannot ask for a second factor.
//! - [`local`]: passwd and shadow files, read in this process.
//! - [`password_change`]: the capability to change a password, which a backend may have.
//! - [`plugin`]: how a worker is told to become a plugin.
//! - [`remote`]: every backend that asks servers. It starts a worker process for each question,
//!   under a deadline, and remembers in empty files which servers were down.
//! - [`protocol`]: the messages between this process and the worker, for both of them. Its manual
//!   is `docs/PROTOCOL.md`.
//!
//! **Uses** the floors below. **Used by** `chain`; the worker uses [`protocol`], and of
//! [`password_change`] the kinds of a change.
//! **Begin with** [`Backend`], then [`local`]. `docs/adding-a-backend.md` builds one from its
//! settings to its test.

#[cfg(feature = "manage")]
pub mod accounts;
pub mod app_passwords;
mod breaker;
pub mod local;
pub mod password_change;
pub mod plugin;
pub mod protocol;
pub mod remote;
mod worker;

#[cfg(feature = "manage")]
use self::accounts::{CannotKeep, Edit, Entries, ListEntries, Register, Remove};
use self::password_change::{CannotChange, ChangePassword};
use crate::tools::request::{Attempt, Request};
use crate::words::{Account, BackendError, Secret, User, Username, Verdict};

/// The properties of a backend that the chain depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// The reach of the backend's answers.
    pub authority: Authority,
    /// True if the backend never waits for a server, so that it needs no deadline.
    pub answers_at_once: bool,
    /// True if the backend may be given an empty password, if stack and host program allow that.
    pub takes_empty_passwords: bool,
    /// True if a refusal has to take the time of one of the backend's hashes, even if the backend
    /// was not asked.
    pub refusal_costs_hash: bool,
    /// True if the user ids of the backend's accounts are compared with the system's. Otherwise
    /// only the system's user ids count, and the system must know the name.
    pub compares_uids: bool,
    /// True if the backend takes a name with a domain (`EXAMPLE\alice`, `alice@example.com`) for
    /// the person of the name without it.
    pub strips_domains: bool,
    /// True if root has given out the backend's passwords, to people of whatever source, for
    /// programs that cannot ask for a second factor. Such a password stands for the factor, too,
    /// and is good for a person with a password in the system's own files: no directory says it.
    pub is_for_programs: bool,
}

/// The reach of a backend's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// The accounts are those of the passwd file that tells which names are the system's own. Only
    /// such a backend is asked about system names, and the user ids of its users need not be
    /// compared with those of the system.
    System,
    /// The accounts are in other files of this machine. Such a backend may refuse an account that
    /// an earlier backend calls valid, and may know a person without having a password for them.
    Machine,
    /// The accounts are on servers. Such a backend is not asked about an account that an earlier
    /// backend calls valid.
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
            refusal_costs_hash: true,
            compares_uids: true,
            strips_domains: false,
            is_for_programs: false,
        }
    }

    /// Returns the nature of backends over app passwords.
    pub fn of_app_passwords() -> Self {
        Self {
            takes_empty_passwords: false,
            refusal_costs_hash: false,
            is_for_programs: true,
            ..Self::of_files(false)
        }
    }

    /// Returns the nature of backends whose accounts are on servers.
    pub fn of_servers() -> Self {
        Self {
            authority: Authority::Directory,
            answers_at_once: false,
            takes_empty_passwords: false,
            refusal_costs_hash: false,
            compares_uids: true,
            strips_domains: false,
            is_for_programs: false,
        }
    }

    /// Returns whether the authority is [`Authority::System`].
    pub fn is_system(self) -> bool {
        self.authority == Authority::System
    }

    /// Returns whether the authority is [`Authority::Directory`].
    pub fn is_directory(self) -> bool {
        self.authority == Authority::Directory
    }
}

#[cfg(feature = "manage")]
const KEEPS_NONE: &str = "backends of this type keep no accounts";

#[cfg(feature = "manage")]
const LISTS_NONE: &str = "backends of this type cannot list them";

/// A source of accounts: files, a directory, a plugin.
///
/// A backend only answers what it knows. The chain takes care of order, faults, system names and
/// empty passwords, so that no backend can get them wrong.
pub trait Backend {
    /// Returns the backend's name in the configuration.
    fn name(&self) -> &str;

    /// Returns the names of the backend's servers, as far as the settings name them.
    #[cfg(feature = "manage")]
    fn servers(&self) -> &[String] {
        &[]
    }

    /// Returns the properties that the chain depends on.
    fn nature(&self) -> Nature;

    /// Returns whether the entry named `entry` is the person whose name was asked for.
    fn is_same_name(&self, asked: &Username, entry: &str) -> bool {
        asked.as_str() == entry
    }

    /// Looks the person up; `None` if the source does not know the name.
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

    /// Returns the way to change passwords in this source, or the reason why there is none.
    ///
    /// # Errors
    /// [`CannotChange`].
    fn change_password(&self) -> Result<&dyn ChangePassword, CannotChange> {
        Err(CannotChange::NotSupported)
    }

    /// Returns the way to add people to this source, or the reason why there is none.
    ///
    /// # Errors
    /// [`CannotKeep`].
    #[cfg(feature = "manage")]
    fn register(&self) -> Result<&dyn Register, CannotKeep> {
        Err(CannotKeep::NotSupported(KEEPS_NONE))
    }

    /// Returns the way to edit the entries of people, or the reason why there is none.
    ///
    /// # Errors
    /// [`CannotKeep`].
    #[cfg(feature = "manage")]
    fn edit(&self) -> Result<&dyn Edit, CannotKeep> {
        Err(CannotKeep::NotSupported(KEEPS_NONE))
    }

    /// Returns the way to remove people, or the reason why there is none.
    ///
    /// # Errors
    /// [`CannotKeep`].
    #[cfg(feature = "manage")]
    fn remove(&self) -> Result<&dyn Remove, CannotKeep> {
        Err(CannotKeep::NotSupported(KEEPS_NONE))
    }

    /// Returns the way to list people or groups, or the reason why there is none.
    ///
    /// # Errors
    /// [`CannotKeep`].
    #[cfg(feature = "manage")]
    fn list(&self, _entries: Entries) -> Result<&dyn ListEntries, CannotKeep> {
        Err(CannotKeep::NotSupported(LISTS_NONE))
    }

    /// Returns whether the last question was *unavailable* because no server answered, and not
    /// because of anything that a server said.
    fn was_unanswered(&self) -> bool {
        false
    }

    /// Returns whether the last answer was *unknown* because the backend cannot be asked such a
    /// question, and not because the source does not know the name: a plugin may say nothing of
    /// accounts.
    fn lacked_question(&self) -> bool {
        false
    }

    /// Examines every server, step by step, until the request's deadline, and calls `hear` with the
    /// result of each step. A backend without servers does nothing.
    ///
    /// # Errors
    /// When the worker that examines the servers could not be asked.
    #[cfg(feature = "examine")]
    fn examine(
        &self,
        _request: &Request<'_>,
        _hear: &mut dyn FnMut(protocol::ServerFinding),
    ) -> Result<(), BackendError> {
        Ok(())
    }

    /// Spends the time that a wrong password would have cost.
    ///
    /// The chain calls it if a login is refused before this backend is asked, so that the time does
    /// not tell whether it was asked. The function returns nothing, so that it can let nobody in.
    fn burn_refusal_time(&self, _password: &Secret) {}
}
