//! The question for a second factor.

use std::time::Duration;

use super::asked::{Asked, Credential};
use crate::chain::decision::{Accepted, AuthDecision, ConfirmationStep, Outcome};
use crate::chain::factors::{PersonNames, Wanted, is_remembered, not_confirmed};
use crate::chain::route::Allowed;
use crate::config::rules::Demand;
use crate::config::settings::{CodeEntry, Enrol, PublicKey};
use crate::factors::{Confirmation, Enrolment, Factor};
use crate::tools::conversation::Conversation;
use crate::tools::deferred::{Deferred, WorkFirst};
use crate::words::{BackendError, ConversationError, Secret, Username};

/// The reason, for the log, why a host that answers each question with the password is refused.
const SAME_ANSWER: &str = "the program answered the question for the code with the password, so it \
                           cannot ask (sshd: KbdInteractiveAuthentication yes, and no \
                           PasswordAuthentication; mail servers: code = \"appended\")";

/// The question for a second factor in one login.
pub(super) struct SecondFactor<'s, 'a> {
    asked: &'s Asked<'a>,
    deferred: &'s Deferred,
    person: &'s mut dyn Conversation,
    /// The factors that have been asked in this login.
    confirmed: Vec<&'s str>,
}

/// Why a person is not confirmed.
enum NotConfirmed {
    /// The factor says so, in these words.
    Refused(String),
    /// The factor could not be asked, or could not keep what it was told.
    Error(BackendError),
}

impl From<BackendError> for NotConfirmed {
    fn from(error: BackendError) -> Self {
        Self::Error(error)
    }
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
            let _ = self.ask(factor);
        } else if demand.is_empty() {
            return decision;
        }
        AuthDecision {
            confirmation: Some(ConfirmationStep::in_vain()),
            ..decision
        }
    }

    /// Asks for one of the factors that a demand names. Returns what is to be said of it in the
    /// log.
    fn satisfy(
        &mut self,
        demand: &Demand,
        accepted: &Accepted,
    ) -> Result<Option<String>, NotConfirmed> {
        let asked = self.asked;
        let (chain, context) = (asked.chain, &asked.context);
        if accepted.by_key && demand.publickey != PublicKey::Counts {
            let why = "a key does not stand for the password by this rule".to_owned();
            return Err(NotConfirmed::Refused(why));
        }
        if demand.is_empty() {
            return Ok(None);
        }
        let link = chain.link_named(&accepted.user.backend);
        if let Some(link) = link.filter(|link| link.mfa && !accepted.by_key) {
            let why = match link.backend.nature().is_for_programs {
                true => "needs none",
                false => "has asked",
            };
            return Ok(Some(format!(
                "no second factor: {} {why}",
                accepted.user.backend
            )));
        }
        let Ok(user) = &asked.user else {
            return Err(NotConfirmed::Refused("the name is not valid".to_owned()));
        };
        let strips_domains = link.is_some_and(|link| link.backend.nature().strips_domains);
        let names = PersonNames::of(user, &accepted.user, strips_domains);
        let (name, confirmation) = match chain.factors.wanted(demand, &names)? {
            Wanted::Enrolled(factor, _) if self.confirmed.contains(&factor.name()) => {
                return Ok(None);
            }
            Wanted::Enrolled(factor, enrolment) => {
                let place = chain
                    .factors
                    .place(demand, user, enrolment.as_ref(), context);
                let now = context.deadline.clock();
                if is_remembered(place.as_ref(), context)? {
                    // Where the use cannot be noted, the login is forgotten sooner.
                    let _ = place.map(|place| place.renew(now()));
                    return Ok(Some(format!("{}: remembered", factor.name())));
                }
                let said = self.verify(demand, factor, enrolment.as_ref())?;
                if let (Some(place), Confirmation::Confirmed(_)) = (place, &said) {
                    // Where it cannot be noted, the next login asks again.
                    let _ = place.remember(now());
                }
                self.confirmed.push(factor.name());
                (factor.name(), said)
            }
            _ if accepted.by_key => {
                let why = "a key does not stand for the password of somebody who is not enrolled";
                return Err(NotConfirmed::Refused(why.to_owned()));
            }
            Wanted::None(why) => return Ok(Some(format!("no second factor: {why}"))),
            Wanted::NotEnrolled(factor) => (
                factor.name(),
                self.enrol(demand, factor, names.canonical())?,
            ),
        };
        match confirmation {
            Confirmation::Confirmed(detail) => {
                let detail = detail
                    .map(|detail| format!(" {detail}"))
                    .unwrap_or_default();
                Ok(Some(format!("{name}: confirmed{detail}")))
            }
            Confirmation::Refused(why) => {
                Err(NotConfirmed::Refused(format!("{name} refused: {why}")))
            }
        }
    }

    fn verify(
        &mut self,
        demand: &Demand,
        factor: &dyn Factor,
        enrolment: &dyn Enrolment,
    ) -> Result<Confirmation, BackendError> {
        let asked = self.asked;
        let asked_late;
        let answer = match (&asked.credential, demand.code) {
            (Credential::Password(_, Some(code)), _) => code,
            (_, CodeEntry::Appended) => {
                let why = "no code behind the password".to_owned();
                return Ok(Confirmation::Refused(why));
            }
            (_, CodeEntry::Asked) => {
                let early = asked
                    .code
                    .as_ref()
                    .filter(|code| code.factor == factor.name());
                let answer = match early {
                    Some(code) => &code.answer,
                    None => {
                        asked_late = self.ask(factor);
                        &asked_late
                    }
                };
                match answer {
                    Ok(answer) => answer,
                    // A wrong password and no answer must look the same.
                    Err(error) => return Ok(Confirmation::Refused(error.to_string())),
                }
            }
        };
        if is_same(asked.password(), answer) {
            return Ok(Confirmation::Refused(SAME_ANSWER.to_owned()));
        }
        enrolment.verify(answer, asked.context.wall_clock())
    }

    /// Lets a person enrol, where a rule says so; others are asked for a code in vain.
    fn enrol(
        &mut self,
        demand: &Demand,
        factor: &dyn Factor,
        user: &Username,
    ) -> Result<Confirmation, BackendError> {
        let nothing = Secret::new(Vec::new());
        match (demand.enrol, demand.code) {
            (Enrol::Oneself, CodeEntry::Asked) => {
                let password = self.asked.password().unwrap_or(&nothing);
                let clock = || self.asked.context.wall_clock();
                factor.enrol(user, password, self.person, &clock)
            }
            (_, code) => {
                if code == CodeEntry::Asked && self.asked.code.is_none() {
                    let _ = self.ask(factor);
                }
                Ok(Confirmation::Refused("not enrolled".to_owned()))
            }
        }
    }

    /// Asks for a code, once the work is done that a refusal owes: the time until the question must
    /// not tell whether the password was right.
    fn ask(&mut self, factor: &dyn Factor) -> Result<Secret, ConversationError> {
        match self.asked.password() {
            Some(password) => factor.ask(&mut WorkFirst {
                conversation: self.person,
                deferred: self.deferred,
                password,
            }),
            None => factor.ask(self.person),
        }
    }
}

impl NotConfirmed {
    /// Returns the outcome, and the words for the log.
    fn told(self) -> (Outcome<Accepted>, String) {
        match self {
            Self::Refused(words) => (not_confirmed(), words),
            Self::Error(error) => {
                let words = format!("second factor: {error}");
                (Outcome::from(error), words)
            }
        }
    }
}

fn step(said: &[String], took: Duration) -> Option<ConfirmationStep> {
    let words = said.join("; ");
    (!said.is_empty()).then_some(ConfirmationStep { words, took })
}

/// Returns whether a host gave the password as the answer to another question.
fn is_same(password: Option<&Secret>, answer: &Secret) -> bool {
    password.is_some_and(|password| password.expose() == answer.expose())
}
