//! authchain's own accounts: a passwd(5) and a shadow(5) file that are edited and never left half
//! done.
//!
//! A change is read, made and written under one lock, file by file: a new file is written beside
//! the old one, flushed to the disk, and renamed over it. A reader sees the old file or the new
//! one. Two files cannot be renamed at once, so the order matters: **a name exists when it stands
//! in the passwd file**. A new account's shadow line is written first, a deleted one's last.
//! Whoever is killed between the two renames leaves a shadow line that belongs to nobody, which no
//! login reads and the next `add` of that name replaces; never a name without its password, expiry
//! or lock.

mod account;
mod database;
mod lock;
mod replace;
mod shadow_line;
mod table;

pub(crate) use account::Account;
pub(crate) use database::{Database, New};
pub(crate) use table::Table;

use std::fmt;

use crate::terminal::Failure;

/// Why an account was not changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AccountError {
    /// What was asked for cannot be: taken, unknown, not unlockable.
    Refused(String),
    /// A file could not be read, locked or written.
    Trouble(String),
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) | Self::Trouble(text) => f.write_str(text),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Refused(text) => Self::refused(text),
            AccountError::Trouble(text) => Self::trouble(text),
        }
    }
}
