//! A walk in which a password is tried.

use std::ops::ControlFlow;

use super::{Known, Walk};
use crate::chain::decision::{Accepted, AuthDecision, Decision, Finding, Outcome, WhyNotAsked};
use crate::chain::links::{Chain, Link};
use crate::chain::stand_in::is_stand_in;
use crate::tools::conversation::Conversation;
use crate::tools::deferred::{Deferred, WorkFirst};
use crate::tools::one_error::OneError;
use crate::tools::request::{Attempt, Context};
use crate::words::{
    AccountStatus, BackendError, Denial, DenialReason, Secret, User, Username, Verdict,
};

/// The reason, for the log, why a right password that has to be changed does not let the person in.
const ENDED: &str = "the password is to be changed, and who judges the account cannot know";

impl Chain {
    /// Decides whether the person is who they say they are.
    ///
    /// The password is asked for once, before anything is looked up: a prompt must not tell which
    /// names exist.
    ///
    /// `report` is called with the decision before a refusal spends its time, so that the attempt
    /// is in the log if the caller of su kills the process then.
    pub fn authenticate(
        &self,
        name: &[u8],
        context: &Context<'_>,
        conversation: &mut dyn Conversation,
        report: impl FnOnce(&AuthDecision),
    ) -> AuthDecision {
        let password = match conversation.authtok() {
            Ok(password) => password,
            Err(error) => {
                let name = Username::parse(name)
                    .ok()
                    .and_then(|user| self.if_local(user));
                let decision = Decision::without_steps(name, Outcome::Conversation(error));
                report(&decision);
                return decision;
            }
        };
        // The time somebody takes to type does not count against the backends.
        let context = &context.restarted();
        let deferred = Deferred::default();
        let mut person = OneError::new(conversation);
        let decision = self.judge(name, &password, context, &mut person, &deferred);
        report(&decision);
        self.spend_time_of_refusal(&decision, &password, &deferred);
        // Whoever is barred is told so in place of the backend's error.
        if decision.is_refusal() && decision.barred().is_none() {
            person.tell();
        }
        decision
    }

    fn judge(
        &self,
        name: &[u8],
        password: &Secret,
        context: &Context<'_>,
        conversation: &mut dyn Conversation,
        deferred: &Deferred,
    ) -> AuthDecision {
        let user = match Username::parse(name) {
            Ok(user) => user,
            Err(invalid) => return Decision::invalid_name(invalid),
        };
        if password.is_empty() && !context.allow_empty_password {
            let outcome = Outcome::Denied(Denial::from(DenialReason::EmptyPassword));
            return Decision::without_steps(self.if_local(user), outcome);
        }
        if is_stand_in(password.expose()) {
            // Looking the name up for the log would take longer than a wrong password does.
            let outcome = Outcome::Denied(Denial::from(DenialReason::StandInPassword));
            return Decision::without_steps(None, outcome);
        }
        let mut walk = Walk::new(self, &user, context);
        walk.read_in_advance(&self.links);
        let mut links = self.links.as_slice();
        while let Some((link, rest)) = links.split_first() {
            let goes_on = walk.authenticate(link, password, conversation, deferred);
            if goes_on.is_break() {
                break;
            }
            walk.log_denial(rest);
            links = rest;
        }
        walk.decide(Outcome::Denied(Denial::from(DenialReason::NotPermitted)))
    }

    /// Spends the time of a refusal: computes the hashes that backends have deferred, and one for
    /// each local backend that was not asked, so that the time does not tell where the chain ended.
    /// An empty password costs nothing, whatever the name; nor does a name that nobody can have.
    fn spend_time_of_refusal(
        &self,
        decision: &AuthDecision,
        password: &Secret,
        deferred: &Deferred,
    ) {
        let was_asked = |link: &&Link| {
            decision.steps.iter().any(|step| {
                step.backend == link.backend.name() && !matches!(step.finding, Finding::NotAsked(_))
            })
        };
        let is_empty = password.is_empty() && decision.steps.is_empty();
        if !decision.is_refusal() || is_empty || decision.invalid.is_some() {
            return;
        }
        deferred.run(password);
        let owes = |link: &&Link| link.backend.nature().refusal_costs_hash && !was_asked(link);
        for link in self.links.iter().filter(owes) {
            link.backend.burn_refusal_time(password);
        }
    }
}

impl Known for Accepted {
    const IS_ABOUT_SOMEBODY: bool = false;

    fn is_final(&self) -> bool {
        true
    }
}

impl Walk<'_, Accepted> {
    fn authenticate(
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
            walk.log_guess(link);
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

    /// Logs in su and sudo that a worker is given the password. The caller can stop this process,
    /// tell from the length of the answer in the socket whether the guess was right, and kill this
    /// process before it has read the answer.
    fn log_guess(&self, link: &Link) {
        let is_elsewhere = !link.backend.nature().answers_at_once;
        if is_elsewhere && self.context.on_behalf_of().is_some() {
            self.log_attempt(&format!("asking {}", link.backend.name()));
        }
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
            None => Finding::Answered(Accepted { user, status }),
            Some(detail) => Finding::Denied(Denial {
                detail: Some(detail),
                ..DenialReason::AnotherPerson.into()
            }),
        })
    }

    /// Returns whether the backend that is asked now will judge the account, too: no backend before
    /// it knows the name.
    fn judges_account(&self) -> Result<bool, BackendError> {
        for (link, step) in self.chain.links.iter().zip(&self.steps) {
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
