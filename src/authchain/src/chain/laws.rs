//! The laws of the chain, over chains and answers nobody thought of.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::backends::Backend;
use crate::config::settings::Then;
use crate::tools::conversation::Conversation;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::journal::{Journal, Severity};
use crate::tools::request::{Attempt, Context, Request};
use crate::words::{
    Account, AccountStatus, BackendError, ConversationError, Denial, DenialReason, Secret, User,
    Username, Verdict,
};

/// What a scripted backend answers.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Accepts,
    AcceptsWithUid(u32),
    AcceptsOtherName,
    Denies,
    Unknown,
    Unavailable,
    BreaksOff,
}

/// A backend that says what the test wrote, and remembers what it was asked.
#[derive(Debug, Clone)]
struct Scripted {
    name: String,
    local: bool,
    answer: Answer,
    on_denied: Then,
    on_unavailable: Then,
    asked: Rc<RefCell<Vec<(String, Vec<u8>)>>>,
    spent: Rc<RefCell<usize>>,
}

impl Scripted {
    fn new(name: &str, local: bool, answer: Answer) -> Self {
        Self {
            name: name.to_owned(),
            local,
            answer,
            on_denied: Then::Next,
            on_unavailable: Then::Next,
            asked: Rc::default(),
            spent: Rc::default(),
        }
    }

    fn link(&self) -> Link {
        Link {
            backend: Box::new(self.clone()),
            on_denied: self.on_denied,
            on_unavailable: self.on_unavailable,
            timeout: Duration::from_secs(3),
        }
    }

    fn note(&self, user: &Username, password: &[u8]) {
        self.asked
            .borrow_mut()
            .push((user.to_string(), password.to_vec()));
    }

    fn user(&self, asked: &Username) -> Option<User> {
        let (name, uid) = match self.answer {
            Answer::AcceptsWithUid(uid) => (asked.to_string(), Some(uid)),
            Answer::AcceptsOtherName => (format!("{asked}x"), None),
            Answer::Accepts | Answer::Denies => (asked.to_string(), None),
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

    fn failure(&self) -> Result<(), BackendError> {
        match self.answer {
            Answer::Unavailable => Err(BackendError::Unavailable("down".to_owned())),
            Answer::BreaksOff => Err(BackendError::Conversation(ConversationError::Aborted)),
            _ => Ok(()),
        }
    }
}

impl Backend for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_local(&self) -> bool {
        self.local
    }

    fn lookup(&self, request: &Request<'_>) -> Result<Option<User>, BackendError> {
        self.failure().map(|()| self.user(request.user))
    }

    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError> {
        self.note(attempt.request.user, attempt.password.expose());
        self.failure()?;
        Ok(match self.user(attempt.request.user) {
            None => Verdict::Unknown,
            Some(_) if self.answer == Answer::Denies => {
                Verdict::Denied(Denial::from(DenialReason::BadCredential))
            }
            Some(user) => Verdict::Accepted(user),
        })
    }

    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        self.note(request.user, b"");
        self.failure()?;
        Ok(self.user(request.user).map(|user| Account {
            user,
            status: match self.answer {
                Answer::Denies => AccountStatus::AccountExpired,
                _ => AccountStatus::Valid { warning: None },
            },
        }))
    }

    fn spend_like_a_refusal(&self, _password: &Secret) {
        *self.spent.borrow_mut() += 1;
    }
}

/// A system with `root` (0), `daemon` (1) and `alice` (1000), the last two in the passwd file.
struct Town {
    passwd_is_readable: bool,
}

impl Identities for Town {
    fn local_uid(&self, name: &Username) -> Result<Option<u32>, String> {
        if !self.passwd_is_readable {
            return Err("/etc/passwd: permission denied".to_owned());
        }
        self.system_uid(name)
    }

    fn system_uid(&self, name: &Username) -> Result<Option<u32>, String> {
        Ok(match name.as_str() {
            "root" | "toor" => Some(0),
            "daemon" => Some(1),
            "alice" => Some(1000),
            _ => None,
        })
    }
}

struct Silent;

impl Journal for Silent {
    fn write(&self, _severity: Severity, _line: &str) {}
}

/// A person who types one password, and counts how often they are asked.
struct Typist {
    password: Result<&'static [u8], ConversationError>,
    asked: usize,
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

fn context(allow_empty_password: bool) -> Context<'static> {
    Context {
        service: "test",
        tty: "",
        rhost: "",
        ruser: "",
        now: SystemTime::UNIX_EPOCH,
        deadline: Deadline::after(system_clock, Duration::from_secs(8)),
        allow_empty_password,
        silent: false,
        journal: &Silent,
    }
}

fn chain(backends: &[Scripted]) -> Chain {
    let links = backends.iter().map(Scripted::link).collect();
    Chain::new(
        links,
        1000,
        Box::new(Town {
            passwd_is_readable: true,
        }),
    )
    .unwrap()
}

fn login(backends: &[Scripted], name: &str, password: &'static [u8]) -> AuthDecision {
    let mut typist = Typist {
        password: Ok(password),
        asked: 0,
    };
    let decision = chain(backends).authenticate(name.as_bytes(), &context(false), &mut typist);
    assert_eq!(
        typist.asked, 1,
        "the password is asked for once, whatever comes of it"
    );
    decision
}

fn account(backends: &[Scripted], name: &str) -> AccountDecision {
    chain(backends).account(name.as_bytes(), &context(false))
}

fn asked(backend: &Scripted) -> usize {
    backend.asked.borrow().len()
}

fn accepts<A>(decision: &Decision<A>) -> bool {
    matches!(decision.outcome, Outcome::Answered(_))
}

fn an_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Accepts),
        (0..3000u32).prop_map(Answer::AcceptsWithUid),
        Just(Answer::AcceptsOtherName),
        Just(Answer::Denies),
        Just(Answer::Unknown),
        Just(Answer::Unavailable),
        Just(Answer::BreaksOff),
    ]
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![Just(Then::Next), Just(Then::Stop)]
}

prop_compose! {
    fn a_backend()(local: bool, answer in an_answer(), on_denied in then(), on_unavailable in then()) -> Scripted {
        Scripted { on_denied, on_unavailable, ..Scripted::new("b", local, answer) }
    }
}

fn backends() -> impl Strategy<Value = Vec<Scripted>> {
    proptest::collection::vec(a_backend(), 1..6).prop_map(|mut all| {
        for (index, backend) in all.iter_mut().enumerate() {
            backend.name = format!("b{index}");
        }
        all
    })
}

fn a_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "alice", "bob", "root", "daemon", "toor", "-x", "", "a:b",
    ])
}

proptest! {
    #[test]
    fn success_means_that_some_backend_accepted_this_very_name(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        if let Outcome::Answered(Accepted(user)) = &decision.outcome {
            let by = all.iter().find(|b| b.name == user.backend).unwrap();
            prop_assert!(matches!(by.answer, Answer::Accepts | Answer::AcceptsWithUid(_)));
            prop_assert_eq!(&user.name, name);
            prop_assert_eq!(asked(by), 1);
        }
    }

    #[test]
    fn unknown_means_that_everybody_said_unknown(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        if decision.outcome == Outcome::Unknown && decision.invalid.is_none() {
            for step in &decision.steps {
                prop_assert!(matches!(step.finding, Finding::Unknown | Finding::NotAsked(_)));
            }
            prop_assert_eq!(decision.steps.len(), all.len());
            prop_assert!(decision.steps.iter().any(|s| s.finding == Finding::Unknown));
        }
    }

    #[test]
    fn a_system_name_is_never_shown_to_a_backend_that_is_not_local(all in backends()) {
        for name in ["root", "daemon", "toor"] {
            let _ = login(&all, name, b"pw");
            let _ = account(&all, name);
        }
        for backend in all.iter().filter(|b| !b.local) {
            prop_assert_eq!(asked(backend), 0);
        }
    }

    #[test]
    fn an_empty_password_reaches_no_backend(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"");
        prop_assert!(all.iter().all(|b| asked(b) == 0));
        prop_assert!(!accepts(&decision));
    }

    #[test]
    fn an_allowed_empty_password_reaches_local_backends_only(all in backends(), name in a_name()) {
        let mut typist = Typist { password: Ok(b""), asked: 0 };
        let _ = chain(&all).authenticate(name.as_bytes(), &context(true), &mut typist);
        prop_assert!(all.iter().filter(|b| !b.local).all(|b| asked(b) == 0));
    }

    #[test]
    fn a_stand_in_password_reaches_no_backend(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"\x08\n\r\x7fINCORRECT\x08\n");
        prop_assert!(all.iter().all(|b| asked(b) == 0));
        prop_assert!(all.iter().all(|b| *b.spent.borrow() == usize::from(b.local)));
        prop_assert!(!accepts(&decision));
    }

    #[test]
    fn removing_an_unavailable_backend_never_turns_a_refusal_into_a_success(
        all in backends(), name in a_name(), index: prop::sample::Index,
    ) {
        let mut all = all;
        let index = index.index(all.len());
        all[index].answer = Answer::Unavailable;
        all[index].on_unavailable = Then::Next;
        let with = accepts(&login(&all, name, b"pw"));
        let with_account = accepts(&account(&all, name));
        all.remove(index);
        if !all.is_empty() {
            prop_assert_eq!(accepts(&login(&all, name, b"pw")), with);
            prop_assert_eq!(accepts(&account(&all, name)), with_account);
        }
    }

    #[test]
    fn adding_a_backend_that_knows_nobody_changes_no_outcome_but_the_guess(
        all in backends(), name in a_name(), local: bool,
    ) {
        let before = login(&all, name, b"pw").outcome;
        let mut longer = all;
        longer.push(Scripted::new("last", local, Answer::Unknown));
        let after = login(&longer, name, b"pw").outcome;
        // Only a chain in which the rule let nobody speak learns something from one more voice.
        if before != Outcome::Denied(Denial::from(DenialReason::NotPermitted)) {
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn nobody_is_asked_after_the_chain_has_ended(all in backends()) {
        let decision = login(&all, "alice", b"pw");
        for backend in &all[decision.steps.len()..] {
            prop_assert_eq!(asked(backend), 0);
        }
    }

    #[test]
    fn an_account_is_usable_only_if_the_first_who_knows_it_says_so(all in backends(), name in a_name()) {
        let decision = account(&all, name);
        if accepts(&decision) {
            let last = decision.steps.last().unwrap();
            let by = all.iter().find(|b| b.name == last.backend).unwrap();
            prop_assert!(matches!(by.answer, Answer::Accepts | Answer::AcceptsWithUid(_) | Answer::Denies));
            let expired = by.answer == Answer::Denies;
            prop_assert_eq!(decision.code() == crate::words::PamCode::Success, !expired);
        }
    }
}

#[test]
fn a_chain_without_links_cannot_be_built() {
    assert!(
        Chain::new(
            Vec::new(),
            1000,
            Box::new(Town {
                passwd_is_readable: true
            })
        )
        .is_none()
    );
}

#[test]
fn a_denial_goes_on_unless_the_backend_says_stop() {
    let mut first = Scripted::new("first", false, Answer::Denies);
    let second = Scripted::new("second", false, Answer::Accepts);
    assert!(accepts(&login(
        &[first.clone(), second.clone()],
        "bob",
        b"pw"
    )));
    first.on_denied = Then::Stop;
    let decision = login(&[first, second], "bob", b"pw");
    assert_eq!(
        decision.outcome,
        Outcome::Denied(Denial::from(DenialReason::BadCredential))
    );
    assert_eq!(decision.steps.len(), 1);
}

#[test]
fn an_outage_goes_on_unless_the_backend_says_stop() {
    let mut first = Scripted::new("first", false, Answer::Unavailable);
    let second = Scripted::new("second", false, Answer::Accepts);
    assert!(accepts(&login(
        &[first.clone(), second.clone()],
        "bob",
        b"pw"
    )));
    first.on_unavailable = Then::Stop;
    assert_eq!(
        login(&[first, second], "bob", b"pw").outcome,
        Outcome::Unavailable
    );
}

#[test]
fn unknown_is_never_a_guess_when_a_server_is_down() {
    let local = Scripted::new("local", true, Answer::Unknown);
    let corp = Scripted::new("corp", false, Answer::Unavailable);
    let decision = login(&[local, corp], "bob", b"pw");
    assert_eq!(decision.outcome, Outcome::Unavailable);
    assert!(
        decision
            .why()
            .starts_with("(unknown): local: unknown; corp unavailable: down (")
    );
}

#[test]
fn the_same_name_with_another_uid_is_another_person() {
    let corp = Scripted::new("corp", false, Answer::AcceptsWithUid(2000));
    let decision = login(&[corp], "alice", b"pw");
    assert!(
        matches!(&decision.outcome, Outcome::Denied(d) if d.reason == DenialReason::AnotherPerson)
    );
    let line = decision.why();
    assert!(
        line.starts_with(
            "alice: corp denied: not the same person (its uid is 2000, the system's is 1000) ("
        ),
        "{line}"
    );
}

#[test]
fn no_directory_can_be_root_under_any_name() {
    for uid in [0, 999] {
        let corp = Scripted::new("corp", false, Answer::AcceptsWithUid(uid));
        assert!(!accepts(&login(&[corp], "stranger", b"pw")), "{uid}");
    }
    let corp = Scripted::new("corp", false, Answer::AcceptsWithUid(1001));
    assert!(accepts(&login(&[corp], "stranger", b"pw")));
}

#[test]
fn names_stay_on_this_machine_when_the_passwd_file_cannot_be_read() {
    let corp = Scripted::new("corp", false, Answer::Accepts);
    let town = Box::new(Town {
        passwd_is_readable: false,
    });
    let chain = Chain::new(vec![corp.link()], 1000, town).unwrap();
    let mut typist = Typist {
        password: Ok(b"pw"),
        asked: 0,
    };
    let decision = chain.authenticate(b"bob", &context(false), &mut typist);
    assert_eq!(decision.outcome, Outcome::Unavailable);
    assert_eq!(asked(&corp), 0);
}

#[test]
fn a_name_that_is_none_is_unknown_at_the_price_of_a_refusal() {
    let local = Scripted::new("local", true, Answer::Accepts);
    let decision = login(std::slice::from_ref(&local), "-root", b"pw");
    assert_eq!(decision.outcome, Outcome::Unknown);
    assert_eq!((asked(&local), *local.spent.borrow()), (0, 1));
    assert_eq!(
        decision.why(),
        "(unknown): nobody asked: the name begins with '-' or '+'"
    );
}

#[test]
fn a_person_who_breaks_off_ends_the_chain() {
    let corp = Scripted::new("corp", false, Answer::BreaksOff);
    let last = Scripted::new("last", false, Answer::Accepts);
    let decision = login(&[corp, last.clone()], "bob", b"pw");
    assert_eq!(
        decision.outcome,
        Outcome::Conversation(ConversationError::Aborted)
    );
    assert_eq!(asked(&last), 0);
}

#[test]
fn nobody_is_asked_when_the_password_cannot_be_had() {
    let local = Scripted::new("local", true, Answer::Accepts);
    let mut typist = Typist {
        password: Err(ConversationError::NoAnswer),
        asked: 0,
    };
    let decision =
        chain(std::slice::from_ref(&local)).authenticate(b"alice", &context(false), &mut typist);
    assert_eq!(
        decision.outcome,
        Outcome::Conversation(ConversationError::NoAnswer)
    );
    assert_eq!(asked(&local), 0);
}

#[test]
fn servers_are_not_asked_once_the_deadline_is_over() {
    let corp = Scripted::new("corp", false, Answer::Accepts);
    let local = Scripted::new("local", true, Answer::Accepts);
    let over = Context {
        deadline: Deadline::after(system_clock, Duration::ZERO),
        ..context(false)
    };
    let mut typist = Typist {
        password: Ok(b"pw"),
        asked: 0,
    };
    let decision = chain(&[corp.clone(), local]).authenticate(b"alice", &over, &mut typist);
    assert!(accepts(&decision), "local files still answer");
    assert_eq!(asked(&corp), 0);
}

#[test]
fn an_empty_password_is_refused_by_name_only_for_local_names() {
    let corp = Scripted::new("corp", false, Answer::Accepts);
    let why = |name| login(std::slice::from_ref(&corp), name, b"").why();
    assert_eq!(
        why("alice"),
        "alice: denied before any backend: empty password"
    );
    assert_eq!(
        why("hunter2"),
        "(unknown): denied before any backend: empty password"
    );
}

#[test]
fn another_persons_account_state_is_not_this_persons() {
    let corp = Scripted::new("corp", false, Answer::AcceptsWithUid(2000));
    assert_eq!(account(&[corp], "alice").outcome, Outcome::Unknown);
}
