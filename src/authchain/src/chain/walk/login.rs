//! A walk in which a password is tried.

use std::ops::ControlFlow;

use super::Walk;
use crate::chain::decision::{Accepted, Decision, Finding, Kept, Outcome};
use crate::chain::rule::Link;
use crate::tools::conversation::Conversation;
use crate::tools::debts::{Debts, Paying};
use crate::tools::request::Attempt;
use crate::words::{AccountStatus, BackendError, Denial, DenialReason, Secret, User, Verdict};

/// Why a right password that has ended lets nobody in.
const ENDED: &str = "the password is to be changed, and who judges the account cannot know";

impl Walk<'_, Accepted> {
    pub(in crate::chain) fn authenticate(
        &mut self,
        link: &Link,
        password: &Secret,
        conversation: &mut dyn Conversation,
        debts: &Debts,
    ) -> ControlFlow<()> {
        self.ask(link, |walk| {
            if password.is_empty() && !link.backend.is_local() {
                return Ok(Finding::NotAsked(Kept::EmptyPassword));
            }
            let request = walk.request(link);
            let verdict = link.backend.authenticate(&mut Attempt {
                request,
                password,
                conversation: &mut Paying {
                    conversation,
                    debts,
                    password,
                },
                debts,
            })?;
            Ok(match verdict {
                Verdict::Accepted(user, status) => walk.accepted(link, user, status)?,
                Verdict::MustChange(user, status) => match walk.judges_account()? {
                    true => walk.accepted(link, user, status)?,
                    false => Finding::Denied(Denial {
                        reason: DenialReason::NotPermitted,
                        detail: Some(ENDED.to_owned()),
                    }),
                },
                Verdict::Denied(denial) => Finding::Denied(denial),
                Verdict::Unknown => Finding::Unknown,
            })
        })
    }

    fn accepted(
        &self,
        link: &Link,
        user: User,
        status: Option<AccountStatus>,
    ) -> Result<Finding<Accepted>, BackendError> {
        Ok(match self.mistaken_identity(link, &user)? {
            None => Finding::Answered(Accepted { user, status }),
            Some(detail) => Finding::Denied(Denial {
                reason: DenialReason::AnotherPerson,
                detail: Some(detail),
            }),
        })
    }

    /// Whether the account will be the business of the backend whose turn it is: none before it knows
    /// the name.
    fn judges_account(&self) -> Result<bool, BackendError> {
        for (link, step) in self.chain.links.iter().zip(&self.steps) {
            if self.knows(link, &step.finding)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a backend that said this will call the person's account its own. Files may know somebody
    /// without knowing a password. Silence does not count: no outage refuses anybody whom the backend's
    /// absence would not.
    fn knows(&self, link: &Link, said: &Finding<Accepted>) -> Result<bool, BackendError> {
        match said {
            Finding::NotAsked(_) | Finding::Unavailable(_) | Finding::Failed(_) => Ok(false),
            said if !link.backend.is_local() => Ok(*said != Finding::Unknown),
            _ => match link.backend.lookup(&self.request(link))? {
                Some(user) => Ok(self.mistaken_identity(link, &user)?.is_none()),
                None => Ok(false),
            },
        }
    }

    /// Returns the decision.
    pub(in crate::chain) fn decide(mut self) -> Decision<Accepted> {
        let outcome = self.sum(Outcome::Denied(Denial::from(DenialReason::NotPermitted)));
        self.decision(outcome)
    }
}
