//! The change of a password that was asked for.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::{Bytes, PasswordChange};

use crate::ldap::password::{Password, PasswordFault};

/// A change whose passwords may be sent.
pub(super) struct Change<'q> {
    pub(super) kind: ChangeKind,
    pub(super) old: Option<Password<'q>>,
    /// `None` to find out whether the password may be changed.
    pub(super) new: Option<Password<'q>>,
}

/// A password of a change that must not be sent.
pub(super) enum Unsendable {
    Old(PasswordFault),
    New(PasswordFault),
}

impl<'q> Change<'q> {
    /// Returns the change, if its passwords may be sent.
    pub(super) fn of(asked: &'q PasswordChange<'_>) -> Result<Self, Unsendable> {
        let password = |bytes: &'q Option<Bytes<'_>>| {
            let secret = bytes.as_ref().map(Bytes::secret);
            secret.map(Password::of).transpose()
        };
        Ok(Self {
            kind: asked.kind,
            old: password(&asked.old).map_err(Unsendable::Old)?,
            new: password(&asked.new).map_err(Unsendable::New)?,
        })
    }
}
