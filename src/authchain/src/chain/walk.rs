//! One walk along the chain: each backend asked in its turn, or kept from the question.

use std::cell::OnceCell;
use std::ops::ControlFlow;

use super::decision::{Accepted, Decision, Finding, Outcome, Step};
use super::rule::{Chain, Link};
use crate::config::settings::Then;
use crate::tools::conversation::Conversation;
use crate::tools::request::{Attempt, Context, Request};
use crate::words::{
    Account, AccountStatus, BackendError, ConversationError, Denial, DenialReason, Secret, User,
    Username, Verdict,
};

/// Why a backend is not asked about a system name.
const SYSTEM_NAME: &str = "a system name";

/// Why a backend is not given an empty password.
const EMPTY_PASSWORD: &str = "an empty password";

/// One walk along the chain.
pub(super) struct Walk<'a, A> {
    chain: &'a Chain,
    user: &'a Username,
    context: &'a Context<'a>,
    /// Whether only local backends may be asked; found out when the first other one comes up.
    system_name: OnceCell<Result<bool, String>>,
    /// Why the person could not be asked, once that has happened.
    broken_off: Option<ConversationError>,
    pub(super) steps: Vec<Step<A>>,
}

impl<'a, A: Clone> Walk<'a, A> {
    pub(super) fn new(chain: &'a Chain, user: &'a Username, context: &'a Context<'a>) -> Self {
        Self {
            chain,
            user,
            context,
            system_name: OnceCell::new(),
            broken_off: None,
            steps: Vec::new(),
        }
    }

    fn request(&self, link: &Link) -> Request<'a> {
        Request {
            user: self.user,
            deadline: self.context.deadline.within(link.timeout),
            context: self.context,
        }
    }

    /// Asks one backend unless the rule forbids it, notes what came of it, and says whether the walk
    /// goes on.
    fn ask(
        &mut self,
        link: &Link,
        question: impl FnOnce(&Self) -> Result<Finding<A>, BackendError>,
    ) -> ControlFlow<()> {
        let clock = self.context.deadline.clock();
        let begin = clock();
        let finding = match self.obstacle(link) {
            Some(finding) => finding,
            None => question(self).unwrap_or_else(|error| {
                if let BackendError::Conversation(error) = error {
                    self.broken_off = Some(error);
                }
                Finding::Unavailable(error.to_string())
            }),
        };
        let ends_here = self.broken_off.is_some()
            || match &finding {
                Finding::Answered(_) => true,
                Finding::Denied(_) => link.on_denied == Then::Stop,
                Finding::Unavailable(_) => link.on_unavailable == Then::Stop,
                Finding::Unknown | Finding::NotAsked(_) => false,
            };
        let backend = link.backend.name().to_owned();
        let took = clock().saturating_duration_since(begin);
        self.steps.push(Step {
            backend,
            finding,
            took,
        });
        if ends_here {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Why this backend is not asked, if it is not.
    fn obstacle(&self, link: &Link) -> Option<Finding<A>> {
        if link.backend.is_local() {
            return None;
        }
        let is_system_name = self.system_name.get_or_init(|| {
            let uid = self.chain.identities.local_uid(self.user)?;
            Ok(uid.is_some_and(|uid| self.chain.is_system_uid(uid)))
        });
        match is_system_name {
            Ok(true) => Some(Finding::NotAsked(SYSTEM_NAME)),
            // Whether the name is the system's own cannot be told, so it stays on this machine.
            Err(why) => Some(Finding::Unavailable(why.clone())),
            Ok(false) if self.context.deadline.is_over() => Some(Finding::Unavailable(
                "the chain's deadline is over".to_owned(),
            )),
            Ok(false) => None,
        }
    }

    /// Why the person a backend means is not the one the system means, if so.
    fn mistaken_identity(&self, link: &Link, found: &User) -> Result<Option<String>, BackendError> {
        if !link.backend.is_same_name(self.user, &found.name) {
            return Ok(Some(format!("the entry's name is \"{}\"", found.name)));
        }
        if link.backend.is_system() {
            return Ok(None);
        }
        let system =
            (self.chain.identities.system_uid(self.user)).map_err(BackendError::Unavailable)?;
        if let (Some(claimed), Some(system)) = (found.uid, system) {
            if claimed != system {
                return Ok(Some(format!(
                    "its uid is {claimed}, the system's is {system}"
                )));
            }
        }
        if !link.backend.is_local() {
            let uids = [found.uid, system];
            if let Some(uid) = uids
                .into_iter()
                .flatten()
                .find(|uid| self.chain.is_system_uid(*uid))
            {
                return Ok(Some(format!("uid {uid} is the system's own")));
            }
        }
        Ok(None)
    }

    /// What the answers add up to: accepted by the last one asked, or denied if anyone denied, or
    /// unavailable if anyone could not say, or unknown.
    fn sum(&self) -> Outcome<A> {
        if let Some(error) = self.broken_off {
            return Outcome::Conversation(error);
        }
        let mut outcome = None;
        for step in &self.steps {
            match (&step.finding, &outcome) {
                (Finding::Answered(answer), _) => return Outcome::Answered(answer.clone()),
                (_, Some(Outcome::Denied(_))) => {}
                (Finding::Denied(denial), _) => outcome = Some(Outcome::Denied(denial.clone())),
                (Finding::Unavailable(_), _) => outcome = Some(Outcome::Unavailable),
                (Finding::Unknown, None) => outcome = Some(Outcome::Unknown),
                (Finding::Unknown | Finding::NotAsked(_), _) => {}
            }
        }
        // Where the rule kept the question from every backend, nobody said "unknown".
        outcome.unwrap_or_else(|| Outcome::Denied(Denial::from(DenialReason::NotPermitted)))
    }

    pub(super) fn decide(self) -> Decision<A> {
        let outcome = self.sum();
        let knows =
            |step: &Step<A>| matches!(step.finding, Finding::Answered(_) | Finding::Denied(_));
        let name = match outcome {
            _ if self.steps.iter().any(knows) => Some(self.user.clone()),
            // A passwd file read only for unknown names would show in the time they take.
            Outcome::Unknown => None,
            _ => self.chain.if_local(self.user.clone()),
        };
        Decision {
            name,
            invalid: None,
            outcome,
            steps: self.steps,
        }
    }
}

impl Walk<'_, Accepted> {
    pub(super) fn authenticate(
        &mut self,
        link: &Link,
        password: &Secret,
        conversation: &mut dyn Conversation,
    ) -> ControlFlow<()> {
        self.ask(link, |walk| {
            if password.is_empty() && !link.backend.is_local() {
                return Ok(Finding::NotAsked(EMPTY_PASSWORD));
            }
            let request = walk.request(link);
            let verdict = link.backend.authenticate(&mut Attempt {
                request,
                password,
                conversation,
            })?;
            Ok(match verdict {
                Verdict::Accepted(user) => match walk.mistaken_identity(link, &user)? {
                    None => Finding::Answered(Accepted(user)),
                    Some(detail) => Finding::Denied(Denial {
                        reason: DenialReason::AnotherPerson,
                        detail: Some(detail),
                    }),
                },
                Verdict::Denied(denial) => Finding::Denied(denial),
                Verdict::Unknown => Finding::Unknown,
            })
        })
    }
}

impl Walk<'_, AccountStatus> {
    pub(super) fn account(&mut self, link: &Link) -> ControlFlow<()> {
        self.ask(link, |walk| {
            let Some(Account { user, status }) = link.backend.account(&walk.request(link))? else {
                return Ok(Finding::Unknown);
            };
            // Another person's account says nothing about this one, for better or worse.
            Ok(match walk.mistaken_identity(link, &user)? {
                None => Finding::Answered(status),
                Some(_) => Finding::Unknown,
            })
        })
    }
}

impl Walk<'_, User> {
    pub(super) fn lookup(&mut self, link: &Link) {
        // Every backend is asked, so where the chain would end is of no interest.
        let _ = self.ask(link, |walk| {
            let user = link.backend.lookup(&walk.request(link))?;
            Ok(user.map_or(Finding::Unknown, Finding::Answered))
        });
    }
}
