//! The backend to which a password belongs, or the reason why none may be taken for it.

use super::decision::Finding;
use super::links::Link;
use super::route::Objection;
use crate::words::User;

/// The backend to which a password belongs.
pub(super) enum Owner<'c> {
    /// It knows the person.
    Known(&'c Link),
    /// Only the old password shows whether it knows the person; with the groups about which it is
    /// asked then.
    ToProve(&'c Link, Vec<String>),
}

/// The reason why nobody may be taken for the owner of a password.
pub(super) enum NoOwner {
    /// This backend, before the owner, answered with a denial, or is unavailable or failed.
    Undecided(String, Box<Finding<User>>),
    /// The rules object.
    Objection(Objection),
}

impl<'c> Owner<'c> {
    /// Returns the link of the backend.
    pub(super) fn link(&self) -> &'c Link {
        match self {
            Self::Known(link) | Self::ToProve(link, _) => link,
        }
    }

    /// Returns the groups about which the backend is asked.
    pub(super) fn groups(&self) -> &[String] {
        match self {
            Self::Known(_) => &[],
            Self::ToProve(_, groups) => groups,
        }
    }
}
