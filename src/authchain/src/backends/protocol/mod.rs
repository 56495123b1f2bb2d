//! The protocol between the module and a worker: messages as plain types, and lines on a stream.
//!
//! Both ends use it. `docs/PROTOCOL.md` describes it for people who write a worker in another
//! language. Neither end trusts the other: a line is one JSON object of a known shape, or an error
//! that says what is wrong. Unknown members are ignored, so that a later version can add some; a
//! member of the wrong type is an error.

#[cfg(feature = "manage")]
mod account_end;
#[cfg(feature = "manage")]
mod account_task;
mod bytes;
mod change;
mod finding;
mod groups;
mod lines;
mod members;
mod names;
mod object;
mod operation;
mod reply;
mod reply_members;
mod request;
#[cfg(test)]
mod tests;
mod verdict;
mod verdict_line;
mod wire_words;

use std::fmt;

#[cfg(feature = "manage")]
pub use account_end::AccountEnd;
#[cfg(feature = "manage")]
pub use account_task::{AccountTask, AccountWork};
pub use bytes::Bytes;
pub use change::PasswordChange;
pub use finding::{ServerFinding, Severity};
pub use groups::{MAX_GROUP_BYTES, MAX_GROUPS, check_answered, check_groups};
pub use lines::LineBuffer;
pub use names::{MAX_OTHER_NAMES, check_names};
pub use operation::Operation;
pub use reply::Reply;
pub use request::{Hello, Message, Question};
pub use verdict::{Conclusion, RefusalReason, ServersFound, WireRefusal, WireUser, WireVerdict};

/// The version of the protocol, which both ends name in their hello.
pub const VERSION: u64 = 1;

/// Maximum length of a line in bytes, its line feed included.
pub const MAX_LINE: usize = 64 * 1024;

/// A fault of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProtocolError {
    /// More than [`MAX_LINE`] bytes.
    TooLong,
    /// Not JSON, or a member of the wrong type; in the parser's words.
    Malformed(String),
    /// A string holds a NUL, which would end it early in a host written in C.
    Nul,
    /// An object that is none of the messages of the protocol, or two at once.
    NoMessage,
    /// The other end speaks another version.
    Version(u64),
    /// A member is missing.
    Missing(&'static str),
    /// A member has a value that the protocol does not define.
    Value(&'static str, String),
    /// A verdict, and an account status that contradicts it.
    Contradiction(&'static str, &'static str),
    /// The groups of a question or an answer are not those that it may have.
    Groups(String),
    /// The other names of a person are not those that an answer may have.
    Names(String),
    /// The protocol has no value of this member for what was to be sent.
    NoWord(&'static str),
}

/// Maximum number of characters of the other end's text that an error repeats.
const MAX_QUOTE: usize = 160;

impl From<serde_json::Error> for ProtocolError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(quote(&error.to_string()))
    }
}

/// Returns at most [`MAX_QUOTE`] characters of `text`.
fn quote(text: &str) -> String {
    text.chars().take(MAX_QUOTE).collect()
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a line longer than {MAX_LINE} bytes"),
            Self::Malformed(why) => write!(f, "malformed: {why}"),
            Self::Nul => f.write_str("a string with a NUL in it"),
            Self::NoMessage => f.write_str("an object that is not exactly one message"),
            Self::Version(theirs) => write!(f, "version {theirs}, not {VERSION}"),
            Self::Missing(member) => write!(f, "no \"{member}\""),
            Self::Value(member, value) => write!(f, "\"{member}\" is \"{value}\""),
            Self::Contradiction(verdict, status) => {
                write!(f, "\"{verdict}\" of an account that is \"{status}\"")
            }
            Self::Groups(why) => write!(f, "a list of \"groups\" with {why}"),
            Self::Names(why) => write!(f, "a list of \"also_named\" with {why}"),
            Self::NoWord(member) => write!(f, "no word for this \"{member}\""),
        }
    }
}

impl std::error::Error for ProtocolError {}
