//! The reasons why the guard does not pass on a message.

use std::fmt;

use authchain::tools::journal::quoted;

use super::MAX_MESSAGE;

/// The reason why the guard does not pass on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A length that no element of LDAP has: an indefinite one, one of more than four bytes, or one
    /// that exceeds the enclosing element.
    Length,
    /// A tag number too large for one byte.
    Tag,
    /// A message larger than [`MAX_MESSAGE`].
    TooLarge(usize),
    /// More bytes than one connection may receive.
    TooMuch(usize),
    /// Elements nested deeper than in any LDAP message.
    TooDeep,
    /// More elements than a message may have.
    TooMany,
    /// A message of another shape than its tag says.
    Shape(&'static str),
    /// A text that is not UTF-8.
    NotUtf8(&'static str),
    /// An answer to a request that was not made, or was answered already.
    NotAsked(i32),
    /// An answer of another kind than the request.
    WrongKind(u8),
    /// More entries than were asked for.
    TooManyEntries,
    /// The notice of disconnection (RFC 4511 §4.4.1), with its text.
    Disconnection(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Disconnection(text) = self {
            f.write_str("the server ended the connection")?;
            return match text.as_str() {
                "" => Ok(()),
                text => write!(f, ": {}", quoted(text)),
            };
        }
        f.write_str("not a valid answer: ")?;
        match self {
            Self::Length => f.write_str("an element with an impossible length"),
            Self::Tag => f.write_str("an element with an unknown tag"),
            Self::TooLarge(size) => write!(f, "a message of {size} bytes, over {MAX_MESSAGE}"),
            Self::TooMuch(most) => write!(f, "more than {most} bytes"),
            Self::TooDeep => f.write_str("elements nested too deep"),
            Self::TooMany => f.write_str("too many elements"),
            Self::Shape(what) => write!(f, "malformed {what}"),
            Self::NotUtf8(what) => write!(f, "{what} is not UTF-8"),
            Self::NotAsked(id) => write!(f, "an answer to nothing that was asked (id {id})"),
            Self::WrongKind(tag) => write!(f, "an answer of another kind (0x{tag:02x})"),
            Self::TooManyEntries => f.write_str("more entries than were asked for"),
            Self::Disconnection(_) => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
