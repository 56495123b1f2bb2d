//! The reason why nobody may be taken for the owner of a password.

use super::decision::Finding;
use super::route::Objection;
use crate::words::User;

/// The reason why nobody may be taken for the owner of a password.
pub(super) enum NoOwner {
    /// This backend, before the owner, answered with a denial, or is unavailable or failed.
    Undecided(String, Box<Finding<User>>),
    /// The rules object.
    Objection(Objection),
}
