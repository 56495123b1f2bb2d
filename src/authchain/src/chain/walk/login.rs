//! A walk in which a password is tried.

use std::ops::ControlFlow;

use super::{Known, Walk};
use crate::chain::decision::{Accepted, AuthDecision, Finding, Outcome, WhyNotAsked};
use crate::chain::links::Link;
use crate::chain::report::log_guess;
use crate::tools::conversation::Conversation;
use crate::tools::deferred::{Deferred, WorkFirst};
use crate::tools::request::Attempt;
use crate::words::{
    Account, AccountStatus, BackendError, Denial, DenialReason, Secret, User, Verdict,
};

/// The reason, for the log, why a right password that has to be changed does not let the person in.
const ENDED: &str = "the password is to be changed, and who judges the account cannot know";

impl Known for Accepted {
    const IS_ABOUT_SOMEBODY: bool = false;

    fn is_final(&self) -> bool {
        true
    }
}

impl Walk<'_, Accepted> {
    /// Asks the backends in their order whether this is the person's password.
    pub(in crate::chain) fn authenticate(
        mut self,
        password: &Secret,
        conversation: &mut dyn Conversation,
        deferred: &Deferred,
    ) -> AuthDecision {
        self.read_in_advance();
        let mut links = self.route.links.as_slice();
        while let Some((link, rest)) = links.split_first() {
            let goes_on = self.try_password(link, password, conversation, deferred);
            if goes_on.is_break() {
                break;
            }
            self.log_denial(rest);
            links = rest;
        }
        self.decide(Outcome::Denied(Denial::from(DenialReason::NotPermitted)))
    }

    /// Asks the backends in their order who somebody is whose public key sshd has verified.
    pub(in crate::chain) fn identify(mut self) -> AuthDecision {
        let links = self.route.links.as_slice();
        for link in links {
            let goes_on = self.ask(link, |walk| {
                let Some(Account { user, status }) = link.backend.account(&walk.request(link))?
                else {
                    return Ok(Finding::Unknown);
                };
                Ok(match walk.accepted(link, user, Some(status))? {
                    Finding::Answered(known) => Finding::Answered(Accepted {
                        by_key: true,
                        ..known
                    }),
                    finding => finding,
                })
            });
            if goes_on.is_break() {
                break;
            }
        }
        self.decide(Outcome::Denied(Denial::from(DenialReason::NotPermitted)))
    }

    fn try_password(
        &mut self,
        link: &Link,
        password: &Secret,
        conversation: &mut dyn Conversation,
        deferred: &Deferred,
    ) -> ControlFlow<()> {
        self.ask(link, |walk| {
            if password.is_empty() && !link.backend.nature().takes_empty_passwords {
                return Ok(Finding::NotAsked(WhyNotAsked::EmptyPassword));
            }
            log_guess(link, walk.user, walk.context);
            let request = walk.request(link);
            let verdict = link.backend.authenticate(&mut Attempt {
                request,
                password,
                conversation: &mut WorkFirst {
                    conversation,
                    deferred,
                    password,
                },
                deferred,
            })?;
            Ok(match verdict {
                Verdict::Accepted(user, status) => walk.accepted(link, user, status)?,
                Verdict::MustChange(user, status) => walk.must_change(link, user, status)?,
                Verdict::Denied(denial) => Finding::Denied(denial),
                Verdict::NoPassword(detail) => Finding::NoPassword(Denial {
                    detail,
                    ..DenialReason::NoPassword.into()
                }),
                Verdict::Unknown => Finding::Unknown,
            })
        })
    }

    /// Accepts a person whose password must be changed, if this backend will judge the account and
    /// demand the change.
    fn must_change(
        &self,
        link: &Link,
        user: User,
        status: Option<AccountStatus>,
    ) -> Result<Finding<Accepted>, BackendError> {
        let judges_account = self.judges_account()?;
        Ok(match self.accepted(link, user, status)? {
            Finding::Answered(_) if !judges_account => Finding::Denied(Denial {
                reason: DenialReason::NotPermitted,
                detail: Some(ENDED.to_owned()),
                state: Some(AccountStatus::PasswordExpired),
            }),
            finding => finding,
        })
    }

    fn accepted(
        &self,
        link: &Link,
        user: User,
        status: Option<AccountStatus>,
    ) -> Result<Finding<Accepted>, BackendError> {
        Ok(match self.mistaken_identity(link, &user)? {
            None => Finding::Answered(Accepted {
                user,
                status,
                by_key: false,
            }),
            Some(detail) => Finding::Denied(Denial {
                detail: Some(detail),
                ..DenialReason::AnotherPerson.into()
            }),
        })
    }

    /// Returns whether the backend that is asked now will judge the account, too: no backend before
    /// it knows the name.
    fn judges_account(&self) -> Result<bool, BackendError> {
        for (link, step) in self.route.links.iter().zip(&self.steps) {
            if self.knows(link, &step.finding)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns whether a backend with this finding will judge the account. Files may know a person
    /// without having a password for them. An unavailable backend counts as not knowing the user:
    /// an outage must not deny what the same chain without that backend would accept.
    fn knows(&self, link: &Link, said: &Finding<Accepted>) -> Result<bool, BackendError> {
        match said {
            Finding::NotAsked(_) | Finding::Unavailable(_) | Finding::Failed(_) => Ok(false),
            said if link.backend.nature().is_directory() => Ok(*said != Finding::Unknown),
            _ => match link.backend.lookup(&self.request(link))? {
                Some(user) => Ok(self.mistaken_identity(link, &user)?.is_none()),
                None => Ok(false),
            },
        }
    }
}
