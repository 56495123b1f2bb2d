//! An account, as `authchain user list` shows it.

use super::error::EditError;
use super::shadow_line::ShadowLine;
use super::table::Table;
use crate::words::number;

/// An account from the passwd and shadow files, without its password's hash.
#[derive(Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// The login name.
    pub name: String,
    /// The user id; `None` where the field holds no number.
    pub uid: Option<u32>,
    /// The gecos field: the full name and the like.
    pub gecos: String,
    /// True if the password field holds more than the marks `!` and `*`.
    pub has_password: bool,
    /// True if there is a `!` before the password's hash.
    pub is_locked: bool,
    /// The day of the last change of the password, in days since 1 January 1970.
    pub last_change: Option<u64>,
    /// The day on which the account expires, in days since 1 January 1970.
    pub expire: Option<u64>,
}

impl AccountEntry {
    /// Builds the entry from the fields of a passwd line and from the account's line in `shadow`.
    pub(super) fn read(passwd: &[&[u8]], shadow: &Table) -> Result<Self, EditError> {
        let field = |at: usize| {
            let bytes = passwd.get(at).copied().unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        let name = field(0);
        let line = match shadow.fields(&name)? {
            Some(fields) => Some(ShadowLine::parse(&fields)?),
            None => None,
        };
        let is_in_passwd = !matches!(field(1).as_str(), "x" | "" | "*" | "!");
        Ok(Self {
            uid: number(field(2).as_bytes()),
            gecos: field(4),
            has_password: line.as_ref().map_or(is_in_passwd, ShadowLine::has_password),
            is_locked: line.as_ref().is_some_and(ShadowLine::is_password_locked),
            last_change: line.as_ref().and_then(ShadowLine::last_change),
            expire: line.as_ref().and_then(ShadowLine::expire),
            name,
        })
    }
}
