//! The links of the chain: the backends in order, and the next step after each answer.

use std::time::Duration;

use super::identity::{Identities, is_system_uid};
use crate::backends::Backend;
use crate::config::settings::Then;
use crate::words::Username;

/// A backend and its place in the chain.
pub struct Link {
    /// The source of accounts.
    pub backend: Box<dyn Backend>,
    /// The next step after a denial.
    pub on_denied: Then,
    /// The next step if the backend cannot be asked or does not answer; always `Stop` if
    /// `on_denied` is. In su and sudo the walk ends in any case.
    pub on_unavailable: Then,
    /// True if the backend is asked about names that have a password in the system's own files.
    pub local_names: bool,
    /// Maximum time that the backend may take.
    pub timeout: Duration,
}

/// The backends of a login, in order. There is at least one: an empty chain could only let
/// everybody in or lock everybody out.
pub struct Chain {
    links: Vec<Link>,
    min_uid: u32,
    pub(super) identities: Box<dyn Identities>,
}

impl Chain {
    /// Builds a chain of these links; `None` without any.
    ///
    /// Names that `identities` finds in the local passwd file with a user id below `min_uid`, or
    /// 0, are system names.
    pub fn new(links: Vec<Link>, min_uid: u32, identities: Box<dyn Identities>) -> Option<Self> {
        let chain = Self {
            links,
            min_uid,
            identities,
        };
        (!chain.links.is_empty()).then_some(chain)
    }

    /// Returns the links, in the order in which their backends are asked.
    pub(super) fn order(&self) -> Vec<&Link> {
        self.links.iter().collect()
    }

    /// Returns the name if the local passwd file has it: then it is not a password that was typed
    /// at the wrong prompt, and may be logged.
    pub(super) fn if_local(&self, user: Username) -> Option<Username> {
        matches!(self.identities.local_uid(&user), Ok(Some(_))).then_some(user)
    }

    /// Returns whether this user id is the system's own, so that only the system's own files are
    /// asked.
    pub(super) fn is_the_systems(&self, uid: u32) -> bool {
        is_system_uid(uid, self.min_uid)
    }
}
