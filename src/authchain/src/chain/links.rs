//! The links of the chain: the backends in order, and the next step after each answer.

use std::time::Duration;

use super::factors::Factors;
use super::identity::{Identities, is_system_uid};
use super::ruling::Ruling;
use crate::backends::Backend;
use crate::backends::password_change::{CannotChange, ChangePassword};
use crate::config::settings::{Instructions, PasswordChanges, Then};
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
    /// The answer to whether the backend's passwords may be changed.
    pub password: PasswordChanges,
    /// True if the backend asks for a second factor itself.
    pub mfa: bool,
    /// The line that tells people which password is meant.
    pub instructions: Option<Instructions>,
    /// Maximum time that the backend may take.
    pub timeout: Duration,
}

impl Link {
    /// Returns the way to change passwords in the backend.
    ///
    /// # Errors
    /// The reason why there is none: the configuration forbids it, or the backend cannot do it.
    pub fn change_password(&self) -> Result<&dyn ChangePassword, CannotChange> {
        match self.password {
            PasswordChanges::On => self.backend.change_password(),
            PasswordChanges::Off => Err(CannotChange::Off),
        }
    }
}

/// The backends of a configuration, their order, and the rules that change it. There is at least
/// one backend: an empty chain could only let everybody in or lock everybody out.
pub struct Chain {
    /// The backends that are asked where no rule names others, and behind them the rest.
    links: Vec<Link>,
    /// The number of links that are asked where no rule names others.
    in_order: usize,
    /// True if the order comes from the module's line: then rules ask no other backends either.
    pub(super) is_of_line: bool,
    min_uid: u32,
    pub(super) identities: Box<dyn Identities>,
    pub(super) ruling: Ruling,
    pub(super) factors: Factors,
}

impl Chain {
    /// Builds a chain of these links; `None` without any.
    ///
    /// Names that `identities` finds in the local passwd file with a user id below `min_uid`, or
    /// 0, are system names.
    pub fn new(links: Vec<Link>, min_uid: u32, identities: Box<dyn Identities>) -> Option<Self> {
        let chain = Self {
            in_order: links.len(),
            links,
            is_of_line: false,
            min_uid,
            identities,
            ruling: Ruling::default(),
            factors: Factors::default(),
        };
        (!chain.links.is_empty()).then_some(chain)
    }

    /// Adds rules, and the links that only rules name. `is_of_line` is true if the order of the
    /// chain comes from the module's line.
    #[must_use]
    pub fn with_rules(self, ruling: Ruling, others: Vec<Link>, is_of_line: bool) -> Self {
        let mut links = self.links;
        links.extend(others);
        Self {
            links,
            is_of_line,
            ruling,
            ..self
        }
    }

    /// Adds the second factors that rules and the top of the file name.
    #[must_use]
    pub fn with_factors(self, factors: Factors) -> Self {
        Self { factors, ..self }
    }

    /// Returns the links that are asked where no rule names others, in order.
    pub(super) fn order(&self) -> Vec<&Link> {
        self.links.iter().take(self.in_order).collect()
    }

    /// Returns the links of these names, in order, as far as the module's line lets them be asked.
    pub(super) fn links_named<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<&Link> {
        let count = match self.is_of_line {
            true => self.in_order,
            false => self.links.len(),
        };
        let named = |name: &str| {
            let mut links = self.links.iter().take(count);
            links.find(|link| link.backend.name() == name)
        };
        names.filter_map(named).collect()
    }

    /// Returns the link of this name, whether or not a rule has it asked.
    pub(super) fn link_named(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.backend.name() == name)
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
