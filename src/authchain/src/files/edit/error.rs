//! The reasons why an account is not changed.

use std::fmt;

/// The reason why an account could not be listed or changed. The files are as they were, unless a
/// file could not be written.
#[derive(Debug, PartialEq, Eq)]
pub enum EditError {
    /// The request cannot be carried out: the name is taken or unknown, or its line is malformed.
    Refused(String),
    /// This field of a new account has a colon or a control character, which would break the file.
    UnusableField(&'static str),
    /// The account has no password that could be unlocked.
    NoPassword,
    /// Another process holds the lock.
    Busy(String),
    /// The account is not as it was when the change was allowed.
    ChangedMeanwhile,
    /// A file could not be read, locked or written.
    File(String),
    /// The change is made, but may be lost in a power failure: the folder could not be flushed to
    /// the disk.
    NotFlushed(String),
    /// The process could not get its real user id back after the change, which is made or not.
    Stranded(String),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text)
            | Self::Busy(text)
            | Self::File(text)
            | Self::NotFlushed(text)
            | Self::Stranded(text) => f.write_str(text),
            Self::ChangedMeanwhile => f.write_str("the account has changed meanwhile"),
            Self::UnusableField(name) => {
                write!(
                    f,
                    "{name}: a colon or a control character would break the file"
                )
            }
            Self::NoPassword => f.write_str("it has no password to unlock"),
        }
    }
}
