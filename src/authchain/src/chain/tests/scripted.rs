//! A backend that answers as a test wrote.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::login_events::{Event, happen};
use super::*;
use crate::backends::password_change::{
    CannotChange, Change, ChangeKind, ChangePassword, ChangeVerdict,
};
use crate::backends::{Authority, Backend, Nature};
use crate::config::settings::{PasswordChanges, Then};
use crate::tools::request::{Attempt, Request};
use crate::words::{
    Account, AccountStatus, BackendError, ConversationError, Denial, DenialReason, Secret, User,
    Username, Verdict,
};

/// The answer of a scripted backend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answer {
    Accepts,
    AcceptsWithUid(u32),
    /// The name is an alias of this one, whose entry may have a user id.
    AcceptsAliasOf(&'static str, Option<u32>),
    /// The password is right, and has expired.
    MustChange,
    AcceptsOtherName,
    Denies,
    /// The password is right, and the account has expired.
    Bars,
    /// It knows the name, and has no password for it.
    HasNoPassword,
    Unknown,
    Unavailable,
    /// This process could not ask.
    Fails,
    BreaksOff,
}

/// A backend that answers as the test wrote, and counts the questions.
#[derive(Debug, Clone)]
pub(super) struct Scripted {
    pub(super) name: String,
    pub(super) authority: Authority,
    pub(super) answer: Answer,
    pub(super) on_denied: Then,
    pub(super) on_unavailable: Then,
    pub(super) local_names: bool,
    pub(super) compares_uids: bool,
    pub(super) strips_domains: bool,
    /// True if it has app passwords, and knows no account.
    pub(super) is_for_programs: bool,
    /// True if it can judge an account only with the person's password.
    pub(super) needs_password: bool,
    /// True if it finds a person only by their password, and cannot look anybody up.
    pub(super) finds_by_password: bool,
    /// True if a server says that it is unavailable, so that there is one.
    pub(super) has_a_server_that_answers: bool,
    /// The groups that it has the person in; `None` if it does not find them out.
    pub(super) groups: Option<Vec<&'static str>>,
    /// The groups of which it finds it unclear whether the person is in.
    pub(super) unclear_groups: Vec<&'static str>,
    /// The other names that the person's entry has.
    pub(super) also_named: Vec<&'static str>,
    /// True if it takes names that differ in case for one.
    pub(super) folds_case: bool,
    /// True if it cannot be asked about accounts.
    pub(super) lacks_accounts: bool,
    asked: Rc<Cell<usize>>,
    spent: Rc<Cell<usize>>,
    deferred_done: Rc<Cell<usize>>,
    changed: Rc<Cell<usize>>,
}

impl Scripted {
    pub(super) fn new(name: &str, authority: Authority, answer: Answer) -> Self {
        Self {
            name: name.to_owned(),
            authority,
            answer,
            on_denied: Then::Next,
            on_unavailable: Then::Next,
            local_names: false,
            compares_uids: true,
            strips_domains: false,
            is_for_programs: false,
            needs_password: false,
            finds_by_password: false,
            has_a_server_that_answers: false,
            groups: Some(Vec::new()),
            unclear_groups: Vec::new(),
            also_named: Vec::new(),
            folds_case: false,
            lacks_accounts: false,
            asked: Rc::default(),
            spent: Rc::default(),
            deferred_done: Rc::default(),
            changed: Rc::default(),
        }
    }

    /// Returns how often it was asked anything.
    pub(super) fn asked(&self) -> usize {
        self.asked.get()
    }

    /// Returns how often it spent the time of a refusal.
    pub(super) fn spent(&self) -> usize {
        self.spent.get()
    }

    /// Returns how often the deferred work for a name that it does not know was done.
    pub(super) fn deferred_done(&self) -> usize {
        self.deferred_done.get()
    }

    /// Returns how often it changed a password.
    pub(super) fn changed(&self) -> usize {
        self.changed.get()
    }

    pub(super) fn link(&self) -> Link {
        Link {
            backend: Box::new(self.clone()),
            on_denied: self.on_denied,
            on_unavailable: self.on_unavailable,
            local_names: self.local_names || self.is_for_programs,
            mfa: self.is_for_programs,
            password: PasswordChanges::On,
            instructions: None,
            timeout: Duration::from_secs(3),
        }
    }

    fn note(&self) {
        self.asked.set(self.asked.get() + 1);
        happen(match self.answer {
            Answer::Denies | Answer::Bars => Event::Refused,
            _ => Event::Asked,
        });
    }

    fn user(&self, asked: &Username) -> Option<User> {
        let alias_of = match self.answer {
            Answer::AcceptsAliasOf(own, _) => Some(own.to_owned()),
            _ => None,
        };
        let (name, uid) = match self.answer {
            Answer::AcceptsWithUid(uid) => (asked.to_string(), Some(uid)),
            Answer::AcceptsAliasOf(_, uid) => (asked.to_string(), uid),
            Answer::AcceptsOtherName => (format!("{asked}x"), None),
            Answer::Accepts
            | Answer::MustChange
            | Answer::Denies
            | Answer::Bars
            | Answer::HasNoPassword => (asked.to_string(), None),
            _ => return None,
        };
        Some(User {
            name,
            alias_of,
            also_named: owned(&self.also_named),
            uid,
            gid: None,
            gecos: String::new(),
            home: String::new(),
            shell: String::new(),
            groups: self.groups.as_deref().map(owned),
            unclear_groups: owned(&self.unclear_groups),
            backend: self.name.clone(),
        })
    }

    fn status(&self) -> AccountStatus {
        match self.answer {
            Answer::Denies | Answer::Bars => AccountStatus::AccountExpired,
            Answer::MustChange => AccountStatus::MustChangePassword,
            _ => AccountStatus::Valid { warning: None },
        }
    }

    /// Returns what it knows of somebody's account, without counting as asked.
    pub(super) fn known(&self, name: &str) -> Option<Account> {
        let user = self.user(&Username::parse(name.as_bytes()).ok()?)?;
        let status = self.status();
        Some(Account { user, status })
    }

    fn failure(&self) -> Result<(), BackendError> {
        match self.answer {
            Answer::Unavailable => Err(BackendError::Unavailable("down".to_owned())),
            Answer::Fails => Err(BackendError::Failed("cannot be started".to_owned())),
            Answer::BreaksOff => Err(BackendError::Conversation(ConversationError::Aborted)),
            _ => Ok(()),
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().copied().map(str::to_owned).collect()
}

impl Backend for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn nature(&self) -> Nature {
        let nature = match self.authority {
            Authority::Directory => Nature::of_servers(),
            authority => Nature::of_files(authority == Authority::System),
        };
        Nature {
            compares_uids: self.compares_uids,
            strips_domains: self.strips_domains,
            is_for_programs: self.is_for_programs,
            ..nature
        }
    }

    fn is_same_name(&self, asked: &Username, entry: &str) -> bool {
        match self.folds_case {
            true => asked.as_str().eq_ignore_ascii_case(entry),
            false => asked.as_str() == entry,
        }
    }

    fn lacked_question(&self) -> bool {
        self.lacks_accounts
    }

    fn was_unanswered(&self) -> bool {
        self.answer == Answer::Unavailable && !self.has_a_server_that_answers
    }

    fn lookup(&self, request: &Request<'_>) -> Result<Option<User>, BackendError> {
        if self.finds_by_password {
            let why = "nobody is logged in to look".to_owned();
            return Err(BackendError::Unavailable(why));
        }
        self.failure().map(|()| self.user(request.user))
    }

    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError> {
        self.note();
        self.failure()?;
        if matches!(self.answer, Answer::Unknown | Answer::HasNoPassword) {
            let deferred_done = Rc::clone(&self.deferred_done);
            attempt.deferred.push(move |_| {
                deferred_done.set(deferred_done.get() + 1);
                happen(Event::TimeSpent);
            });
        }
        Ok(match self.user(attempt.request.user) {
            None => Verdict::Unknown,
            Some(_) if self.answer == Answer::HasNoPassword => Verdict::NoPassword(None),
            Some(_) if self.answer == Answer::Denies => {
                Verdict::Denied(Denial::from(DenialReason::BadCredential))
            }
            Some(_) if self.answer == Answer::Bars => Verdict::Denied(Denial {
                state: Some(self.status()),
                ..Denial::from(DenialReason::NotPermitted)
            }),
            Some(user) if self.answer == Answer::MustChange => {
                Verdict::MustChange(user, Some(self.status()))
            }
            Some(user) => Verdict::Accepted(user, Some(self.status())),
        })
    }

    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        if self.is_for_programs || self.lacks_accounts {
            return Ok(None);
        }
        self.note();
        self.failure()?;
        if self.needs_password {
            let why = "nobody is logged in to look".to_owned();
            return Err(BackendError::Unavailable(why));
        }
        Ok(self.user(request.user).map(|user| Account {
            user,
            status: self.status(),
        }))
    }

    fn change_password(&self) -> Result<&dyn ChangePassword, CannotChange> {
        Ok(self)
    }

    fn burn_refusal_time(&self, _password: &Secret) {
        self.spent.set(self.spent.get() + 1);
        happen(Event::TimeSpent);
    }
}

impl ChangePassword for Scripted {
    fn has_password(&self, _request: &Request<'_>) -> Result<bool, BackendError> {
        Ok(self.answer != Answer::HasNoPassword)
    }

    fn finds_by_password(&self) -> bool {
        self.finds_by_password
    }

    fn preliminary(&self, change: &Change<'_>) -> Result<ChangeVerdict, BackendError> {
        self.failure()?;
        if self.finds_by_password && change.old.is_some() {
            return Ok(match (self.answer, self.user(change.request.user)) {
                (Answer::Denies, _) => ChangeVerdict::Denied(DenialReason::BadCredential.into()),
                (Answer::HasNoPassword, _) => ChangeVerdict::Granted(None),
                (_, None) => ChangeVerdict::Unknown,
                (_, Some(user)) => ChangeVerdict::Proven(Box::new(user), None),
            });
        }
        Ok(match (change.kind, change.old) {
            (ChangeKind::ByRoot, _) | (_, Some(_)) => ChangeVerdict::Granted(None),
            (_, None) => ChangeVerdict::OldPasswordNeeded,
        })
    }

    fn update(&self, change: &Change<'_>, _new: &Secret) -> Result<ChangeVerdict, BackendError> {
        let verdict = self.preliminary(change)?;
        self.changed.set(self.changed.get() + 1);
        Ok(verdict)
    }
}
