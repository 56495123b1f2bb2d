//! Changes of passwords: whose it is, what is asked, and which new passwords are of use.

use std::cell::RefCell;

use proptest::prelude::*;

use super::laws::backends;
use super::scripted::Answer;
use super::*;
use crate::backends::Authority;
use crate::backends::password_change::{CannotChange, ChangeKind};
use crate::config::settings::{PasswordChanges, Then};
use crate::tools::conversation::Conversation;
use crate::tools::journal::{Journal, Severity};
use crate::tools::password_dialogue::{NoNewPassword, PasswordDialogue};
use crate::words::{BackendError, ConversationError, PamCode, Secret};

/// A person who types an old password and several new ones, and keeps what happens.
#[derive(Default)]
struct Typist {
    old: &'static [u8],
    new: Vec<&'static [u8]>,
    heard: Vec<String>,
}

impl Conversation for Typist {
    fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }
    fn prompt_echo_off(&mut self, _: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }
    fn prompt_echo_on(&mut self, _: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }
    fn text_info(&mut self, text: &str) {
        self.heard.push(text.to_owned());
    }
    fn error_msg(&mut self, text: &str) {
        self.heard.push(text.to_owned());
    }
}

impl PasswordDialogue for Typist {
    fn old_authtok(&mut self) -> Result<Secret, ConversationError> {
        self.heard.push("old?".to_owned());
        Ok(Secret::new(self.old.to_vec()))
    }

    fn new_authtok(&mut self) -> Result<Secret, NoNewPassword> {
        self.heard.push("new?".to_owned());
        match self.new.is_empty() {
            true => Err(NoNewPassword::NotAsked(ConversationError::NoAnswer)),
            false => Ok(Secret::new(self.new.remove(0).to_vec())),
        }
    }

    fn clear_new_authtok(&mut self) {
        self.heard.push("cleared".to_owned());
    }
}

/// Makes both calls for zoe, whom the system's own files do not know. Returns the last decision.
fn change(chain: &Chain, kind: ChangeKind, person: &mut Typist) -> ChangeDecision {
    let context = context(false);
    let first = chain.may_change_password(b"zoe", kind, &context, person);
    match first.permission() {
        Some(allowed) => chain.change_password(&allowed, &context, person),
        None => first,
    }
}

fn by_root(backends: &[Scripted]) -> ChangeDecision {
    let mut person = Typist {
        new: vec![b"new"],
        ..Typist::default()
    };
    change(&chain(backends), ChangeKind::ByRoot, &mut person)
}

fn machine(name: &str, answer: Answer) -> Scripted {
    Scripted::new(name, Authority::Machine, answer)
}

#[test]
fn a_password_is_changed_in_the_first_backend_that_knows_the_person() {
    let all = [
        machine("a", Answer::Unknown),
        machine("b", Answer::HasNoPassword),
        machine("c", Answer::Denies),
        machine("d", Answer::Accepts),
    ];
    let decision = by_root(&all);
    assert_eq!(decision.code(), PamCode::Success);
    assert_eq!(decision.backend.as_deref(), Some("c"));
    assert_eq!(all.map(|backend| backend.changed()), [0, 0, 1, 0]);
    let first = [
        machine("a", Answer::Unknown),
        machine("b", Answer::HasNoPassword),
    ];
    assert_eq!(
        by_root(&first).backend.as_deref(),
        Some("b"),
        "a first password"
    );
}

#[test]
fn a_backend_that_does_not_answer_is_no_reason_to_ask_the_next() {
    for (answer, code) in [
        (Answer::Unavailable, PamCode::AuthInfoUnavailable),
        (Answer::Fails, PamCode::SystemError),
    ] {
        let all = [machine("a", answer), machine("b", Answer::Accepts)];
        assert_eq!(by_root(&all).code(), code);
        assert_eq!(all[1].changed(), 0);
    }
}

#[test]
fn nobody_is_asked_anything_about_a_name_that_no_backend_knows() {
    let mut person = Typist::default();
    let nobody = chain(&[machine("a", Answer::Unknown)]);
    let decision = change(&nobody, ChangeKind::Own, &mut person);
    assert_eq!(decision.code(), PamCode::UserUnknown);
    assert_eq!((person.heard, decision.error_text()), (vec![], None));
}

#[test]
fn a_backend_whose_passwords_are_not_changed_says_so() {
    let mut link = machine("a", Answer::Accepts).link();
    link.password = PasswordChanges::Off;
    let system = Box::new(FakeSystem::default());
    let chain = Chain::new(vec![link], 1000, system).unwrap();
    let decision = change(&chain, ChangeKind::ByRoot, &mut Typist::default());
    assert_eq!(
        decision.outcome,
        ChangeOutcome::CannotChange(CannotChange::Off)
    );
    let text = decision.error_text();
    assert_eq!(
        text.as_deref(),
        Some("Passwords of a are not changed here.")
    );
}

#[test]
fn a_new_password_that_is_of_no_use_is_refused_before_anything_is_sent() {
    const LONG: &[u8] = &[b'x'; 512];
    for (new, text) in [
        (&b""[..], "No new password has been supplied."),
        (b"old", "The password has not been changed."),
        (LONG, "The new password is too long."),
        (
            b"a\0b",
            "The new password has a character that cannot be used.",
        ),
    ] {
        let backend = machine("a", Answer::Accepts);
        let mut person = Typist {
            old: b"old",
            new: vec![new; 3],
            ..Typist::default()
        };
        let chain = chain(std::slice::from_ref(&backend));
        let decision = change(&chain, ChangeKind::Own, &mut person);
        assert_eq!(decision.code(), PamCode::AuthtokError);
        assert_eq!(backend.changed(), 0);
        let round = ["new?", "cleared", text];
        let asked = ["Changing password for zoe.", "old?", "old?"];
        assert_eq!(person.heard, [&asked[..], &round, &round, &round].concat());
    }
}

/// Builds a directory without an account that could look people up.
fn blind(name: &str, answer: Answer) -> Scripted {
    let mut blind = Scripted::new(name, Authority::Directory, answer);
    blind.finds_by_password = true;
    blind
}

fn by_person(all: &[Scripted]) -> (ChangeDecision, Vec<String>) {
    let mut person = Typist {
        old: b"old",
        new: vec![b"new"],
        ..Typist::default()
    };
    let decision = change(&chain(all), ChangeKind::Own, &mut person);
    (decision, person.heard)
}

#[test]
fn the_old_password_shows_whom_a_backend_knows_that_cannot_look_people_up() {
    for kind in [ChangeKind::Own, ChangeKind::Expired] {
        let all = [machine("a", Answer::Unknown), blind("b", Answer::Accepts)];
        let mut person = Typist {
            old: b"old",
            new: vec![b"new"],
            ..Typist::default()
        };
        let decision = change(&chain(&all), kind, &mut person);
        assert_eq!(decision.code(), PamCode::Success, "{decision:?}");
        assert_eq!(decision.backend.as_deref(), Some("b"));
        let asked = ["Changing password for zoe.", "old?", "old?", "new?"];
        assert_eq!(person.heard, asked);
        assert_eq!(all.map(|backend| backend.changed()), [0, 1]);
    }
}

#[test]
fn a_backend_that_cannot_look_people_up_is_passed_only_if_it_does_not_know_the_person() {
    for (answer, code) in [
        (Answer::Unknown, PamCode::Success),
        // Another user id than the system's, and another name: somebody else.
        (Answer::AcceptsWithUid(0), PamCode::Success),
        (Answer::AcceptsOtherName, PamCode::Success),
        (Answer::Denies, PamCode::AuthError),
        // It takes the password, and does not say whose.
        (Answer::HasNoPassword, PamCode::SystemError),
        (Answer::Unavailable, PamCode::AuthInfoUnavailable),
        (Answer::Fails, PamCode::SystemError),
    ] {
        let all = [blind("a", answer), machine("b", Answer::Accepts)];
        let (decision, _) = by_person(&all);
        assert_eq!(decision.code(), code, "{answer:?}: {decision:?}");
        let goes_on = usize::from(code == PamCode::Success);
        assert_eq!(
            all.map(|backend| backend.changed()),
            [0, goes_on],
            "{answer:?}"
        );
    }
    let mut stopping = blind("a", Answer::AcceptsOtherName);
    stopping.on_denied = Then::Stop;
    let all = [stopping, machine("b", Answer::Accepts)];
    assert_eq!(by_person(&all).0.code(), PamCode::AuthError);
    assert_eq!(all[1].changed(), 0);
}

#[test]
fn a_name_that_no_backend_knows_even_by_the_password_is_left_to_the_next_module() {
    let (decision, heard) = by_person(&[blind("a", Answer::Unknown)]);
    assert_eq!(decision.code(), PamCode::UserUnknown);
    assert_eq!(heard, ["Changing password for zoe.", "old?"]);
    // Somebody known before it is never asked there.
    let all = [machine("a", Answer::Accepts), blind("b", Answer::Denies)];
    assert_eq!(by_person(&all).0.backend.as_deref(), Some("a"));
}

/// A log that keeps its lines, and whether each is a notice.
#[derive(Default)]
struct KeptLines(RefCell<Vec<(bool, String)>>);

impl Journal for KeptLines {
    fn write(&self, severity: Severity, line: &str) {
        let is_notice = matches!(severity, Severity::LOG_NOTICE);
        self.0.borrow_mut().push((is_notice, line.to_owned()));
    }
}

#[test]
fn an_old_password_that_is_nobodys_of_this_name_is_logged() {
    let logged = |backend: Scripted| {
        let (decision, _) = by_person(&[backend]);
        assert_eq!(decision.code(), PamCode::UserUnknown);
        let log = KeptLines::default();
        let context = Context {
            journal: &log,
            ..context(false)
        };
        decision.report(&context, false);
        log.0.take()
    };
    let line = "zoe: password not changed: nobody has this name and this old password; \
                uid=0 euid=0 tty= ruser= rhost=";
    for answer in [
        Answer::Unknown,
        Answer::AcceptsWithUid(0),
        Answer::AcceptsOtherName,
    ] {
        let expected = [(true, line.to_owned())];
        assert_eq!(logged(blind("a", answer)), expected, "{answer:?}");
    }
    assert_eq!(logged(machine("a", Answer::Unknown)), [], "nothing asked");
}

#[test]
fn a_fault_of_the_systems_own_files_shows_no_backend_an_old_password() {
    fn broken<T>() -> Result<T, BackendError> {
        Err(BackendError::Unavailable("broken".to_owned()))
    }
    let without_shadow = FakeSystem {
        shadow: Some(broken),
        ..FakeSystem::default()
    };
    let without_passwd = FakeSystem {
        passwd: Some(broken),
        ..FakeSystem::default()
    };
    for (system, name) in [
        (without_shadow, b"alice".as_slice()),
        (without_passwd, b"root"),
    ] {
        let all = [blind("a", Answer::Accepts), machine("b", Answer::Accepts)];
        let mut person = Typist::default();
        let decision = chain_in(system, &all).may_change_password(
            name,
            ChangeKind::Expired,
            &context(false),
            &mut person,
        );
        assert_eq!(decision.code(), PamCode::AuthInfoUnavailable);
        assert!(person.heard.is_empty(), "{:?}", person.heard);
    }
}

#[test]
fn root_without_the_old_password_proves_nothing() {
    let all = [blind("a", Answer::Accepts), machine("b", Answer::Accepts)];
    let decision = by_root(&all);
    assert_eq!(decision.code(), PamCode::AuthInfoUnavailable);
    assert_eq!(all.map(|backend| backend.changed()), [0, 0]);
}

proptest! {
    #[test]
    fn no_old_password_leads_past_a_backend_that_may_know_the_person(
        mut all in backends(), blind: [bool; 8],
    ) {
        for (backend, blind) in all.iter_mut().zip(blind) {
            backend.finds_by_password = blind;
        }
        let _ = by_person(&all);
        let total: usize = all.iter().map(Scripted::changed).sum();
        prop_assert!(total <= 1);
        let before = all.iter().take_while(|backend| total == 1 && backend.changed() == 0);
        for backend in before {
            let is_passed = match backend.answer {
                Answer::Unknown | Answer::AcceptsOtherName => true,
                Answer::HasNoPassword => !backend.finds_by_password,
                Answer::AcceptsWithUid(_) | Answer::AcceptsAliasOf(..) => true,
                _ => !backend.compares_uids,
            };
            prop_assert!(is_passed, "{} {:?}", backend.name, backend.answer);
        }
    }

    #[test]
    fn no_other_backend_is_taken_for_the_owner_of_a_password(all in backends()) {
        let _ = by_root(&all);
        let total: usize = all.iter().map(Scripted::changed).sum();
        prop_assert!(total <= 1);
        let before = all.iter().take_while(|backend| backend.changed() == 0);
        if total == 1 {
            for backend in before {
                let is_fault = matches!(
                    backend.answer,
                    Answer::Unavailable | Answer::Fails | Answer::BreaksOff
                );
                let is_owner = matches!(backend.answer, Answer::Accepts | Answer::Denies)
                    && backend.compares_uids;
                prop_assert!(!is_fault && !is_owner, "{}", backend.name);
            }
        }
    }
}
