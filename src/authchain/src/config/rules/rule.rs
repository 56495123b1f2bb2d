//! A `[[rule]]` section that was read.

use std::fmt;
use std::ops::Range;

use toml::Spanned;

use super::demand::DemandKeys;
use super::facts::LoginFacts;
use super::fit::Fit;
use super::group::Group;
use super::list::List;
use super::origin::OriginEntry;
use super::pattern::Pattern;
use super::settings::RuleAccess;
use super::user::UserEntry;

/// A rule: its conditions, and what holds for logins that fit them.
#[derive(Debug)]
pub struct Rule {
    /// The rule's place among all rules, from 1.
    pub number: usize,
    /// The line of the file where it begins.
    pub line: usize,
    /// The name, for the log.
    pub name: Option<String>,
    /// The access of logins that fit.
    pub access: RuleAccess,
    /// The backends that are asked, in order; `None` for those at the top of the file.
    pub chain: Option<Vec<Spanned<String>>>,
    /// The keys about second factors.
    pub(super) demand: DemandKeys,
    /// True if a home directory is made; `None` as the top of the file says.
    pub make_home: Option<bool>,
    /// The conditions, all of which must fit.
    pub conditions: Conditions,
    /// The section's place in the text.
    pub(super) span: Range<usize>,
}

impl Rule {
    /// Returns the second factors that the rule names, with their places.
    pub fn then(&self) -> &[Spanned<String>] {
        self.demand.then.as_deref().unwrap_or_default()
    }

    /// Returns whether the groups that a backend knows count, besides those of the group file. A
    /// rule that says which backends are asked cannot depend on what they answer.
    pub fn asks_backends_for_groups(&self) -> bool {
        self.chain.is_none()
    }
}

/// Writes the rule for a log line: `rule "ssh from outside"`, or `rule 2 (line 14)`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "rule \"{name}\""),
            None => write!(f, "rule {} (line {})", self.number, self.line),
        }
    }
}

/// The conditions of a rule, a list for each key.
#[derive(Debug, Default)]
pub struct Conditions {
    /// `service`: names of PAM services.
    pub service: List<Pattern>,
    /// `user`: login names.
    pub user: List<UserEntry>,
    /// `group`: groups by name or number.
    pub group: List<Group>,
    /// `from`: addresses and networks.
    pub from: List<OriginEntry>,
    /// `tty`: names of terminals.
    pub tty: List<Pattern>,
}

impl Conditions {
    /// Returns how a login fits each key but `group`, whose entries need to be looked up.
    pub fn fit_of_keys(&self, login: &LoginFacts<'_>) -> [(&'static str, Fit); 4] {
        let service = (self.service).known_fit(|entry| Some(entry.matches(login.service)));
        let user = (self.user).known_fit(|entry| entry.matches(login.user, login.own_names));
        let from = self.from.known_fit(|entry| entry.matches(login.origin));
        let tty = self.tty.known_fit(|entry| Some(entry.matches(login.tty)));
        [
            ("service", service),
            ("user", user),
            ("from", from),
            ("tty", tty),
        ]
    }

    /// Returns whether `service` names some services, rather than every one or all but some.
    pub(in crate::config) fn name_services(&self) -> bool {
        let mut services = self.service.included.iter();
        // The empty name fits `*`, and no name.
        !self.service.included.is_empty() && !services.any(|entry| entry.get_ref().matches(""))
    }

    /// Returns whether no key but `user` is written.
    pub(super) fn ask_for_user_alone(&self) -> bool {
        self.service.is_empty()
            && self.group.is_empty()
            && self.from.is_empty()
            && self.tty.is_empty()
    }

    /// Returns how a login fits all keys but `group`.
    pub fn fit_but_for_groups(&self, login: &LoginFacts<'_>) -> Fit {
        let keys = self.fit_of_keys(login).into_iter();
        keys.fold(Fit::Yes, |fit, (_, of_key)| fit.and(of_key))
    }
}
