//! The part of a question that changes a password.

use super::wire_words::KINDS;
use super::{Bytes, ProtocolError};
use crate::backends::password_change::ChangeKind;

/// The part of a question about a change of a password.
pub struct PasswordChange<'a> {
    /// The kind of change.
    pub kind: ChangeKind,
    /// The old password; missing only if the kind is [`ChangeKind::ByRoot`].
    pub old: Option<Bytes<'a>>,
    /// The new password; without it, the worker checks what it can, and changes nothing.
    pub new: Option<Bytes<'a>>,
}

impl PasswordChange<'static> {
    /// Makes a change of members that were read. They must say the kind, and have the old password
    /// unless root changes it.
    pub(super) fn of_members(
        kind: Option<&str>,
        old: Option<Bytes<'static>>,
        new: Option<Bytes<'static>>,
    ) -> Result<Self, ProtocolError> {
        let kind = KINDS.meaning(kind.ok_or(ProtocolError::Missing("kind"))?)?;
        if kind != ChangeKind::ByRoot && old.is_none() {
            return Err(ProtocolError::Missing("old_password"));
        }
        Ok(Self { kind, old, new })
    }
}
