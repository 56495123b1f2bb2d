//! An account, for a list.

use super::shadow_line::ShadowLine;
use super::{AccountError, Table};

/// An account as it stands in the files; nothing of its password but whether it has one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its name.
    pub(crate) name: String,
    /// Its user id, where it is a number.
    pub(crate) uid: Option<u32>,
    /// Full name and the like.
    pub(crate) gecos: String,
    /// Whether there is something a password could match.
    pub(crate) has_password: bool,
    /// Whether the password is locked.
    pub(crate) is_locked: bool,
    /// The day of the last change of the password.
    pub(crate) last_change: Option<u64>,
    /// The day the account ends.
    pub(crate) expire: Option<u64>,
}

impl Account {
    /// Reads an entry of the passwd file, and what the shadow file adds to it.
    pub(super) fn read(passwd: &[&[u8]], shadow: &Table) -> Result<Self, AccountError> {
        let field = |at: usize| {
            let bytes = passwd.get(at).copied().unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        let name = field(0);
        let line = match shadow.fields(&name)? {
            Some(fields) => Some(ShadowLine::parse(&fields)?),
            None => None,
        };
        let is_inline = !matches!(field(1).as_str(), "x" | "" | "*" | "!");
        Ok(Self {
            uid: field(2).parse().ok(),
            gecos: field(4),
            has_password: line.as_ref().map_or(is_inline, ShadowLine::has_password),
            is_locked: line.as_ref().is_some_and(ShadowLine::is_password_locked),
            last_change: line.as_ref().and_then(ShadowLine::last_change),
            expire: line.as_ref().and_then(ShadowLine::expire),
            name,
        })
    }
}
