//! A walk that asks whether the account may be used.

use std::ops::ControlFlow;

use super::{Known, Walk};
use crate::chain::decision::{AccountDecision, Decision, Finding, Outcome, in_words};
use crate::chain::links::{Chain, Link};
use crate::chain::route::{Objection, Route};
use crate::chain::ruling::BackendView;
use crate::config::settings::{Then, WhenUnavailable};
use crate::tools::journal::Severity;
use crate::tools::request::Context;
use crate::words::{Account, AccountStatus, BackendError, Denial, DenialReason, User, Username};

impl Chain {
    /// Decides whether the account may be used, whether or not a password was given.
    ///
    /// It does not depend on `authenticate`: public keys, cron and sudo's NOPASSWD use it alone.
    /// The first backend that knows the person decides; where it says *valid*, the local ones
    /// behind it may still refuse.
    ///
    /// `known` is the account as a backend with servers has judged it just now
    /// ([`known_account`](crate::chain::AuthDecision::known_account)). It replaces the question to
    /// that backend, and changes nothing else.
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
        let route = self.route(&user, context);
        if let Some(objection) = &route.objection {
            let denied = Outcome::Denied(Denial::from(DenialReason::NotPermitted));
            let decision = Decision::without_steps(Some(user), denied);
            return objection.clone().against(decision);
        }
        let mut walk = Walk::new(self, &route, &user, context);
        let seen = match walk.see(known) {
            Ok(seen) => seen,
            Err(error) => {
                let decision = walk.decide(Outcome::Unavailable);
                return Objection::NotFoundOut(error).against(decision);
            }
        };
        let is_excused = !seen.is_another && walk.is_excused();
        let decision = walk.decide(Outcome::Unavailable);
        let person = match (&decision.outcome, &seen.person) {
            (Outcome::Answered(status), Some(person)) if !status.forbids_login() => {
                BackendView::Found(person)
            }
            (Outcome::Unknown, _) => BackendView::Unknown,
            (Outcome::Unavailable, _) if is_excused => BackendView::NoAnswer,
            _ => return decision,
        };
        let chosen = self.confirm(&user, person, context);
        match person {
            BackendView::NoAnswer => decision.excused().by(chosen.as_ref().map_err(Clone::clone)),
            _ => decision.by(chosen.as_ref().map_err(Clone::clone)),
        }
    }

    /// Returns the person whose account it is, as the question about the account would find them.
    ///
    /// # Errors
    /// When that question would not be answered with a valid account.
    pub(in crate::chain) fn holder(
        &self,
        route: &Route<'_>,
        user: &Username,
        context: &Context<'_>,
    ) -> Result<User, BackendError> {
        let mut walk = Walk::new(self, route, user, context);
        let seen = walk.see(None)?;
        let decision = walk.decide(Outcome::Unavailable);
        match (&decision.outcome, seen.person) {
            (Outcome::Answered(status), Some(person)) if !status.forbids_login() => Ok(person),
            _ => Err(BackendError::Unavailable(format!(
                "no backend calls the account valid ({})",
                in_words(&decision.steps).join("; ")
            ))),
        }
    }
}

/// The people whom backends have described in one walk.
#[derive(Default)]
pub(super) struct Seen {
    /// The person whom the first backend describes.
    pub(super) person: Option<User>,
    /// True if a backend describes another person of the same name.
    pub(super) is_another: bool,
}

impl AccountDecision {
    /// Returns the decision in which nothing is held against an account about which no server
    /// answers.
    fn excused(self) -> Self {
        Self {
            outcome: Outcome::Answered(AccountStatus::Valid { warning: None }),
            ..self
        }
    }
}

impl Known for AccountStatus {
    const IS_ABOUT_SOMEBODY: bool = true;

    /// Returns whether no backend behind this one need be asked: a valid account may still be
    /// refused by this machine's files, every other status is final.
    fn is_final(&self) -> bool {
        !matches!(self, Self::Valid { .. })
    }
}

impl Walk<'_, AccountStatus> {
    /// Asks the backends in their order about the account, and returns whom they describe.
    ///
    /// # Errors
    /// When it cannot be found out which groups a directory has the person in.
    fn see(&mut self, known: Option<&Account>) -> Result<Seen, BackendError> {
        let mut seen = Seen::default();
        for link in &self.route.links {
            if self.account(link, known, &mut seen).is_break() {
                break;
            }
        }
        self.add_directories_view(&mut seen, known)?;
        Ok(seen)
    }

    /// Asks about the account. Once a backend has called it valid, backends that would have to ask
    /// a server are left out, but local files may still refuse, and cost nothing.
    ///
    /// `seen` is told whom the backend describes.
    fn account(
        &mut self,
        link: &Link,
        known: Option<&Account>,
        seen: &mut Seen,
    ) -> ControlFlow<()> {
        let is_valid = self
            .steps
            .iter()
            .any(|step| matches!(step.finding, Finding::Answered(_)));
        if is_valid && link.backend.nature().is_directory() {
            return ControlFlow::Continue(());
        }
        self.ask(link, |walk| {
            let Some(Account { user, status }) = walk.judged(link, known)? else {
                return Ok(Finding::Unknown);
            };
            Ok(match walk.mistaken_identity(link, &user)? {
                None => {
                    seen.person.get_or_insert(user);
                    Finding::Answered(status)
                }
                Some(detail) => {
                    seen.is_another = true;
                    walk.another_person(link, detail)
                }
            })
        })
    }

    /// Returns the account as the backend has judged it just now, or else as it judges it when
    /// asked; `None` if it does not know the name.
    pub(super) fn judged(
        &self,
        link: &Link,
        known: Option<&Account>,
    ) -> Result<Option<Account>, BackendError> {
        match known.filter(|known| self.is_from(link, known)) {
            Some(known) => Ok(Some(known.clone())),
            None => link.backend.account(&self.request(link)),
        }
    }

    /// Returns whether `account_when_unavailable` lets the person in: only directories may know
    /// them, none of whose servers answers, and the system's user of the name may be theirs. What a
    /// server said is no outage: people can cause much of it by their own entries.
    ///
    /// In su and sudo nobody is let in that way, because the caller could make a server seem
    /// unavailable.
    fn is_excused(&self) -> bool {
        let is_unanswered = |name: &str| {
            let mut links = self.route.links.iter();
            let link = links.find(|link| link.backend.name() == name);
            link.is_some_and(|link| {
                link.backend.nature().is_directory()
                    && link.backend.was_unanswered()
                    && self.mistaken_without_answer(link) == Ok(None)
            })
        };
        self.chain.ruling.account_when_unavailable == WhenUnavailable::Allow
            && self.context.on_behalf_of().is_none()
            && self.context.euid == 0
            && self.local_uid() == Ok(None)
            && self.steps.iter().all(|step| match &step.finding {
                Finding::Unavailable(_) => is_unanswered(&step.backend),
                finding => *finding == Finding::Unknown,
            })
    }

    /// Returns the finding for an entry that has this name but is another person's: unknown. With
    /// `on_denied = "stop"` it is a denial: a person who may write their own user id must not get
    /// past the backend that way.
    pub(super) fn another_person(&self, link: &Link, detail: String) -> Finding<AccountStatus> {
        if link.on_denied == Then::Stop {
            return Finding::Denied(Denial {
                detail: Some(detail),
                ..DenialReason::AnotherPerson.into()
            });
        }
        let line = format!(
            "{}: {}: not the same person ({detail})",
            self.user,
            link.backend.name()
        );
        self.context.journal.write(Severity::LOG_WARNING, &line);
        Finding::Unknown
    }

    /// Returns whether `known` came from this backend, is about this person, and says of the groups
    /// what rules ask. Backends over files are always asked again, because that is quick.
    pub(super) fn is_from(&self, link: &Link, known: &Account) -> bool {
        let asks_for_groups = !self.route.groups.is_empty();
        link.backend.nature().is_directory()
            && (known.user.groups.is_some() || !asks_for_groups)
            && known.user.backend == link.backend.name()
            && link.backend.is_same_name(self.user, &known.user.name)
    }
}
