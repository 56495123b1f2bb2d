//! Tests of single chains: which backends are asked, and faults that once let somebody in.

use super::fake_system::{FakeSystem, Override};
use super::login_events::{Event, take_events};
use super::scripted::{Answer, Scripted};
use super::*;
use crate::backends::Authority;
use crate::config::settings::Then;
use crate::words::{AccountStatus, BackendError, ConversationError, Denial, DenialReason, PamCode};

#[test]
fn a_chain_without_links_cannot_be_built() {
    assert!(Chain::new(Vec::new(), 1000, Box::new(FakeSystem::default())).is_none());
}

#[test]
fn whoever_is_barred_at_one_backend_is_still_a_guesser_at_another() {
    let staff = Scripted::new("staff", Authority::Directory, Answer::Denies);
    let students = Scripted::new("students", Authority::Directory, Answer::Bars);
    let alone = login(std::slice::from_ref(&students), "bob", b"pw");
    assert_eq!(alone.barred(), Some(&AccountStatus::AccountExpired));
    let both = [staff, students];
    assert_eq!(login(&both, "bob", b"pw").barred(), None);
}

#[test]
fn a_denial_goes_on_unless_the_backend_says_stop() {
    let mut first = Scripted::new("first", Authority::Directory, Answer::Denies);
    let second = Scripted::new("second", Authority::Directory, Answer::Accepts);
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
fn whoever_has_no_password_here_gets_past_a_backend_that_stops_denials() {
    let mut local = Scripted::new("local", Authority::System, Answer::HasNoPassword);
    local.on_denied = Then::Stop;
    let mut corp = Scripted::new("corp", Authority::Directory, Answer::Accepts);
    let decision = login(&[local.clone(), corp.clone()], "bob", b"pw");
    assert!(accepts(&decision));
    assert!(
        decision
            .why()
            .starts_with("bob: local: no password here; corp: accepted (")
    );
    // An outage of the backend that has the password is nobody's failed login.
    corp.answer = Answer::Unavailable;
    let decision = login(&[local, corp], "bob", b"pw");
    assert_eq!(decision.outcome, Outcome::Unavailable);
}

#[test]
fn an_outage_goes_on_unless_the_backend_says_stop() {
    let mut first = Scripted::new("first", Authority::Directory, Answer::Unavailable);
    let second = Scripted::new("second", Authority::Directory, Answer::Accepts);
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
fn a_name_is_not_unknown_while_a_server_is_down() {
    let local = Scripted::new("local", Authority::System, Answer::Unknown);
    let corp = Scripted::new("corp", Authority::Directory, Answer::Unavailable);
    let decision = login(&[local, corp], "bob", b"pw");
    assert_eq!(decision.outcome, Outcome::Unavailable);
    assert!(
        decision
            .why()
            .starts_with("(unknown): local: unknown; corp unavailable: down (")
    );
}

#[test]
fn an_outage_names_people_whom_the_host_has_looked_up_or_let_in_and_nobody_else() {
    let sshd = Context {
        service: "sshd",
        ..context(false)
    };
    for (context, is_named) in [(context(false), false), (su(), true), (sshd, true)] {
        for answer in [Answer::Unavailable, Answer::Fails] {
            let corp = [Scripted::new("corp", Authority::Directory, answer)];
            let name = |is_named: bool| is_named.then(|| "bob".to_owned());
            let login = login_in(&chain(&corp), &context, "bob", b"pw");
            assert_eq!(login.name.map(|name| name.to_string()), name(is_named));
            let account = chain(&corp).account(b"bob", None, &context);
            assert_eq!(account.name.map(|name| name.to_string()), name(true));
        }
        // A name that nobody knows may be a password, wherever it was typed.
        let corp = [Scripted::new("corp", Authority::Directory, Answer::Unknown)];
        assert_eq!(login_in(&chain(&corp), &context, "bob", b"pw").name, None);
    }
}

#[test]
fn the_same_name_with_another_uid_is_another_person() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(2000));
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
    for uid in [
        0,
        999,
        61_184,
        65_519,
        65_534,
        65_535,
        u32::MAX - 1,
        u32::MAX,
    ] {
        let corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(uid));
        assert!(!accepts(&login(&[corp], "stranger", b"pw")), "{uid}");
    }
    for uid in [1003, 61_183, 65_520, 65_536] {
        let corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(uid));
        assert!(accepts(&login(&[corp], "stranger", b"pw")), "{uid}");
    }
}

#[test]
fn nobody_is_a_system_name() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::Accepts);
    let decision = login(std::slice::from_ref(&corp), "nobody", b"pw");
    assert!(!accepts(&decision));
    assert_eq!(corp.asked(), 0);
}

#[test]
fn names_stay_on_this_machine_when_the_passwd_file_cannot_be_read() {
    let unavailable = || Err(BackendError::Unavailable("mode 0666".to_owned()));
    let failed = || Err(BackendError::Failed("too many open files".to_owned()));
    let cases: [(Override<Option<u32>>, Outcome<Accepted>); 2] = [
        (Some(unavailable), Outcome::Unavailable),
        (Some(failed), Outcome::Failed),
    ];
    for (passwd, outcome) in cases {
        let corp = Scripted::new("corp", Authority::Directory, Answer::Accepts);
        let system = FakeSystem {
            passwd,
            ..FakeSystem::default()
        };
        let chain = chain_in(system, std::slice::from_ref(&corp));
        let decision = login_in(&chain, &context(false), "bob", b"pw");
        assert_eq!(decision.outcome, outcome);
        assert_eq!(corp.asked(), 0);
    }
}

#[test]
fn a_name_that_nobody_can_have_is_unknown_and_costs_no_hash() {
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    let decision = login(std::slice::from_ref(&local), "-root", b"pw");
    assert_eq!(decision.outcome, Outcome::Unknown);
    assert_eq!((local.asked(), local.spent()), (0, 0));
    assert_eq!(
        decision.why(),
        "(unknown): nobody asked: the name begins with '-' or '+'"
    );
}

#[test]
fn a_person_who_breaks_off_ends_the_chain() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::BreaksOff);
    let last = Scripted::new("last", Authority::Directory, Answer::Accepts);
    let decision = login(&[corp, last.clone()], "bob", b"pw");
    assert_eq!(
        decision.outcome,
        Outcome::Conversation(ConversationError::Aborted)
    );
    assert_eq!(last.asked(), 0);
}

#[test]
fn nobody_is_asked_when_the_password_cannot_be_had() {
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    let mut person = OnePassword {
        password: Err(ConversationError::NoAnswer),
        asked: 0,
        prompt: None,
    };
    let decision = chain(std::slice::from_ref(&local)).authenticate(
        b"alice",
        &context(false),
        &mut person,
        |_| happen(Event::Logged),
    );
    assert_eq!(
        decision.outcome,
        Outcome::Conversation(ConversationError::NoAnswer)
    );
    assert_eq!(local.asked(), 0);
}

#[test]
fn servers_are_not_asked_once_the_deadline_is_over() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::Accepts);
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    let over = Context {
        deadline: Deadline::after(system_clock, Duration::ZERO),
        ..context(false)
    };
    let chain = chain(&[corp.clone(), local]);
    let decision = login_in(&chain, &over, "alice", b"pw");
    assert!(accepts(&decision), "local files still answer");
    assert_eq!(corp.asked(), 0);
}

#[test]
fn an_empty_password_is_refused_by_name_only_for_local_names() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::Accepts);
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
    let corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(2000));
    assert_eq!(account(&[corp], "alice").outcome, Outcome::Unknown);
}

#[test]
fn a_second_database_is_not_the_systems_and_cannot_be_root() {
    let local = Scripted::new("local", Authority::System, Answer::Denies);
    let extra = Scripted::new("extra", Authority::Machine, Answer::AcceptsWithUid(0));
    for name in ["root", "zed"] {
        assert!(
            !accepts(&login(&[local.clone(), extra.clone()], name, b"pw")),
            "{name}"
        );
    }
    assert_eq!(extra.asked(), 1, "asked about zed, not about root");
}

#[test]
fn a_name_is_not_unknown_if_the_rule_forbids_asking_a_backend() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::Accepts);
    let denied = Outcome::Denied(Denial::from(DenialReason::NotPermitted));
    assert_eq!(
        login(std::slice::from_ref(&corp), "root", b"pw").outcome,
        denied
    );
    assert_eq!(account(&[corp], "root").outcome, Outcome::Unavailable);
}

#[test]
fn local_files_may_refuse_whom_an_earlier_backend_calls_valid() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::Accepts);
    let local = Scripted::new("local", Authority::System, Answer::Denies);
    let decision = account(&[corp.clone(), local], "alice");
    assert_eq!(decision.code(), PamCode::AccountExpired);
    let decision = account(
        &[
            Scripted::new("local", Authority::System, Answer::Accepts),
            corp.clone(),
        ],
        "alice",
    );
    assert_eq!(
        (decision.code(), corp.asked()),
        (PamCode::Success, 1),
        "no server is asked about local people"
    );
}

#[test]
fn an_expired_password_is_refused_where_another_backend_judges_the_account() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::MustChange);
    let before = |authority, answer| Scripted::new("before", authority, answer);
    for (authority, answer, is_in) in [
        (Authority::System, Answer::Unknown, true),
        (Authority::System, Answer::Denies, false),
        (Authority::Machine, Answer::Denies, false),
        (Authority::Machine, Answer::AcceptsOtherName, true),
        (Authority::Directory, Answer::Unknown, true),
        (Authority::Directory, Answer::Denies, false),
    ] {
        let decision = login(&[before(authority, answer), corp.clone()], "alice", b"pw");
        assert_eq!(accepts(&decision), is_in, "{authority:?} {answer:?}");
    }
    let local = before(Authority::System, Answer::Accepts);
    assert!(accepts(&login(
        &[corp.clone(), local.clone()],
        "alice",
        b"pw"
    )));
    assert_eq!(
        account(&[corp, local], "alice").code(),
        PamCode::NewAuthtokRequired
    );
}

#[test]
fn a_backend_that_stops_at_denials_stops_at_outages_too() {
    for answer in [Answer::Unavailable, Answer::Fails] {
        let mut first = Scripted::new("first", Authority::Directory, answer);
        first.on_denied = Then::Stop;
        let second = Scripted::new("second", Authority::Directory, Answer::Accepts);
        let decision = login(&[first, second.clone()], "bob", b"pw");
        assert!(!accepts(&decision), "{answer:?}");
        assert_eq!(second.asked(), 0, "{answer:?}");
    }
}

#[test]
fn an_empty_password_does_not_get_past_a_backend_that_stops() {
    let mut corp = Scripted::new("corp", Authority::Directory, Answer::Denies);
    let guests = Scripted::new("guests", Authority::Machine, Answer::Accepts);
    let login = |corp: &Scripted| {
        let chain = chain(&[corp.clone(), guests.clone()]);
        accepts(&login_in(&chain, &context(true), "bob", b""))
    };
    assert!(login(&corp));
    corp.on_denied = Then::Stop;
    assert!(!login(&corp));
}

#[test]
fn in_su_no_outage_leads_to_the_next_backend() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::Unavailable);
    let guests = Scripted::new("guests", Authority::Machine, Answer::Accepts);
    let chain = chain(&[corp, guests]);
    let outcome = login_in(&chain, &su(), "bob", b"pw").outcome;
    assert_eq!(outcome, Outcome::Unavailable);
    assert!(accepts(&login_in(&chain, &context(false), "bob", b"pw")));
}

#[test]
fn in_su_a_valid_account_does_not_outlive_files_that_could_not_be_read() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::Accepts);
    for (authority, in_su) in [
        (Authority::System, Outcome::Failed),
        (Authority::Machine, Outcome::Failed),
    ] {
        let files = Scripted::new("files", authority, Answer::Fails);
        let chain = chain(&[corp.clone(), files]);
        assert_eq!(chain.account(b"bob", None, &su()).outcome, in_su);
    }
}

#[test]
fn in_su_a_name_that_the_name_service_lost_is_a_failure() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(1002));
    let lost = FakeSystem {
        name_service: Some(|| Ok(None)),
        ..FakeSystem::default()
    };
    let chain = chain_in(lost, &[corp]);
    assert_eq!(
        login_in(&chain, &su(), "bob", b"pw").outcome,
        Outcome::Failed
    );
    assert!(accepts(&login_in(&chain, &context(false), "bob", b"pw")));
}

#[test]
fn a_denial_is_logged_before_the_next_backend_is_asked_and_once_where_there_is_none() {
    take_events();
    let denies = Scripted::new("first", Authority::Directory, Answer::Denies);
    let accepts = Scripted::new("second", Authority::Directory, Answer::Accepts);
    let _ = login(&[denies.clone(), accepts], "bob", b"pw");
    assert_eq!(
        take_events(),
        [Event::Refused, Event::Logged, Event::Asked, Event::Logged]
    );
    let _ = login(&[denies], "bob", b"pw");
    assert_eq!(take_events(), [Event::Refused, Event::Logged]);
}

#[test]
fn a_user_id_of_a_local_user_is_refused_under_another_name() {
    let corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(1001));
    let decision = login(std::slice::from_ref(&corp), "mallory", b"pw");
    let line = decision.why();
    assert!(
        line.contains("not the same person (uid 1001 is that of \"lena\" on this machine)"),
        "{line}"
    );
    assert_eq!(account(&[corp], "mallory").outcome, Outcome::Unknown);
}

#[test]
fn another_spelling_of_a_local_name_is_not_that_name() {
    for answer in [Answer::Accepts, Answer::AcceptsWithUid(2000)] {
        let corp = Scripted::new("corp", Authority::Directory, answer);
        let decision = login(std::slice::from_ref(&corp), "LENA", b"pw");
        let line = decision.why();
        assert!(
            line.contains("(the system calls this name \"lena\", which is its own)"),
            "{line}"
        );
        assert!(!accepts(&account(&[corp], "LENA")));
    }
    // A name that the local files do not have may be spelled differently by the name service.
    let corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(1002));
    assert!(accepts(&login(&[corp], "BOB", b"pw")));
}

#[test]
fn whoever_writes_another_number_into_their_entry_does_not_get_past_a_backend_that_stops() {
    let mut corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(2000));
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    assert!(accepts(&account(&[corp.clone(), local.clone()], "alice")));
    corp.on_denied = Then::Stop;
    let decision = account(&[corp, local], "alice");
    assert_eq!(decision.code(), PamCode::PermissionDenied);
}
