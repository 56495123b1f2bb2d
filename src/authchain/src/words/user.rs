//! The person whom a backend has found.

use std::fmt;

/// An account as its backend describes it.
///
/// The source may claim anything here. In particular, the chain does not believe `uid` before it
/// has compared it with the user id that the system has for the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name in the entry, byte for byte. Its spelling may differ from the name that was asked
    /// for.
    pub name: String,
    /// The person's own name in the source, where `name` is an alias of it.
    pub alias_of: Option<String>,
    /// The other names that the entry has, where the source has several.
    pub also_named: Vec<String>,
    /// The user id, where the source has one.
    pub uid: Option<u32>,
    /// The id of the primary group, where the source has one.
    pub gid: Option<u32>,
    /// Full name and the like (the fifth field of passwd(5)).
    pub gecos: String,
    /// The home directory; empty where the source has none.
    pub home: String,
    /// The login shell; empty where the source has none.
    pub shell: String,
    /// Those of the request's groups that the user is in, spelled as in the request. `None` if
    /// they were not asked for, or the backend has not found them out.
    pub groups: Option<Vec<String>>,
    /// Those of the request's groups of which nobody can say whether the user is in: only what the
    /// user may have written speaks for it.
    pub unclear_groups: Vec<String>,
    /// The name of the backend that answered.
    pub backend: String,
}

impl User {
    /// Returns every name by which the source has the person: the own one, and the others that the
    /// entry has.
    pub fn own_names(&self) -> impl Iterator<Item = &str> {
        let own = self.alias_of.as_ref().unwrap_or(&self.name);
        [own]
            .into_iter()
            .chain(&self.also_named)
            .map(String::as_str)
    }
}

/// Writes the name.
impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
