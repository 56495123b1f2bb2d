//! The rule of the chain: what is asked at all, in which order, and where it ends.

use std::time::Duration;

use super::decision::{AccountDecision, AuthDecision, Decision, Finding, Outcome, Step};
use super::identity::{Identities, is_system_uid};
use super::stand_in::is_stand_in;
use super::walk::Walk;
use crate::backends::Backend;
use crate::config::settings::Then;
use crate::tools::conversation::Conversation;
use crate::tools::debts::Debts;
use crate::tools::request::Context;
use crate::words::{Account, Denial, DenialReason, Secret, User, Username};

/// A backend and its place in the chain.
pub struct Link {
    /// The source of accounts.
    pub backend: Box<dyn Backend>,
    /// Where to go after a denial.
    pub on_denied: Then,
    /// Where to go when the backend cannot answer; `Stop` wherever `on_denied` is.
    pub on_unavailable: Then,
    /// Whether the backend is asked about names that have a password in the system's own files.
    pub local_names: bool,
    /// How long the backend may take.
    pub timeout: Duration,
}

/// The ordered backends of a login. It has at least one: an empty chain could only fail open or
/// lock everybody out.
pub struct Chain {
    pub(super) links: Vec<Link>,
    min_uid: u32,
    pub(super) identities: Box<dyn Identities>,
}

impl Drop for Chain {
    /// From the last link to the first: each worker that is ending keeps SIGCHLD blocked until it has, if
    /// those before it have not done so.
    fn drop(&mut self) {
        while self.links.pop().is_some() {}
    }
}

impl Chain {
    /// A chain of these links; `None` without any.
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

    /// Decides whether the person is who they say they are.
    ///
    /// The password is asked for first, once, whatever the name: a prompt must not tell who exists.
    ///
    /// `report` hears the decision before a refusal spends any time: whoever ends the process
    /// meanwhile, as the caller of su may at any moment, has been written down.
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
                let decision = Decision::without_steps(None, Outcome::Conversation(error));
                report(&decision);
                return decision;
            }
        };
        // How long somebody types is not held against the backends.
        let context = &context.restarted();
        let debts = Debts::default();
        let decision = self.judge(name, &password, context, conversation, &debts);
        report(&decision);
        self.spend_time_of_refusal(&decision, &password, &debts);
        decision
    }

    fn judge(
        &self,
        name: &[u8],
        password: &Secret,
        context: &Context<'_>,
        conversation: &mut dyn Conversation,
        debts: &Debts,
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
            // Whose name it is would take longer to find out than a wrong password takes.
            let outcome = Outcome::Denied(Denial::from(DenialReason::StandInPassword));
            return Decision::without_steps(None, outcome);
        }
        let mut walk = Walk::new(self, &user, context);
        walk.foresee(&self.links);
        let mut links = self.links.as_slice();
        while let Some((link, rest)) = links.split_first() {
            let goes_on = walk.authenticate(link, password, conversation, debts);
            if goes_on.is_break() {
                break;
            }
            walk.log_denial(rest);
            links = rest;
        }
        walk.decide()
    }

    /// Spends what a refusal owes: the hashes that backends have put off, and the time of one in each
    /// local backend that was not asked, so that the clock does not tell where a chain ended. An
    /// empty answer costs nothing, whoever it is for.
    fn spend_time_of_refusal(&self, decision: &AuthDecision, password: &Secret, debts: &Debts) {
        let is_refusal = !matches!(
            decision.outcome,
            Outcome::Answered(_) | Outcome::Conversation(_)
        );
        let was_asked = |link: &&Link| {
            decision.steps.iter().any(|step| {
                step.backend == link.backend.name() && !matches!(step.finding, Finding::NotAsked(_))
            })
        };
        if !is_refusal || (password.is_empty() && decision.steps.is_empty()) {
            return;
        }
        debts.pay(password);
        let local = self.links.iter().filter(|link| link.backend.is_local());
        for link in local.filter(|link| !was_asked(link)) {
            link.backend.spend_like_a_refusal(password);
        }
    }

    /// Whether the account may be used, password or not.
    ///
    /// Stands alone: public keys, cron and sudo's NOPASSWD come here without `authenticate`. The
    /// first backend that knows the person decides; where it says *valid*, the local ones behind it
    /// may still refuse.
    ///
    /// `known` is what a server's backend said of the account just now
    /// ([`AuthDecision::known_account`]). Where that backend's turn comes it is not asked once more;
    /// everything else is as without.
    pub fn account(
        &self,
        name: &[u8],
        known: Option<&Account>,
        context: &Context<'_>,
    ) -> AccountDecision {
        let user = match Username::parse(name) {
            Ok(user) => user,
            Err(invalid) => return Decision::invalid_name(invalid),
        };
        let mut walk = Walk::new(self, &user, context);
        for link in &self.links {
            if walk.account(link, known).is_break() {
                break;
            }
        }
        walk.decide()
    }

    /// What each backend says of the name, for the administrator's eyes; nothing is decided.
    pub fn lookup(&self, user: &Username, context: &Context<'_>) -> Vec<Step<User>> {
        let mut walk = Walk::new(self, user, context);
        for link in &self.links {
            walk.lookup(link);
        }
        walk.steps
    }

    /// The name where the local passwd file has it: then it is no mistyped password.
    pub(super) fn if_local(&self, user: Username) -> Option<Username> {
        matches!(self.identities.local_uid(&user), Ok(Some(_))).then_some(user)
    }

    /// Whether only the system's own files may speak for this user id.
    pub(super) fn is_the_systems(&self, uid: u32) -> bool {
        is_system_uid(uid, self.min_uid)
    }
}
