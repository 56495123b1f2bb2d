//! One walk along the chain: each backend asked in its turn, or kept from the question.

mod login;

use std::cell::OnceCell;
use std::ops::ControlFlow;

use super::decision::{Accepted, Decision, Finding, Outcome, Step};
use super::rule::{Chain, Link};
use crate::config::settings::Then;
use crate::tools::debts::Debts;
use crate::tools::request::{Context, Request};
use crate::words::{Account, AccountStatus, BackendError, ConversationError, User, Username};

/// Why a backend is not asked about a system name.
const SYSTEM_NAME: &str = "a system name";

/// One walk along the chain.
pub(super) struct Walk<'a, A> {
    chain: &'a Chain,
    user: &'a Username,
    context: &'a Context<'a>,
    /// The user id that the local passwd file has for the name; read when it is first needed.
    local_uid: OnceCell<Result<Option<u32>, String>>,
    /// Why the person could not be asked, once that has happened.
    broken_off: Option<ConversationError>,
    /// Whether the system's own accounts could not be read.
    system_is_silent: bool,
    debts: Debts,
    pub(super) steps: Vec<Step<A>>,
}

impl<'a, A: Reply> Walk<'a, A> {
    pub(super) fn new(chain: &'a Chain, user: &'a Username, context: &'a Context<'a>) -> Self {
        Self {
            chain,
            user,
            context,
            local_uid: OnceCell::new(),
            broken_off: None,
            system_is_silent: false,
            debts: Debts::default(),
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
        self.system_is_silent |=
            link.backend.is_system() && matches!(finding, Finding::Unavailable(_));
        let ends_here = self.broken_off.is_some()
            || match &finding {
                Finding::Answered(answer) => answer.is_last_word(),
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
        if link.backend.is_system() {
            return None;
        }
        match self.is_system_name() {
            Ok(true) => Some(Finding::NotAsked(SYSTEM_NAME)),
            // Whether the name is the system's own cannot be told, so it stays where it is.
            Err(why) => Some(Finding::Unavailable(why)),
            Ok(false) if !link.backend.is_local() && self.context.deadline.is_over() => Some(
                Finding::Unavailable("the chain's deadline is over".to_owned()),
            ),
            Ok(false) => None,
        }
    }

    /// Whether only the system's own accounts may be asked.
    fn is_system_name(&self) -> Result<bool, String> {
        let uid = self.local_uid()?;
        Ok(uid.is_some_and(|uid| self.chain.is_the_systems(uid)))
    }

    fn local_uid(&self) -> Result<Option<u32>, String> {
        let read = || self.chain.identities.local_uid(self.user);
        self.local_uid.get_or_init(read).clone()
    }

    /// Why the person a backend means is not the one the system means, if so.
    fn mistaken_identity(&self, link: &Link, found: &User) -> Result<Option<String>, BackendError> {
        if !link.backend.is_same_name(self.user, &found.name) {
            return Ok(Some(format!("the entry's name is \"{}\"", found.name)));
        }
        if link.backend.is_system() {
            return Ok(None);
        }
        let system = self.system_uid().map_err(BackendError::Unavailable)?;
        if let (Some(claimed), Some(system)) = (found.uid, system) {
            if claimed != system {
                let detail = format!("its uid is {claimed}, the system's is {system}");
                return Ok(Some(detail));
            }
        }
        let mut uids = [found.uid, system].into_iter().flatten();
        let reserved = uids.find(|uid| self.chain.is_the_systems(*uid));
        Ok(reserved.map(|uid| format!("uid {uid} is the system's own")))
    }

    /// Whom the system means by the name. The local file comes first: it cannot hang, and a name
    /// service that is broken says "nobody" where it should say that it cannot tell.
    fn system_uid(&self) -> Result<Option<u32>, String> {
        match self.local_uid()? {
            Some(uid) => Ok(Some(uid)),
            None => self.chain.identities.system_uid(self.user),
        }
    }

    /// What the answers add up to. The last word, if anyone had it; else the first answer of those
    /// who know the person; else denied, if anyone denied; else unavailable, if anyone could not
    /// say; else unknown. `if_kept_from_asking` stands in for *unknown* where the rule kept the
    /// question from somebody.
    fn sum(&self, if_kept_from_asking: Outcome<A>) -> Outcome<A> {
        if let Some(error) = self.broken_off {
            return Outcome::Conversation(error);
        }
        let (mut first_answer, mut first_denial) = (None, None);
        let (mut is_unavailable, mut everybody_asked) = (false, true);
        for step in &self.steps {
            match &step.finding {
                Finding::Answered(answer) if answer.is_last_word() => {
                    return Outcome::Answered(answer.clone());
                }
                Finding::Answered(answer) => _ = first_answer.get_or_insert(answer),
                Finding::Denied(denial) => _ = first_denial.get_or_insert(denial),
                Finding::Unavailable(_) => is_unavailable = true,
                Finding::NotAsked(_) => everybody_asked = false,
                Finding::Unknown => {}
            }
        }
        match (first_answer, first_denial) {
            (Some(answer), _) => Outcome::Answered(answer.clone()),
            (None, Some(denial)) => Outcome::Denied(denial.clone()),
            (None, None) if is_unavailable => Outcome::Unavailable,
            (None, None) if everybody_asked => Outcome::Unknown,
            (None, None) => if_kept_from_asking,
        }
    }

    fn decision(self, outcome: Outcome<A>) -> Decision<A> {
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

/// What a backend answers of somebody it knows.
pub(super) trait Reply: Clone + PartialEq {
    /// Whether nobody else need be asked.
    fn is_last_word(&self) -> bool;
}

impl Reply for Accepted {
    fn is_last_word(&self) -> bool {
        true
    }
}

impl Reply for AccountStatus {
    /// A refusal is one; a valid account may still be refused by this machine's files.
    fn is_last_word(&self) -> bool {
        !matches!(self, Self::Valid { .. })
    }
}

impl Reply for User {
    fn is_last_word(&self) -> bool {
        false
    }
}

impl Walk<'_, AccountStatus> {
    /// Asks about the account, unless somebody has called it valid and this backend would have to
    /// ask a server: local files may still refuse, and cost nothing.
    pub(super) fn account(&mut self, link: &Link, known: Option<&Account>) -> ControlFlow<()> {
        let is_valid = self
            .steps
            .iter()
            .any(|step| matches!(step.finding, Finding::Answered(_)));
        if is_valid && !link.backend.is_local() {
            return ControlFlow::Continue(());
        }
        self.ask(link, |walk| {
            let said = match known.filter(|known| walk.is_from(link, known)) {
                Some(known) => Some(known.clone()),
                None => link.backend.account(&walk.request(link))?,
            };
            let Some(Account { user, status }) = said else {
                return Ok(Finding::Unknown);
            };
            // Another person's account says nothing about this one, for better or worse.
            Ok(match walk.mistaken_identity(link, &user)? {
                None => Finding::Answered(status),
                Some(_) => Finding::Unknown,
            })
        })
    }

    /// Whether it was this backend that said this, about this person. Files are read whatever is known:
    /// that costs nothing.
    fn is_from(&self, link: &Link, known: &Account) -> bool {
        !link.backend.is_local()
            && known.user.backend == link.backend.name()
            && link.backend.is_same_name(self.user, &known.user.name)
    }

    /// The decision. What the system's own files would have refused cannot be called valid by others
    /// while those files cannot be read.
    pub(super) fn decide(self) -> Decision<AccountStatus> {
        let outcome = match self.sum(Outcome::Unavailable) {
            Outcome::Answered(AccountStatus::Valid { .. }) if self.system_is_silent => {
                Outcome::Unavailable
            }
            outcome => outcome,
        };
        self.decision(outcome)
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
