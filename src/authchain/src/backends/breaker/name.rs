//! Names of files that say which server they are about.

use std::fmt::Write;

/// Longest name of a file.
const MAX_NAME: usize = 255;

/// The meaning of a file in the folder of marks.
#[derive(Clone, Copy)]
pub(super) enum FileKind {
    /// Says that the server is down.
    Mark,
    /// Says that a login is finding out whether the server is back.
    Claim,
    /// Says when the server was last connected to, and how long that took.
    Up,
}

impl FileKind {
    /// Returns the character between owner and server. An owner's name has none of these
    /// characters, and in a server's name they are escaped.
    fn sign(self) -> char {
        match self {
            Self::Mark => '@',
            Self::Claim => '+',
            Self::Up => '=',
        }
    }
}

/// Returns a name such as `corp:4026531840@ldaps%3A%2F%2Fldap1.example.com`; `None` for a server
/// that no file could be named after.
pub(super) fn encode(kind: FileKind, owner: &str, server: &str) -> Option<String> {
    let mut name = format!("{owner}{}", kind.sign());
    for byte in server.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                name.push(char::from(byte));
            }
            // What is no visible ASCII is no address of a server.
            b'!'..=b'~' => write!(name, "%{byte:02X}").ok()?,
            _ => return None,
        }
    }
    (name.len() <= MAX_NAME).then_some(name)
}

/// Returns the temporary name of a claim that `thread` makes. It has no owner, and is swept if it
/// is left behind.
pub(super) fn draft(thread: i32) -> String {
    format!("{}{thread}", FileKind::Claim.sign())
}

/// Returns whether a file is one of ours, of whichever owner.
pub(super) fn is_ours(name: &str) -> bool {
    name.contains([FileKind::Mark, FileKind::Claim, FileKind::Up].map(FileKind::sign))
}

/// Returns the server that a file of `owner` is about; `None` for one of another kind.
pub(super) fn decode(kind: FileKind, name: &str, owner: &str) -> Option<String> {
    let escaped = name.strip_prefix(owner)?;
    let mut parts = escaped.strip_prefix(kind.sign())?.split('%');
    let mut server = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        server.push(char::from(u8::from_str_radix(digits, 16).ok()?));
        server.push_str(rest);
    }
    // Only names that `encode` makes.
    (encode(kind, owner, &server)? == name).then_some(server)
}
