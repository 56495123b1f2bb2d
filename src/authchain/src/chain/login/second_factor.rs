//! The question for a second factor.

use std::time::Duration;

use super::asked::Asked;
use super::not_confirmed::{NotConfirmed, refused};
use crate::chain::decision::{Accepted, AuthDecision, ConfirmationStep};
use crate::chain::factors::{PersonNames, Wanted, is_remembered};
use crate::chain::links::Link;
use crate::chain::route::Allowed;
use crate::config::rules::Demand;
use crate::config::settings::{CodeEntry, NotEnrolled, PublicKey};
use crate::factors::{Confirmation, Enrolment, Factor};
use crate::tools::conversation::Conversation;
use crate::tools::deferred::Deferred;
use crate::words::BackendError;

/// The question for a second factor in one login.
pub(super) struct SecondFactor<'s, 'a> {
    pub(super) asked: &'s Asked<'a>,
    pub(super) deferred: &'s Deferred,
    pub(super) person: &'s mut dyn Conversation,
    /// The factors that have confirmed the person in this login: no other demand asks for them
    /// again.
    confirmed: Vec<&'s str>,
}

/// The step after the question for one factor.
enum Next {
    /// The demand is satisfied; with what is to be said in the log.
    Satisfied(Option<String>),
    /// The person is not enrolled in this factor: the others are asked for.
    Without(String),
}

impl<'s, 'a> SecondFactor<'s, 'a> {
    pub(super) fn new(
        asked: &'s Asked<'a>,
        deferred: &'s Deferred,
        person: &'s mut dyn Conversation,
    ) -> Self {
        Self {
            asked,
            deferred,
            person,
            confirmed: Vec::new(),
        }
    }

    /// Confirms a person whom a backend has accepted, and returns the decision that follows.
    ///
    /// The factors that were demanded before the password was asked for are asked in any case: what
    /// a backend says of the person may demand more, and never less.
    pub(super) fn confirm(
        &mut self,
        decision: AuthDecision,
        accepted: &Accepted,
        allowed: &Allowed,
    ) -> AuthDecision {
        let clock = self.asked.context.deadline.clock();
        let begin = clock();
        let before = &self.asked.route.demand;
        let more = allowed.demands.iter().filter(|demand| *demand != before);
        let mut said = Vec::new();
        let mut outcome = decision.outcome.clone();
        for demand in [before].into_iter().chain(more) {
            match self.satisfy(demand, accepted) {
                Ok(words) => said.extend(words),
                Err(why) => {
                    let words;
                    (outcome, words) = why.told();
                    said.push(words);
                    break;
                }
            }
        }
        let took = clock().saturating_duration_since(begin);
        AuthDecision {
            outcome,
            confirmation: step(&said, took),
            ..decision
        }
    }

    /// Asks somebody who is refused in any case, as if the answer mattered, and returns a decision
    /// that tells nobody whether the password was right.
    pub(super) fn ask_in_vain(&mut self, decision: AuthDecision) -> AuthDecision {
        let asked = self.asked;
        let (demand, context) = (&asked.route.demand, &asked.context);
        let Ok(user) = &asked.user else {
            return decision;
        };
        let is_asked = demand.code == CodeEntry::Asked && asked.code.is_none();
        if is_asked {
            let names = asked.route.names_of(user);
            let Some(factor) = asked.chain.factors.asked_for(demand, &names, context) else {
                return decision;
            };
            let _ = factor.question().map(|question| self.ask(question));
        } else if demand.is_empty() {
            return decision;
        }
        AuthDecision {
            confirmation: Some(ConfirmationStep::in_vain()),
            ..decision
        }
    }

    /// Asks for one of the factors that a demand names: the first in which the person is enrolled.
    /// Returns what is to be said of it in the log.
    fn satisfy(
        &mut self,
        demand: &Demand,
        accepted: &Accepted,
    ) -> Result<Option<String>, NotConfirmed> {
        if accepted.by_key && demand.publickey != PublicKey::Counts {
            return refused("a key does not stand for the password by this rule");
        }
        if demand.is_empty() {
            return Ok(None);
        }
        let link = self.asked.chain.link_named(&accepted.user.backend);
        if let Some(link) = link.filter(|link| link.mfa && !accepted.by_key) {
            return Ok(Some(asks_no_more(link)));
        }
        let Ok(user) = &self.asked.user else {
            return refused("the name is not valid");
        };
        let names = PersonNames::of(user, &accepted.user, link.map(|link| &*link.backend));
        let mut demand = demand.clone();
        loop {
            match self.ask_first(&demand, &names, accepted.by_key)? {
                Next::Satisfied(words) => return Ok(words),
                Next::Without(factor) => demand.factors.retain(|name| *name != factor),
            }
            if demand.is_empty() {
                return match demand.not_enrolled {
                    NotEnrolled::Skip if !accepted.by_key => Ok(Some(skipped("not enrolled"))),
                    _ => refused("not enrolled in a second factor"),
                };
            }
        }
    }

    /// Asks for the first of the factors in which the person is enrolled.
    fn ask_first(
        &mut self,
        demand: &Demand,
        names: &PersonNames,
        by_key: bool,
    ) -> Result<Next, NotConfirmed> {
        let (name, confirmation) = match self.asked.chain.factors.wanted(demand, names)? {
            Wanted::Enrolled(factor, _) if self.confirmed.contains(&factor.name()) => {
                return Ok(Next::Satisfied(None));
            }
            Wanted::Enrolled(factor, enrolment) => {
                let said = self.confirm_once(demand, factor, enrolment.as_ref(), names)?;
                let Some(said) = said else {
                    let words = format!("{}: remembered", factor.name());
                    return Ok(Next::Satisfied(Some(words)));
                };
                (factor.name(), said)
            }
            _ if by_key => {
                return refused(
                    "a key does not stand for the password of somebody who is not enrolled",
                );
            }
            Wanted::None(why) => return Ok(Next::Satisfied(Some(skipped(why)))),
            Wanted::NotEnrolled(factor) => {
                let said = self.enrol(demand, factor, names.canonical())?;
                (factor.name(), said)
            }
        };
        match confirmation {
            Confirmation::Confirmed(None) => {
                Ok(Next::Satisfied(Some(format!("{name}: confirmed"))))
            }
            Confirmation::Confirmed(Some(detail)) => {
                Ok(Next::Satisfied(Some(format!("{name}: confirmed {detail}"))))
            }
            Confirmation::Refused(why) => refused(&format!("{name} refused: {why}")),
            Confirmation::NotEnrolled => {
                names.check_unknown_to(name)?;
                Ok(Next::Without(name.to_owned()))
            }
        }
    }

    /// Asks for a factor, unless it is remembered: then returns `None`.
    fn confirm_once(
        &mut self,
        demand: &Demand,
        factor: &'s dyn Factor,
        enrolment: &dyn Enrolment,
        names: &PersonNames,
    ) -> Result<Option<Confirmation>, BackendError> {
        let context = &self.asked.context;
        let factors = &self.asked.chain.factors;
        let place = factors.place(demand, &names.typed, enrolment, context);
        let now = context.deadline.clock();
        if is_remembered(place.as_ref(), context)? {
            // Where the use cannot be noted, the login is forgotten sooner.
            let _ = place.map(|place| place.renew(now()));
            return Ok(None);
        }
        let said = self.verify(demand, factor, enrolment)?;
        if let Confirmation::Confirmed(_) = said {
            // Where it cannot be noted, the next login asks again.
            let _ = place.map(|place| place.remember(now()));
            self.confirmed.push(factor.name());
        }
        Ok(Some(said))
    }
}

fn skipped(why: &str) -> String {
    format!("no second factor: {why}")
}

/// Returns the words about a backend whose people are asked for no second factor.
fn asks_no_more(link: &Link) -> String {
    let why = match link.backend.nature().is_for_programs {
        true => "needs none",
        false => "has asked",
    };
    skipped(&format!("{} {why}", link.backend.name()))
}

fn step(said: &[String], took: Duration) -> Option<ConfirmationStep> {
    let words = said.join("; ");
    (!said.is_empty()).then_some(ConfirmationStep { words, took })
}
