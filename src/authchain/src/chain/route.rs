//! The way of a login through the chain, as the rules have it.

use std::collections::BTreeSet;
use std::fmt;

use super::decision::{Decision, Outcome};
use super::factors::PersonNames;
use super::links::{Chain, Link};
use super::ruling::BackendView;
use crate::config::rules::{Choice, Demand, FirstChoice, Fit, Group, Origin, SecondChoice};
use crate::tools::request::Context;
use crate::words::{AccountStatus, BackendError, Denial, DenialReason, User, Username};

/// The way of a login through the chain.
pub(super) struct Route<'c> {
    /// The links whose backends are asked, in order.
    pub(super) links: Vec<&'c Link>,
    /// The groups about which the backends are asked.
    pub(super) groups: Vec<String>,
    /// True if a group of the backends decides which rule fits.
    pub(super) asks_for_groups: bool,
    /// The second factors that the login needs.
    pub(super) demand: Demand,
    /// The objection of the rules, whatever a backend says.
    pub(super) objection: Option<Objection>,
}

impl Route<'_> {
    /// Returns the question for the password with the instructions of all backends of the way;
    /// `None` where no backend has any.
    pub(super) fn password_prompt(&self) -> Option<String> {
        let links = self.links.iter();
        let mut parts: Vec<&str> = Vec::new();
        for text in links.filter_map(|link| link.instructions.as_ref()) {
            if !parts.contains(&text.as_str()) {
                parts.push(text.as_str());
            }
        }
        (!parts.is_empty()).then(|| format!("{} Password: ", parts.join(" ")))
    }

    /// Returns the names of somebody about whom no backend has said anything.
    pub(super) fn names_of(&self, user: &Username) -> PersonNames {
        let strips = |link: &&Link| link.backend.nature().strips_domains;
        PersonNames::typed(user, self.links.iter().any(strips))
    }
}

/// A rule that allows a login.
pub(super) struct Allowed {
    /// The rule, in words; `None` where no rule fits.
    rule: Option<String>,
    /// The second factors that the login needs by this rule, and by each other that may be the
    /// right one.
    pub(super) demands: Vec<Demand>,
}

impl Allowed {
    fn by(chosen: &SecondChoice<'_>, top: &Demand) -> Self {
        let mut demands: Vec<Demand> = Vec::new();
        for choice in chosen.all() {
            let demand = choice.demand(top);
            if !demands.contains(&demand) {
                demands.push(demand);
            }
        }
        Self {
            rule: chosen.first.rule().map(ToString::to_string),
            demands,
        }
    }
}

/// A reason of the rules against a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Objection {
    /// A rule denies the login, in these words for the log.
    Denied(String),
    /// It cannot be found out which rule fits.
    NotFoundOut(BackendError),
}

impl Chain {
    /// Returns the route along all links in order, whatever the rules say.
    pub(super) fn whole_route(&self) -> Route<'_> {
        Route {
            links: self.order(),
            groups: Vec::new(),
            asks_for_groups: false,
            demand: self.ruling.demand.clone(),
            objection: None,
        }
    }

    /// Chooses the rule before any backend is asked.
    pub(super) fn route(&self, user: &Username, context: &Context<'_>) -> Route<'_> {
        let top = &self.ruling.demand;
        let groups = self.ruling.rules.groups_of_backends();
        let groups: BTreeSet<_> = groups.map(Group::to_string).collect();
        let groups = groups.into_iter().collect();
        match self.ruling.choose(user, context) {
            Ok(FirstChoice {
                by_file,
                may_allow,
                asks_for_groups,
            }) => {
                let links = self.links_of(&by_file);
                let objection = match (may_allow, links.is_empty()) {
                    (false, _) => Some(Objection::denied(&by_file, context)),
                    (true, true) => Some(Objection::without_links(&by_file)),
                    (true, false) => None,
                };
                Route {
                    links,
                    groups,
                    asks_for_groups,
                    demand: by_file.demand(top),
                    objection,
                }
            }
            Err(error) => Route {
                links: self.order(),
                groups,
                asks_for_groups: false,
                demand: top.clone(),
                objection: Some(Objection::NotFoundOut(error)),
            },
        }
    }

    /// Chooses the rule again, with what the backends say of the person.
    ///
    /// # Errors
    /// The objection of the rules to the login.
    pub(super) fn confirm(
        &self,
        user: &Username,
        person: BackendView<'_>,
        context: &Context<'_>,
    ) -> Result<Allowed, Objection> {
        let chosen = self.ruling.choose_again(user, person, context);
        let chosen = chosen.map_err(Objection::NotFoundOut)?;
        let objection = (chosen.all()).find_map(|choice| self.objection(choice, person, context));
        match objection {
            Some(objection) if chosen.others.is_empty() => Err(objection),
            Some(objection) => Err(objection.where_groups_are_unclear()),
            None => Ok(Allowed::by(&chosen, &self.ruling.demand)),
        }
    }

    /// Returns the objection to the login if this choice is the right one.
    fn objection(
        &self,
        choice: &Choice<'_>,
        person: BackendView<'_>,
        context: &Context<'_>,
    ) -> Option<Objection> {
        if !choice.allows() {
            return Some(Objection::denied(choice, context));
        }
        let links = self.links_of(choice);
        let asks = |user: &User| links.iter().any(|link| link.backend.name() == user.backend);
        match person {
            BackendView::Found(found) if !asks(found) => {
                Some(Objection::not_asked(choice, &found.backend))
            }
            _ => None,
        }
    }

    /// Returns the links that a choice has asked, in order.
    fn links_of(&self, choice: &Choice<'_>) -> Vec<&Link> {
        match choice.chain() {
            Some(names) => self.links_named(names),
            None => self.order(),
        }
    }
}

impl Objection {
    fn denied(choice: &Choice<'_>, context: &Context<'_>) -> Self {
        let rule = OfRule(choice);
        Self::Denied(match choice {
            Choice::Unclear(unclear) => {
                let from = &unclear.conditions.from;
                let origin = Origin::of(context.rhost);
                match from.known_fit(|entry| entry.matches(origin)) {
                    Fit::Unclear => format!("{rule} goes by addresses, and PAM_RHOST is none"),
                    _ => format!("{rule} names the person by another name or spelling"),
                }
            }
            _ => format!("{rule} denies"),
        })
    }

    /// Returns the objection to a person whom a backend accepts that is not in the chain.
    fn not_asked(choice: &Choice<'_>, backend: &str) -> Self {
        Self::Denied(format!("{} does not ask {backend}", OfRule(choice)))
    }

    /// Returns the objection to a rule whose backends the module's line leaves out.
    fn without_links(choice: &Choice<'_>) -> Self {
        let rule = OfRule(choice);
        let words = format!("{rule} asks no backend of chain= in the module's line");
        Self::Denied(words)
    }

    /// Returns the objection of a rule that may be the one that fits.
    fn where_groups_are_unclear(self) -> Self {
        match self {
            Self::Denied(words) => Self::Denied(format!(
                "{words} if it fits: whether the person is in its group is unclear"
            )),
            objection @ Self::NotFoundOut(_) => objection,
        }
    }

    /// Returns the decision that follows where a login would be decided otherwise without the
    /// rules.
    pub(super) fn against<A>(self, decision: Decision<A>) -> Decision<A> {
        // Whoever is told the state has shown that they are the person.
        let is_known = matches!(decision.outcome, Outcome::Answered(_));
        let (outcome, words) = match self {
            Self::Denied(words) => {
                let denial = Denial {
                    state: is_known.then_some(AccountStatus::NotPermitted),
                    ..DenialReason::NotPermitted.into()
                };
                (Outcome::Denied(denial), words)
            }
            Self::NotFoundOut(error) => {
                let words = format!("no rule can be chosen: {error}");
                (Outcome::from(error), words)
            }
        };
        Decision {
            outcome,
            rule: Some(words),
            ..decision
        }
    }
}

impl<A> Decision<A> {
    /// Returns the decision with the rule that was chosen after it, or with what that rule says
    /// against it.
    pub(super) fn by(self, chosen: Result<&Allowed, Objection>) -> Self {
        match chosen {
            Ok(Allowed { rule, .. }) => Self {
                rule: rule.clone(),
                ..self
            },
            Err(objection) => objection.against(self),
        }
    }
}

/// Writes the rule that was chosen.
struct OfRule<'a>(&'a Choice<'a>);

impl fmt::Display for OfRule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.rule() {
            Some(rule) => rule.fmt(f),
            None => f.write_str("no rule fits, and the chain at the top"),
        }
    }
}
