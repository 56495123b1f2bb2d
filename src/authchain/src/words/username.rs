//! The type of login names, which are parsed once, where the host program hands them in.

use std::fmt;

/// Maximum length of a login name in bytes. `LOGIN_NAME_MAX` is 256 too, but counts the NUL.
const MAX_BYTES: usize = 256;

/// A login name that is safe to look up and to log.
///
/// A name is refused, never repaired: if `" alice"` were made into `"alice"`, one account would
/// have two spellings, and its failures would be counted for each spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(String);

impl Username {
    /// Accepts the name as it was given, or says what is wrong with it.
    ///
    /// # Errors
    /// [`InvalidUsername`] for a name that is empty, longer than 256 bytes, not UTF-8, has control
    /// characters, blanks at an end, one of `:` `/` `,`, starts with `-` or `+`, or is `.` or `..`.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidUsername> {
        if bytes.is_empty() {
            return Err(InvalidUsername::Empty);
        }
        if bytes.len() > MAX_BYTES {
            return Err(InvalidUsername::TooLong);
        }
        let name = std::str::from_utf8(bytes).map_err(|_| InvalidUsername::NotUtf8)?;
        if name.chars().any(char::is_control) {
            return Err(InvalidUsername::ControlCharacter);
        }
        if name.trim() != name {
            return Err(InvalidUsername::BlankAtAnEnd);
        }
        if let Some(c) = name.chars().find(|c| matches!(c, ':' | '/' | ',')) {
            return Err(InvalidUsername::Character(c));
        }
        if name.starts_with(['-', '+']) {
            return Err(InvalidUsername::LeadingSign);
        }
        if name == "." || name == ".." {
            return Err(InvalidUsername::Dots);
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The reason why a name is no login name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidUsername {
    /// Nothing was given.
    Empty,
    /// More than 256 bytes.
    TooLong,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A control character, NUL among them.
    ControlCharacter,
    /// White space at the beginning or the end.
    BlankAtAnEnd,
    /// A character that separates fields or paths.
    Character(char),
    /// `-` would read as an option, `+` as an NIS compat entry.
    LeadingSign,
    /// `.` or `..`.
    Dots,
}

impl fmt::Display for InvalidUsername {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the name is empty"),
            Self::TooLong => write!(f, "the name is longer than {MAX_BYTES} bytes"),
            Self::NotUtf8 => f.write_str("the name is not UTF-8"),
            Self::ControlCharacter => f.write_str("the name has a control character"),
            Self::BlankAtAnEnd => f.write_str("the name begins or ends with a blank"),
            Self::Character(c) => write!(f, "the name has a '{c}'"),
            Self::LeadingSign => f.write_str("the name begins with '-' or '+'"),
            Self::Dots => f.write_str("the name is '.' or '..'"),
        }
    }
}

impl std::error::Error for InvalidUsername {}

/// Returns a name without the domain that some name services put before or behind it:
/// `EXAMPLE\\alice`, `alice@example.com`.
pub fn bare(name: &str) -> &str {
    let name = name.rsplit_once('\\').map_or(name, |(_, name)| name);
    name.split_once('@').map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_names_pass_unchanged() {
        for name in [
            "alice",
            "o\"q",
            "a b",
            "DOM\\alice",
            "al\u{131}ce",
            "alice@x.org",
            "5001",
            "*)(uid=*",
        ] {
            assert_eq!(Username::parse(name.as_bytes()).unwrap().as_str(), name);
        }
    }

    #[test]
    fn hostile_names_are_refused_for_the_right_reason() {
        let long = "A".repeat(257);
        let cases: &[(&[u8], InvalidUsername)] = &[
            (b"", InvalidUsername::Empty),
            (long.as_bytes(), InvalidUsername::TooLong),
            (b"al\xffice", InvalidUsername::NotUtf8),
            (b"alice\r", InvalidUsername::ControlCharacter),
            (b"a\nsshd[1]", InvalidUsername::ControlCharacter),
            (b"x\x1b[31mred", InvalidUsername::ControlCharacter),
            (b"al\0ice", InvalidUsername::ControlCharacter),
            (b"  ", InvalidUsername::BlankAtAnEnd),
            (b"root ", InvalidUsername::BlankAtAnEnd),
            (b"\xe2\x80\x83root", InvalidUsername::BlankAtAnEnd),
            (b"a:b", InvalidUsername::Character(':')),
            (b"../etc", InvalidUsername::Character('/')),
            (b"alice,ou=x", InvalidUsername::Character(',')),
            (b"-root", InvalidUsername::LeadingSign),
            (b"+", InvalidUsername::LeadingSign),
            (b"..", InvalidUsername::Dots),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Username::parse(bytes), Err(*expected), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_kept_as_it_is_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(name) = Username::parse(&bytes) {
                prop_assert_eq!(name.as_str().as_bytes(), &bytes[..]);
            }
        }
    }
}
