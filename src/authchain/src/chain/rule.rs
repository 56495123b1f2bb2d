//! The rule of the chain: in which order backends are asked, and what their answers add up to.

use std::cell::OnceCell;
use std::time::Duration;

use super::decision::{Accepted, AccountDecision, AuthDecision, Decision, Finding, Outcome, Step};
use super::identity::Identities;
use super::stand_in::is_stand_in;
use crate::backends::Backend;
use crate::config::settings::Then;
use crate::tools::conversation::Conversation;
use crate::tools::request::{Attempt, Context, Request};
use crate::words::{
    Account, AccountStatus, BackendError, Denial, DenialReason, InvalidUsername, Secret, User,
    Username, Verdict,
};

/// Why a backend is not asked about a system name.
const SYSTEM_NAME: &str = "a system name";

/// Why a backend is not given an empty password.
const EMPTY_PASSWORD: &str = "an empty password";

/// A backend and its place in the chain.
pub struct Link {
    /// The source of accounts.
    pub backend: Box<dyn Backend>,
    /// Where to go after a denial.
    pub on_denied: Then,
    /// Where to go when the backend cannot answer.
    pub on_unavailable: Then,
    /// How long the backend may take.
    pub timeout: Duration,
}

/// The ordered backends of a login. It has at least one: an empty chain could only fail open or
/// lock everybody out.
pub struct Chain {
    links: Vec<Link>,
    min_uid: u32,
    identities: Box<dyn Identities>,
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

    /// Whether the person is who they say they are.
    ///
    /// The password is asked for first, once, whatever the name: a prompt must not tell who exists.
    pub fn authenticate(
        &self,
        name: &[u8],
        context: &Context<'_>,
        conversation: &mut dyn Conversation,
    ) -> AuthDecision {
        let password = match conversation.authtok() {
            Ok(password) => password,
            Err(error) => return Decision::without_steps(None, Outcome::Conversation(error)),
        };
        // How long somebody types is not held against the backends.
        let context = &Context {
            deadline: context.deadline.restarted(),
            ..*context
        };
        let user = match Username::parse(name) {
            Ok(user) => user,
            Err(invalid) => {
                self.spend_like_a_refusal(&password);
                return Decision::invalid_name(invalid);
            }
        };
        if let Some(reason) = self.refusal_before_any_backend(&password, context) {
            return Decision::without_steps(
                self.if_local(user),
                Outcome::Denied(Denial::from(reason)),
            );
        }
        let mut walk = Walk::new(self, &user, context);
        for link in &self.links {
            let Some(end) = walk.authenticate(link, &password, conversation) else {
                continue;
            };
            return walk.end(end);
        }
        let outcome = walk.sum();
        walk.end(outcome)
    }

    /// Whether the account may be used, password or not.
    ///
    /// Stands alone: public keys, cron and sudo's NOPASSWD come here without `authenticate`. The
    /// first backend that knows the person decides.
    pub fn account(&self, name: &[u8], context: &Context<'_>) -> AccountDecision {
        let user = match Username::parse(name) {
            Ok(user) => user,
            Err(invalid) => return Decision::invalid_name(invalid),
        };
        let mut walk = Walk::new(self, &user, context);
        for link in &self.links {
            let Some(end) = walk.account(link) else {
                continue;
            };
            return walk.end(end);
        }
        let outcome = walk.sum();
        walk.end(outcome)
    }

    /// What each backend says of the name, for the administrator's eyes; nothing is decided.
    pub fn lookup(&self, user: &Username, context: &Context<'_>) -> Vec<Step<User>> {
        let mut walk = Walk::new(self, user, context);
        for link in &self.links {
            walk.lookup(link);
        }
        walk.steps
    }

    fn refusal_before_any_backend(
        &self,
        password: &Secret,
        context: &Context<'_>,
    ) -> Option<DenialReason> {
        if password.is_empty() && !context.allow_empty_password {
            return Some(DenialReason::EmptyPassword);
        }
        if is_stand_in(password.expose()) {
            self.spend_like_a_refusal(password);
            return Some(DenialReason::StandInPassword);
        }
        None
    }

    fn spend_like_a_refusal(&self, password: &Secret) {
        for link in self.links.iter().filter(|link| link.backend.is_local()) {
            link.backend.spend_like_a_refusal(password);
        }
    }

    /// The name where the local passwd file has it: then it is no mistyped password.
    fn if_local(&self, user: Username) -> Option<Username> {
        matches!(self.identities.local_uid(&user), Ok(Some(_))).then_some(user)
    }

    /// Names below `min_uid`, and user id 0 even where `min_uid` is 0.
    fn is_system_uid(&self, uid: u32) -> bool {
        uid == 0 || uid < self.min_uid
    }
}

/// One walk along the chain.
struct Walk<'a, A> {
    chain: &'a Chain,
    user: &'a Username,
    context: &'a Context<'a>,
    /// Whether only local backends may be asked; found out when the first other one comes up.
    system_name: OnceCell<Result<bool, String>>,
    steps: Vec<Step<A>>,
}

impl<'a, A: Clone> Walk<'a, A> {
    fn new(chain: &'a Chain, user: &'a Username, context: &'a Context<'a>) -> Self {
        Self {
            chain,
            user,
            context,
            system_name: OnceCell::new(),
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

    /// Asks one backend unless the rule forbids it, and notes what came of it.
    ///
    /// An outcome is returned when the chain ends here.
    fn ask(
        &mut self,
        link: &Link,
        question: impl FnOnce(&Self) -> Result<Finding<A>, BackendError>,
    ) -> Option<Outcome<A>> {
        let clock = self.context.deadline.clock();
        let begin = clock();
        let answer = match self.obstacle(link) {
            Some(finding) => Ok(finding),
            None => question(self),
        };
        let (finding, broken_off) = match answer {
            Ok(finding) => (finding, None),
            Err(BackendError::Conversation(error)) => {
                (Finding::Unavailable(error.to_string()), Some(error))
            }
            Err(error) => (Finding::Unavailable(error.to_string()), None),
        };
        let end = match (&finding, broken_off) {
            (_, Some(error)) => Some(Outcome::Conversation(error)),
            (Finding::Answered(answer), _) => Some(Outcome::Answered(answer.clone())),
            (Finding::Denied(denial), _) if link.on_denied == Then::Stop => {
                Some(Outcome::Denied(denial.clone()))
            }
            (Finding::Unavailable(_), _) if link.on_unavailable == Then::Stop => {
                Some(Outcome::Unavailable)
            }
            _ => None,
        };
        let backend = link.backend.name().to_owned();
        let took = clock().saturating_duration_since(begin);
        self.steps.push(Step {
            backend,
            finding,
            took,
        });
        end
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

    /// What the answers add up to when nobody ended the chain.
    fn sum(&self) -> Outcome<A> {
        let findings = || self.steps.iter().map(|step| &step.finding);
        let denial = findings().find_map(|finding| match finding {
            Finding::Denied(denial) => Some(denial.clone()),
            _ => None,
        });
        if let Some(denial) = denial {
            return Outcome::Denied(denial);
        }
        if findings().any(|finding| matches!(finding, Finding::Unavailable(_))) {
            return Outcome::Unavailable;
        }
        if findings().any(|finding| matches!(finding, Finding::Unknown)) {
            return Outcome::Unknown;
        }
        // The rule kept the question from every backend: nobody said "unknown".
        Outcome::Denied(Denial::from(DenialReason::NotPermitted))
    }

    fn end(self, outcome: Outcome<A>) -> Decision<A> {
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
    fn authenticate(
        &mut self,
        link: &Link,
        password: &Secret,
        conversation: &mut dyn Conversation,
    ) -> Option<Outcome<Accepted>> {
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
    fn account(&mut self, link: &Link) -> Option<Outcome<AccountStatus>> {
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
    fn lookup(&mut self, link: &Link) {
        // Every backend is asked, so where the chain would end is of no interest.
        let _ = self.ask(link, |walk| {
            let user = link.backend.lookup(&walk.request(link))?;
            Ok(user.map_or(Finding::Unknown, Finding::Answered))
        });
    }
}

impl<A> Decision<A> {
    fn without_steps(name: Option<Username>, outcome: Outcome<A>) -> Self {
        Self {
            name,
            invalid: None,
            outcome,
            steps: Vec::new(),
        }
    }

    fn invalid_name(invalid: InvalidUsername) -> Self {
        Self {
            name: None,
            invalid: Some(invalid),
            outcome: Outcome::Unknown,
            steps: Vec::new(),
        }
    }
}
