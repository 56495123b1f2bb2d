//! Names of users, as `user` has them.

use std::fmt;
use std::str::FromStr;

use crate::words::{Username, bare};

/// A login name in the list `user`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEntry(Username);

impl UserEntry {
    /// Returns whether a login is that user's.
    ///
    /// `None` where the name differs in ASCII case or in a domain alone, or where one of the
    /// person's own names is the one that matches: then a backend, not this file, says whether both
    /// are the same person.
    pub fn matches(&self, name: &str, own_names: &[&str]) -> Option<bool> {
        let entry = self.0.as_str();
        let is_similar = |name: &str| bare(entry).eq_ignore_ascii_case(bare(name));
        if entry == name {
            return Some(true);
        }
        match is_similar(name) || own_names.iter().copied().any(is_similar) {
            true => None,
            false => Some(false),
        }
    }

    /// Returns whether no login matches both.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        !bare(self.0.as_str()).eq_ignore_ascii_case(bare(other.0.as_str()))
    }
}

impl FromStr for UserEntry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with('!') {
            return Err(format!("\"{text}\": one \"!\" excludes, two mean nothing"));
        }
        if text.contains('*') {
            return Err(format!(
                "\"{text}\": users are named one by one; without the key `user`, everybody fits"
            ));
        }
        let name = Username::parse(text.as_bytes());
        name.map(Self)
            .map_err(|invalid| format!("{text:?}: {invalid}"))
    }
}

/// Writes the name.
impl fmt::Display for UserEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
