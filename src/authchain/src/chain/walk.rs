//! One walk along the chain: each backend is asked in its turn, where it may be asked.

mod account;
mod directories_view;
mod login;
mod lookup;
mod owner;
mod same_person;

use std::cell::OnceCell;
use std::fmt;
use std::ops::ControlFlow;

use super::decision::{Decision, Finding, Outcome, Step, WhyNotAsked, in_words};
use super::links::{Chain, Link};
use super::report::log_attempt;
use super::route::Route;
use crate::config::settings::Then;
use crate::tools::request::{Context, Request};
use crate::words::{BackendError, Denial, DenialReason, Username};

/// One walk along the chain.
pub(super) struct Walk<'a, A> {
    chain: &'a Chain,
    route: &'a Route<'a>,
    user: &'a Username,
    context: &'a Context<'a>,
    /// The user id that the local passwd file has for the name; read when it is first needed.
    local_uid: OnceCell<Result<Option<u32>, BackendError>>,
    /// True if the system's own files have a password for the name; read when it is first needed.
    has_local_password: OnceCell<Result<bool, BackendError>>,
    /// The fault that ended the walk, or the fault of the system's own files. In
    /// [`combine`](Self::combine), only a final answer and a denial take precedence over it.
    fault: Option<Outcome<A>>,
    pub(super) steps: Vec<Step<A>>,
}

impl<'a, A: Known> Walk<'a, A> {
    /// Begins a walk along a route.
    pub(super) fn new(
        chain: &'a Chain,
        route: &'a Route<'a>,
        user: &'a Username,
        context: &'a Context<'a>,
    ) -> Self {
        Self {
            chain,
            route,
            user,
            context,
            local_uid: OnceCell::new(),
            has_local_password: OnceCell::new(),
            fault: None,
            steps: Vec::new(),
        }
    }

    fn request(&self, link: &Link) -> Request<'a> {
        Request {
            user: self.user,
            deadline: self.context.deadline.within(link.timeout),
            groups: &self.route.groups,
            context: self.context,
        }
    }

    /// Asks one backend if it may be asked, adds the step, and returns whether the walk
    /// goes on.
    fn ask(
        &mut self,
        link: &Link,
        question: impl FnOnce(&Self) -> Result<Finding<A>, BackendError>,
    ) -> ControlFlow<()> {
        let clock = self.context.deadline.clock();
        let begin = clock();
        let answer = match self.obstacle(link) {
            Ok(Some(why)) => Ok(Finding::NotAsked(why)),
            Ok(None) => question(self),
            Err(error) => Err(error),
        };
        let ends_here = match &answer {
            Ok(finding) => self.ends_walk(link, finding),
            Err(error) => self.fault_ends_walk(link, error),
        };
        let finding = answer.unwrap_or_else(Finding::from);
        self.steps.push(Step {
            backend: link.backend.name().to_owned(),
            finding,
            took: clock().saturating_duration_since(begin),
        });
        match ends_here {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Returns whether the walk ends here, so that no backend behind this link is asked.
    fn ends_walk(&self, link: &Link, finding: &Finding<A>) -> bool {
        match finding {
            Finding::Answered(answer) => answer.is_final(),
            Finding::Denied(_) => link.on_denied == Then::Stop,
            // The backend may know the person, and would then have refused the empty password.
            Finding::NotAsked(WhyNotAsked::EmptyPassword) => link.on_denied == Then::Stop,
            Finding::NotAsked(_)
            | Finding::Unavailable(_)
            | Finding::Failed(_)
            | Finding::NoPassword(_)
            | Finding::Unknown => false,
        }
    }

    /// Returns whether the walk ends at a backend that gave no answer.
    ///
    /// In su and sudo, the caller of this process may have caused any fault: then no acceptance
    /// counts, neither one before this backend nor one after it.
    fn fault_ends_walk(&mut self, link: &Link, error: &BackendError) -> bool {
        let ends_here = matches!(error, BackendError::Conversation(_))
            || link.on_denied == Then::Stop
            || link.on_unavailable == Then::Stop
            || self.context.on_behalf_of().is_some();
        // Other backends cannot call valid what the system's own files would have refused.
        if ends_here || link.backend.nature().is_system() {
            self.fault = Some(Outcome::from(error.clone()));
        }
        ends_here
    }

    /// Reads in advance all that the chain needs to know about the name, so that no file is opened
    /// between a denial and its log line. Otherwise a caller of su who watches the passwd file
    /// would see it opened after a wrong guess, and could kill this process before the line is
    /// written.
    fn read_in_advance(&self) {
        for link in &self.route.links {
            let _ = self.obstacle(link);
        }
    }

    /// Logs the denial of the last step if a backend of `rest` is asked next: that takes time, in
    /// which the caller of su can kill this process.
    fn log_denial(&self, rest: &[&Link]) {
        // A locked password was not compared with the guess.
        let is_judged = |denial: &Denial| denial.reason != DenialReason::Locked;
        let is_denial =
            |step: &Step<A>| matches!(&step.finding, Finding::Denied(denial) if is_judged(denial));
        let next = rest
            .iter()
            .find(|link| matches!(self.obstacle(link), Ok(None)));
        let (true, Some(next)) = (self.steps.last().is_some_and(is_denial), next) else {
            return;
        };
        let so_far = in_words(&self.steps).join("; ");
        let what = format!("{so_far}; now asking {}", next.backend.name());
        log_attempt(self.user, &what, self.context);
    }

    /// Returns the reason why this backend may not be asked, if there is one.
    ///
    /// # Errors
    /// When the system's own files cannot be read, or the deadline is over.
    fn obstacle(&self, link: &Link) -> Result<Option<WhyNotAsked>, BackendError> {
        if link.backend.nature().is_system() {
            return Ok(None);
        }
        if let Some(uid) = self.local_uid()? {
            if self.chain.is_the_systems(uid) {
                return Ok(Some(WhyNotAsked::SystemName));
            }
            if !link.local_names && self.has_local_password()? {
                return Ok(Some(WhyNotAsked::LocalName));
            }
            if !link.local_names && !link.backend.nature().compares_uids {
                return Ok(Some(WhyNotAsked::LocalEntry));
            }
        }
        if !link.backend.nature().answers_at_once && self.context.deadline.is_over() {
            let why = "the chain's deadline is over".to_owned();
            return Err(BackendError::Failed(why));
        }
        Ok(None)
    }

    fn local_uid(&self) -> Result<Option<u32>, BackendError> {
        let read = || self.chain.identities.local_uid(self.user);
        self.local_uid.get_or_init(read).clone()
    }

    fn has_local_password(&self) -> Result<bool, BackendError> {
        let read = || self.chain.identities.has_local_password(self.user);
        self.has_local_password.get_or_init(read).clone()
    }

    /// Combines the answers, in this order of precedence: a final answer ([`Known::is_final`]);
    /// a denial; the fault that ended the walk, or the fault of the system's own files; the first
    /// answer of a backend that knows the person; failed; unavailable; no password; unknown.
    fn combine(&mut self, where_not_asked: Outcome<A>) -> Outcome<A> {
        let (mut first_answer, mut first_denial, mut no_password) = (None, None, None);
        let (mut has_failed, mut is_unavailable, mut everybody_asked) = (false, false, true);
        for step in &self.steps {
            match &step.finding {
                Finding::Answered(answer) if answer.is_final() => {
                    return Outcome::Answered(answer.clone());
                }
                Finding::Answered(answer) => _ = first_answer.get_or_insert(answer),
                Finding::Denied(denial) => _ = first_denial.get_or_insert(denial),
                Finding::Unavailable(_) => is_unavailable = true,
                Finding::Failed(_) => has_failed = true,
                Finding::NotAsked(_) => everybody_asked = false,
                Finding::NoPassword(denial) => _ = no_password.get_or_insert(denial),
                Finding::Unknown => {}
            }
        }
        match (self.fault.take(), first_answer, first_denial) {
            (_, _, Some(denial)) => Outcome::Denied(denial.clone()),
            (Some(fault), _, None) => fault,
            (None, Some(answer), None) => Outcome::Answered(answer.clone()),
            (None, None, None) if has_failed => Outcome::Failed,
            (None, None, None) if is_unavailable => Outcome::Unavailable,
            (None, None, None) => match no_password {
                Some(denial) => Outcome::Denied(denial.clone()),
                None if everybody_asked => Outcome::Unknown,
                None => where_not_asked,
            },
        }
    }

    /// Returns the decision. If a backend could not be asked for such a reason, the outcome is
    /// `where_not_asked` instead of *unknown*.
    fn decide(mut self, where_not_asked: Outcome<A>) -> Decision<A> {
        let outcome = self.combine(where_not_asked);
        let knows = |step: &Step<A>| {
            matches!(
                step.finding,
                Finding::Answered(_) | Finding::Denied(_) | Finding::NoPassword(_)
            )
        };
        let name = match outcome {
            _ if self.steps.iter().any(knows) => Some(self.user.clone()),
            // If the passwd file were read for unknown names only, the time would tell who is
            // unknown.
            Outcome::Unknown => None,
            _ if A::IS_ABOUT_SOMEBODY || self.context.has_looked_the_name_up() => {
                Some(self.user.clone())
            }
            // The name service is not asked: during an outage it may wait for the same server.
            _ => self.chain.if_local(self.user.clone()),
        };
        Decision {
            name,
            invalid: None,
            outcome,
            steps: self.steps,
            confirmation: None,
            rule: None,
        }
    }
}

/// An answer of a backend about a person whom it knows.
pub(super) trait Known: Clone + PartialEq + fmt::Display {
    /// True if the question is asked only about people who have authenticated, so that the name is
    /// not a password typed in the wrong place.
    const IS_ABOUT_SOMEBODY: bool;

    /// Returns whether no backend behind this one need be asked.
    fn is_final(&self) -> bool;
}
