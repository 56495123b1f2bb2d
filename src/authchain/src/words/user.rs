//! The person whom a backend found.

use std::fmt;

/// An account as its backend describes it.
///
/// Everything but the name is what the source claims; `uid` in particular decides nothing until
/// the chain has compared it with what the system says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name the entry itself carries, byte for byte.
    pub name: String,
    /// The numeric id, where the source has one.
    pub uid: Option<u32>,
    /// The primary group, where the source has one.
    pub gid: Option<u32>,
    /// Full name and the like (the fifth field of passwd(5)).
    pub gecos: String,
    /// The home directory; empty where the source has none.
    pub home: String,
    /// The login shell; empty where the source has none.
    pub shell: String,
    /// Names of groups the source says the user is in.
    pub groups: Vec<String>,
    /// The name of the backend that answered.
    pub backend: String,
}

/// Writes the name.
impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
