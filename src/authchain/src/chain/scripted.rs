//! A scripted backend, system and person, for the laws of the chain.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::backends::{Backend, Nature};
use crate::config::settings::Then;
use crate::tools::conversation::Conversation;
use crate::tools::journal::{Journal, Severity};
use crate::tools::request::{Attempt, Request};
use crate::words::{
    Account, AccountStatus, BackendError, ConversationError, Denial, DenialReason, Secret, User,
    Username, Verdict,
};

/// What a scripted backend answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answer {
    Accepts,
    AcceptsWithUid(u32),
    /// The password is right, and has ended.
    MustChange,
    AcceptsOtherName,
    Denies,
    Unknown,
    Unavailable,
    /// This process could not ask.
    Fails,
    BreaksOff,
}

/// Where a scripted backend has its answers from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// The system's own account files.
    System,
    /// Other files of this machine.
    Files,
    /// A server.
    Server,
}

/// A backend that says what the test wrote, and remembers what it was asked.
#[derive(Debug, Clone)]
pub(super) struct Scripted {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) answer: Answer,
    pub(super) on_denied: Then,
    pub(super) on_unavailable: Then,
    pub(super) local_names: bool,
    asked: Rc<Cell<usize>>,
    spent: Rc<Cell<usize>>,
    paid: Rc<Cell<usize>>,
}

impl Scripted {
    pub(super) fn new(name: &str, kind: Kind, answer: Answer) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            answer,
            on_denied: Then::Next,
            on_unavailable: Then::Next,
            local_names: false,
            asked: Rc::default(),
            spent: Rc::default(),
            paid: Rc::default(),
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
    pub(super) fn paid(&self) -> usize {
        self.paid.get()
    }

    pub(super) fn link(&self) -> Link {
        Link {
            backend: Box::new(self.clone()),
            on_denied: self.on_denied,
            on_unavailable: self.on_unavailable,
            local_names: self.local_names,
            timeout: Duration::from_secs(3),
        }
    }

    fn note(&self) {
        self.asked.set(self.asked.get() + 1);
        happen(match self.answer {
            Answer::Denies => Event::Refused,
            _ => Event::Asked,
        });
    }

    fn user(&self, asked: &Username) -> Option<User> {
        let (name, uid) = match self.answer {
            Answer::AcceptsWithUid(uid) => (asked.to_string(), Some(uid)),
            Answer::AcceptsOtherName => (format!("{asked}x"), None),
            Answer::Accepts | Answer::MustChange | Answer::Denies => (asked.to_string(), None),
            _ => return None,
        };
        Some(User {
            name,
            uid,
            gid: None,
            gecos: String::new(),
            home: String::new(),
            shell: String::new(),
            groups: Vec::new(),
            backend: self.name.clone(),
        })
    }

    fn status(&self) -> AccountStatus {
        match self.answer {
            Answer::Denies => AccountStatus::AccountExpired,
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

impl Backend for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn nature(&self) -> Nature {
        match self.kind {
            Kind::Server => Nature::of_servers(),
            kind => Nature::of_files(kind == Kind::System),
        }
    }

    fn lookup(&self, request: &Request<'_>) -> Result<Option<User>, BackendError> {
        self.failure().map(|()| self.user(request.user))
    }

    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError> {
        self.note();
        self.failure()?;
        Ok(match self.user(attempt.request.user) {
            None => {
                let paid = Rc::clone(&self.paid);
                attempt.deferred.push(move |_| {
                    paid.set(paid.get() + 1);
                    happen(Event::TimeSpent);
                });
                Verdict::Unknown
            }
            Some(_) if self.answer == Answer::Denies => {
                Verdict::Denied(Denial::from(DenialReason::BadCredential))
            }
            Some(user) if self.answer == Answer::MustChange => {
                Verdict::MustChange(user, Some(self.status()))
            }
            Some(user) => Verdict::Accepted(user, Some(self.status())),
        })
    }

    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        self.note();
        self.failure()?;
        Ok(self.user(request.user).map(|user| Account {
            user,
            status: self.status(),
        }))
    }

    fn burn_refusal_time(&self, _password: &Secret) {
        self.spent.set(self.spent.get() + 1);
        happen(Event::TimeSpent);
    }
}

/// A system whose passwd file has `root` and `toor` (0), `daemon` (1), `alice` (1000), who never
/// had a password, and `lena` (1001), who has one. Its name service knows `bob` (1002) besides.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Town {
    pub(super) passwd: InPlace<Option<u32>>,
    pub(super) shadow: InPlace<bool>,
    pub(super) name_service: InPlace<Option<SystemUser>>,
}

/// What is answered in place of what is known, if anything.
pub(super) type InPlace<T> = Option<fn() -> Result<T, BackendError>>;

impl Identities for Town {
    fn local_uid(&self, name: &Username) -> Result<Option<u32>, BackendError> {
        if let Some(answer) = self.passwd {
            return answer();
        }
        Ok(match name.as_str() {
            "root" | "toor" => Some(0),
            "daemon" => Some(1),
            "alice" => Some(1000),
            "lena" => Some(1001),
            _ => None,
        })
    }

    fn has_local_password(&self, name: &Username) -> Result<bool, BackendError> {
        self.shadow
            .map_or(Ok(name.as_str() == "lena"), |answer| answer())
    }

    fn local_name(&self, uid: u32) -> Result<Option<String>, BackendError> {
        if let Some(answer) = self.passwd {
            answer()?;
        }
        let name = match uid {
            0 => "root",
            1 => "daemon",
            1000 => "alice",
            1001 => "lena",
            _ => return Ok(None),
        };
        Ok(Some(name.to_owned()))
    }

    fn system_user(&self, name: &Username) -> Result<Option<SystemUser>, BackendError> {
        if let Some(answer) = self.name_service {
            return answer();
        }
        let (name, uid) = match name.as_str() {
            "bob" => ("bob", 1002),
            // As a name service says that does not tell capitals from others.
            "LENA" => ("lena", 1001),
            "BOB" => ("bob", 1002),
            name => match self.local_uid(&Username::parse(name.as_bytes()).unwrap())? {
                Some(uid) => (name, uid),
                None => return Ok(None),
            },
        };
        let name = name.to_owned();
        Ok(Some(SystemUser { name, uid }))
    }
}

/// What happens in a login, as far as its order matters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Event {
    /// A backend was asked.
    Asked,
    /// A backend was asked, and refused.
    Refused,
    /// A line was logged.
    Logged,
    /// The time of a refusal was spent.
    TimeSpent,
}

thread_local!(static EVENTS: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) });

pub(super) fn happen(event: Event) {
    EVENTS.with_borrow_mut(|events| events.push(event));
}

/// Returns what has happened since this was called last.
pub(super) fn take_events() -> Vec<Event> {
    EVENTS.take()
}

pub(super) struct Silent;

impl Journal for Silent {
    fn write(&self, _severity: Severity, _line: &str) {
        happen(Event::Logged);
    }
}

/// A person who types one password, and counts how often they are asked.
pub(super) struct Typist {
    pub(super) password: Result<&'static [u8], ConversationError>,
    pub(super) asked: usize,
}

impl Conversation for Typist {
    fn authtok(&mut self) -> Result<Secret, ConversationError> {
        self.asked += 1;
        self.password.map(|bytes| Secret::new(bytes.to_vec()))
    }

    fn prompt_echo_off(&mut self, _text: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }

    fn prompt_echo_on(&mut self, _text: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }

    fn text_info(&mut self, _text: &str) {}

    fn error_msg(&mut self, _text: &str) {}
}
