//! The laws of the chain, over generated chains and answers.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::scripted::{
    Answer, Event, InPlace, Kind, Scripted, Silent, Town, Typist, happen, take_events,
};
use super::*;
use crate::config::settings::Then;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::request::Context;
use crate::words::{
    Account, AccountStatus, BackendError, ConversationError, Denial, DenialReason, PamCode,
};

fn context(allow_empty_password: bool) -> Context<'static> {
    Context {
        service: "test",
        tty: "",
        rhost: "",
        ruser: "",
        uid: 0,
        euid: 0,
        now: SystemTime::UNIX_EPOCH,
        deadline: Deadline::after(system_clock, Duration::from_secs(8)),
        allow_empty_password,
        silent: false,
        journal: &Silent,
    }
}

/// Returns a context as in su, whose caller may do with this process what they like.
fn su() -> Context<'static> {
    Context {
        uid: 1000,
        ..context(false)
    }
}

fn chain(backends: &[Scripted]) -> Chain {
    chain_in(Town::default(), backends)
}

fn chain_in(town: Town, backends: &[Scripted]) -> Chain {
    let links = backends.iter().map(Scripted::link).collect();
    Chain::new(links, 1000, Box::new(town)).unwrap()
}

fn login(backends: &[Scripted], name: &str, password: &'static [u8]) -> AuthDecision {
    login_in(&chain(backends), &context(false), name, password)
}

fn login_in(
    chain: &Chain,
    context: &Context<'_>,
    name: &str,
    password: &'static [u8],
) -> AuthDecision {
    let mut typist = Typist {
        password: Ok(password),
        asked: 0,
    };
    let report = |_: &AuthDecision| happen(Event::Logged);
    let decision = chain.authenticate(name.as_bytes(), context, &mut typist, report);
    assert_eq!(
        typist.asked, 1,
        "the password is asked for once, whatever comes of it"
    );
    decision
}

fn account(backends: &[Scripted], name: &str) -> AccountDecision {
    account_known(backends, name, None)
}

fn account_known(backends: &[Scripted], name: &str, known: Option<&Account>) -> AccountDecision {
    let mut decision = chain(backends).account(name.as_bytes(), known, &context(false));
    for step in &mut decision.steps {
        step.took = Duration::ZERO;
    }
    decision
}

fn accepts<A>(decision: &Decision<A>) -> bool {
    matches!(decision.outcome, Outcome::Answered(_))
}

fn an_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Accepts),
        (0..3000u32).prop_map(Answer::AcceptsWithUid),
        Just(Answer::AcceptsOtherName),
        Just(Answer::MustChange),
        Just(Answer::Denies),
        Just(Answer::Unknown),
        Just(Answer::Unavailable),
        Just(Answer::Fails),
        Just(Answer::BreaksOff),
    ]
}

/// Generates the faults that the caller of su can cause at a backend.
fn a_fault() -> impl Strategy<Value = Answer> {
    prop::sample::select(vec![Answer::Unavailable, Answer::Fails, Answer::BreaksOff])
}

/// Generates the faults that the caller of su can cause where the system itself is asked.
fn a_town() -> impl Strategy<Value = Town> {
    fn fails<T>() -> Result<T, BackendError> {
        Err(BackendError::Failed("too many open files".to_owned()))
    }
    let passwd: InPlace<Option<u32>> = Some(fails);
    let shadow: InPlace<bool> = Some(fails);
    let name_service: [InPlace<Option<SystemUser>>; 3] = [None, Some(|| Ok(None)), Some(fails)];
    (
        prop::sample::select(vec![None, passwd]),
        prop::sample::select(vec![None, shadow]),
        prop::sample::select(name_service.to_vec()),
    )
        .prop_map(|(passwd, shadow, name_service)| Town {
            passwd,
            shadow,
            name_service,
        })
}

fn a_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::System), Just(Kind::Files), Just(Kind::Server)]
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![Just(Then::Next), Just(Then::Stop)]
}

prop_compose! {
    fn a_backend()(
        kind in a_kind(), answer in an_answer(), on_denied in then(), on_unavailable in then(),
        local_names: bool,
    ) -> Scripted {
        let mut backend = Scripted::new("b", kind, answer);
        backend.local_names = local_names;
        backend.on_denied = on_denied;
        backend.on_unavailable = on_unavailable;
        backend
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
        "alice", "lena", "bob", "BOB", "LENA", "root", "daemon", "toor", "-x", "", "a:b",
    ])
}

proptest! {
    #[test]
    fn success_means_that_some_backend_accepted_this_very_name(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        if let Outcome::Answered(Accepted { user, .. }) = &decision.outcome {
            let by = all.iter().find(|b| b.name == user.backend).unwrap();
            let accepts = |answer| matches!(answer, Answer::Accepts | Answer::AcceptsWithUid(_) | Answer::MustChange);
            prop_assert!(accepts(by.answer));
            prop_assert_eq!(&user.name, name);
            prop_assert_eq!(by.asked(), 1);
        }
    }

    #[test]
    fn a_password_that_has_ended_leads_to_no_valid_account(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        if let Outcome::Answered(Accepted { user, .. }) = &decision.outcome {
            let by = all.iter().find(|b| b.name == user.backend).unwrap();
            if by.answer == Answer::MustChange {
                prop_assert_ne!(account(&all, name).code(), PamCode::Success);
            }
        }
    }

    #[test]
    fn unknown_means_that_everybody_said_unknown(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        if decision.outcome == Outcome::Unknown && decision.invalid.is_none() {
            for step in &decision.steps {
                prop_assert_eq!(&step.finding, &Finding::Unknown);
            }
            prop_assert_eq!(decision.steps.len(), all.len());
        }
    }

    #[test]
    fn a_system_name_is_never_shown_to_a_backend_that_is_not_the_systems(all in backends()) {
        for name in ["root", "daemon", "toor"] {
            let _ = login(&all, name, b"pw");
            let _ = account(&all, name);
        }
        for backend in all.iter().filter(|b| b.kind != Kind::System) {
            prop_assert_eq!(backend.asked(), 0);
        }
    }

    #[test]
    fn an_empty_password_reaches_no_backend(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"");
        prop_assert!(all.iter().all(|b| b.asked() == 0));
        prop_assert!(!accepts(&decision));
    }

    #[test]
    fn an_allowed_empty_password_reaches_local_backends_only(all in backends(), name in a_name()) {
        let _ = login_in(&chain(&all), &context(true), name, b"");
        prop_assert!(all.iter().filter(|b| b.kind == Kind::Server).all(|b| b.asked() == 0));
    }

    #[test]
    fn a_stand_in_password_reaches_no_backend(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"\x08\n\r\x7fINCORRECT\x08\n");
        prop_assert!(all.iter().all(|b| b.asked() == 0));
        prop_assert!(all.iter().all(|b| b.spent() == usize::from(b.kind != Kind::Server)));
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
        all[index].on_denied = Then::Next;
        let with = login(&all, name, b"pw");
        let with_account = account(&all, name);
        let removed = all.remove(index);
        if !all.is_empty() {
            prop_assert_eq!(accepts(&login(&all, name, b"pw")), accepts(&with));
            // The system's own files are the exception: see the law below.
            if removed.kind != Kind::System {
                prop_assert_eq!(accepts(&account(&all, name)), accepts(&with_account));
            }
        }
    }

    #[test]
    fn adding_a_backend_that_knows_nobody_changes_no_outcome_but_the_guess(
        all in backends(), name in a_name(), kind in a_kind(),
    ) {
        let before = login(&all, name, b"pw").outcome;
        let mut longer = all;
        longer.push(Scripted::new("last", kind, Answer::Unknown));
        let after = login(&longer, name, b"pw").outcome;
        // The one case in which the added backend matters is that the rule keeps it from being
        // asked.
        let rule = Outcome::Denied(Denial::from(DenialReason::NotPermitted));
        if before != rule && after != rule {
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn nobody_is_asked_after_the_chain_has_ended(all in backends()) {
        let decision = login(&all, "alice", b"pw");
        for backend in &all[decision.steps.len()..] {
            prop_assert_eq!(backend.asked(), 0);
        }
    }

    #[test]
    fn an_account_is_usable_only_if_somebody_says_so_and_nobody_asked_refuses(
        all in backends(), name in a_name(),
    ) {
        let decision = account(&all, name);
        let is_refusal = |step: &Step<AccountStatus>| {
            matches!(&step.finding, Finding::Answered(status) if *status == AccountStatus::AccountExpired)
        };
        let is_valid = |step: &Step<AccountStatus>| {
            matches!(step.finding, Finding::Answered(AccountStatus::Valid { .. }))
        };
        if decision.code() == PamCode::Success {
            prop_assert!(decision.steps.iter().any(is_valid));
            prop_assert!(!decision.steps.iter().any(is_refusal));
        }
    }

    #[test]
    fn what_the_systems_files_cannot_say_nobody_else_calls_valid(all in backends(), name in a_name()) {
        let decision = account(&all, name);
        let silent = decision.steps.iter().any(|step| {
            let by = all.iter().find(|b| b.name == step.backend).unwrap();
            let is_silent = matches!(step.finding, Finding::Unavailable(_) | Finding::Failed(_));
            by.kind == Kind::System && is_silent
        });
        prop_assert!(!silent || decision.code() != PamCode::Success);
    }

    #[test]
    fn what_a_login_learns_of_the_account_changes_nothing_but_who_is_asked(
        all in backends(), name in a_name(),
    ) {
        let decision = login(&all, name, b"pw");
        if let Some((known, _)) = decision.known_account() {
            let by = all.iter().find(|b| b.name == known.user.backend).unwrap();
            let without = account(&all, name);
            let asked = by.asked();
            prop_assert_eq!(account_known(&all, name, Some(&known)), without);
            prop_assert!(by.kind != Kind::Server || by.asked() == asked);
        }
    }

    #[test]
    fn what_any_backend_would_say_may_be_known_before(
        all in backends(), name in a_name(), index: prop::sample::Index,
    ) {
        let known = all[index.index(all.len())].known(name);
        prop_assert_eq!(account_known(&all, name, known.as_ref()), account(&all, name));
    }

    #[test]
    fn what_is_known_of_somebody_else_or_from_somebody_else_changes_nothing(
        all in backends(), name in a_name(), index: prop::sample::Index, refused: bool, other: bool,
    ) {
        let index = index.index(all.len());
        let by = Scripted::new(if other { &all[index].name } else { "b9" }, Kind::Server, Answer::Accepts);
        let mut known = by.known(if other { "mallory" } else { "bob" }).unwrap();
        if refused {
            known.status = AccountStatus::Locked;
        }
        let without = account(&all, name);
        let asked: Vec<usize> = all.iter().map(Scripted::asked).collect();
        prop_assert_eq!(account_known(&all, name, Some(&known)), without);
        let asked_again = all.iter().map(Scripted::asked);
        prop_assert!(asked_again.zip(asked).all(|(twice, once)| twice == 2 * once));
    }

    #[test]
    fn deferred_work_is_done_by_refusals_alone(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        let is_refusal = !accepts(&decision) && !matches!(decision.outcome, Outcome::Conversation(_));
        for step in &decision.steps {
            let backend = all.iter().find(|b| b.name == step.backend).unwrap();
            let owes = matches!(step.finding, Finding::Unknown);
            prop_assert_eq!(backend.paid(), usize::from(owes && is_refusal));
        }
    }

    #[test]
    fn no_fault_that_a_caller_can_cause_lets_anybody_in(
        all in backends(), name in a_name(), town in a_town(),
        faults in proptest::collection::vec(proptest::option::of(a_fault()), 6),
    ) {
        let mut faulty = all.clone();
        for (backend, fault) in faulty.iter_mut().zip(faults) {
            backend.answer = fault.unwrap_or(backend.answer);
        }
        let login_of = |town, backends: &[Scripted]| login_in(&chain_in(town, backends), &su(), name, b"pw");
        if accepts(&login_of(town, &faulty)) {
            prop_assert!(accepts(&login_of(Town::default(), &all)));
        }
        let account_of = |town, backends: &[Scripted]| chain_in(town, backends).account(name.as_bytes(), None, &su());
        if account_of(town, &faulty).code() == PamCode::Success {
            prop_assert_eq!(account_of(Town::default(), &all).code(), PamCode::Success);
        }
    }

    #[test]
    fn in_su_nobody_is_asked_behind_a_backend_that_could_not_be(all in backends(), name in a_name()) {
        let decision = login_in(&chain(&all), &su(), name, b"pw");
        let ends = |step: &Step<Accepted>| {
            matches!(step.finding, Finding::Unavailable(_) | Finding::Failed(_))
        };
        let last = decision.steps.len().saturating_sub(1);
        prop_assert!(decision.steps.iter().take(last).all(|step| !ends(step)));
        let is_fault = decision.steps.last().is_some_and(ends);
        prop_assert!(!is_fault || !accepts(&decision));
    }

    #[test]
    fn behind_a_backend_that_stops_come_only_those_whom_it_does_not_know(
        all in backends(), name in a_name(), has_caller: bool,
    ) {
        let context = if has_caller { su() } else { context(false) };
        let decision = login_in(&chain(&all), &context, name, b"pw");
        for step in decision.steps.iter().rev().skip(1) {
            let by = all.iter().find(|b| b.name == step.backend).unwrap();
            let may_go_on = matches!(step.finding, Finding::Unknown | Finding::NotAsked(_));
            prop_assert!(by.on_denied == Then::Next || may_go_on);
        }
    }

    #[test]
    fn a_refusal_is_in_the_log_before_anything_else_happens(all in backends(), name in a_name()) {
        take_events();
        let _ = login(&all, name, b"pw");
        let events = take_events();
        for pair in events.windows(2) {
            prop_assert!(pair[0] != Event::Refused || pair[1] == Event::Logged, "{:?}", events);
        }
        let spending = events.iter().position(|event| *event == Event::TimeSpent);
        let reported = events.iter().rposition(|event| *event == Event::Logged);
        prop_assert!(spending.is_none_or(|spending| reported.is_some_and(|last| last < spending)));
    }

    #[test]
    fn in_su_a_guess_is_in_the_log_before_a_server_hears_of_it(all in backends(), name in a_name()) {
        let mut servers = all;
        for backend in &mut servers {
            backend.kind = Kind::Server;
        }
        take_events();
        let _ = login_in(&chain(&servers), &su(), name, b"pw");
        let events = take_events();
        for pair in events.windows(2) {
            let is_asked = matches!(pair[1], Event::Asked | Event::Refused);
            prop_assert!(!is_asked || pair[0] == Event::Logged, "{:?}", events);
        }
        prop_assert!(!matches!(events.first(), Some(Event::Asked | Event::Refused)));
    }

    #[test]
    fn a_name_with_a_local_password_is_asked_of_nobody_else_unless_they_are_told(all in backends()) {
        let _ = login(&all, "lena", b"pw");
        let _ = account(&all, "lena");
        for backend in all.iter().filter(|b| b.kind != Kind::System && !b.local_names) {
            prop_assert_eq!(backend.asked(), 0);
        }
    }

    #[test]
    fn every_refusal_asks_each_local_backend_or_spends_its_time(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        let is_refusal = !accepts(&decision) && !matches!(decision.outcome, Outcome::Conversation(_));
        for backend in all.iter().filter(|b| is_refusal && b.kind != Kind::Server) {
            prop_assert_eq!(backend.asked() + backend.spent(), 1);
        }
    }
}

#[test]
fn a_chain_without_links_cannot_be_built() {
    assert!(Chain::new(Vec::new(), 1000, Box::new(Town::default())).is_none());
}

#[test]
fn a_denial_goes_on_unless_the_backend_says_stop() {
    let mut first = Scripted::new("first", Kind::Server, Answer::Denies);
    let second = Scripted::new("second", Kind::Server, Answer::Accepts);
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
    let mut first = Scripted::new("first", Kind::Server, Answer::Unavailable);
    let second = Scripted::new("second", Kind::Server, Answer::Accepts);
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
    let local = Scripted::new("local", Kind::System, Answer::Unknown);
    let corp = Scripted::new("corp", Kind::Server, Answer::Unavailable);
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
    let corp = Scripted::new("corp", Kind::Server, Answer::AcceptsWithUid(2000));
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
        let corp = Scripted::new("corp", Kind::Server, Answer::AcceptsWithUid(uid));
        assert!(!accepts(&login(&[corp], "stranger", b"pw")), "{uid}");
    }
    let corp = Scripted::new("corp", Kind::Server, Answer::AcceptsWithUid(1003));
    assert!(accepts(&login(&[corp], "stranger", b"pw")));
}

#[test]
fn names_stay_on_this_machine_when_the_passwd_file_cannot_be_read() {
    let unavailable = || Err(BackendError::Unavailable("mode 0666".to_owned()));
    let failed = || Err(BackendError::Failed("too many open files".to_owned()));
    let cases: [(InPlace<Option<u32>>, Outcome<Accepted>); 2] = [
        (Some(unavailable), Outcome::Unavailable),
        (Some(failed), Outcome::Failed),
    ];
    for (passwd, outcome) in cases {
        let corp = Scripted::new("corp", Kind::Server, Answer::Accepts);
        let town = Town {
            passwd,
            ..Town::default()
        };
        let chain = chain_in(town, std::slice::from_ref(&corp));
        let decision = login_in(&chain, &context(false), "bob", b"pw");
        assert_eq!(decision.outcome, outcome);
        assert_eq!(corp.asked(), 0);
    }
}

#[test]
fn a_name_that_is_none_is_unknown_at_the_price_of_a_refusal() {
    let local = Scripted::new("local", Kind::System, Answer::Accepts);
    let decision = login(std::slice::from_ref(&local), "-root", b"pw");
    assert_eq!(decision.outcome, Outcome::Unknown);
    assert_eq!((local.asked(), local.spent()), (0, 1));
    assert_eq!(
        decision.why(),
        "(unknown): nobody asked: the name begins with '-' or '+'"
    );
}

#[test]
fn a_person_who_breaks_off_ends_the_chain() {
    let corp = Scripted::new("corp", Kind::Server, Answer::BreaksOff);
    let last = Scripted::new("last", Kind::Server, Answer::Accepts);
    let decision = login(&[corp, last.clone()], "bob", b"pw");
    assert_eq!(
        decision.outcome,
        Outcome::Conversation(ConversationError::Aborted)
    );
    assert_eq!(last.asked(), 0);
}

#[test]
fn nobody_is_asked_when_the_password_cannot_be_had() {
    let local = Scripted::new("local", Kind::System, Answer::Accepts);
    let mut typist = Typist {
        password: Err(ConversationError::NoAnswer),
        asked: 0,
    };
    let decision = chain(std::slice::from_ref(&local)).authenticate(
        b"alice",
        &context(false),
        &mut typist,
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
    let corp = Scripted::new("corp", Kind::Server, Answer::Accepts);
    let local = Scripted::new("local", Kind::System, Answer::Accepts);
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
    let corp = Scripted::new("corp", Kind::Server, Answer::Accepts);
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
    let corp = Scripted::new("corp", Kind::Server, Answer::AcceptsWithUid(2000));
    assert_eq!(account(&[corp], "alice").outcome, Outcome::Unknown);
}

#[test]
fn a_second_database_is_not_the_systems_and_cannot_be_root() {
    let local = Scripted::new("local", Kind::System, Answer::Denies);
    let extra = Scripted::new("extra", Kind::Files, Answer::AcceptsWithUid(0));
    for name in ["root", "zed"] {
        assert!(
            !accepts(&login(&[local.clone(), extra.clone()], name, b"pw")),
            "{name}"
        );
    }
    assert_eq!(extra.asked(), 1, "asked about zed, not about root");
}

#[test]
fn nobody_is_unknown_where_the_rule_kept_the_question_from_those_who_might_know() {
    let corp = Scripted::new("corp", Kind::Server, Answer::Accepts);
    let denied = Outcome::Denied(Denial::from(DenialReason::NotPermitted));
    assert_eq!(
        login(std::slice::from_ref(&corp), "root", b"pw").outcome,
        denied
    );
    assert_eq!(account(&[corp], "root").outcome, Outcome::Unavailable);
}

#[test]
fn local_files_may_refuse_whom_an_earlier_backend_calls_valid() {
    let corp = Scripted::new("corp", Kind::Server, Answer::Accepts);
    let local = Scripted::new("local", Kind::System, Answer::Denies);
    let decision = account(&[corp.clone(), local], "alice");
    assert_eq!(decision.code(), PamCode::AccountExpired);
    let decision = account(
        &[
            Scripted::new("local", Kind::System, Answer::Accepts),
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
fn a_password_that_has_ended_is_refused_where_somebody_else_judges_the_account() {
    let corp = Scripted::new("corp", Kind::Server, Answer::MustChange);
    let before = |kind, answer| Scripted::new("before", kind, answer);
    for (kind, answer, is_in) in [
        (Kind::System, Answer::Unknown, true),
        (Kind::System, Answer::Denies, false),
        (Kind::Files, Answer::Denies, false),
        (Kind::Files, Answer::AcceptsOtherName, true),
        (Kind::Server, Answer::Unknown, true),
        (Kind::Server, Answer::Denies, false),
    ] {
        let decision = login(&[before(kind, answer), corp.clone()], "alice", b"pw");
        assert_eq!(accepts(&decision), is_in, "{kind:?} {answer:?}");
    }
    let local = before(Kind::System, Answer::Accepts);
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
fn a_stop_at_denials_is_one_at_outages_too() {
    for answer in [Answer::Unavailable, Answer::Fails] {
        let mut first = Scripted::new("first", Kind::Server, answer);
        first.on_denied = Then::Stop;
        let second = Scripted::new("second", Kind::Server, Answer::Accepts);
        let decision = login(&[first, second.clone()], "bob", b"pw");
        assert!(!accepts(&decision), "{answer:?}");
        assert_eq!(second.asked(), 0, "{answer:?}");
    }
}

#[test]
fn an_empty_password_does_not_get_past_a_backend_that_stops() {
    let mut corp = Scripted::new("corp", Kind::Server, Answer::Denies);
    let guests = Scripted::new("guests", Kind::Files, Answer::Accepts);
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
    let corp = Scripted::new("corp", Kind::Server, Answer::Unavailable);
    let guests = Scripted::new("guests", Kind::Files, Answer::Accepts);
    let chain = chain(&[corp, guests]);
    let outcome = login_in(&chain, &su(), "bob", b"pw").outcome;
    assert_eq!(outcome, Outcome::Unavailable);
    assert!(accepts(&login_in(&chain, &context(false), "bob", b"pw")));
}

#[test]
fn in_su_a_valid_account_does_not_outlive_files_that_could_not_be_read() {
    let corp = Scripted::new("corp", Kind::Server, Answer::Accepts);
    for (kind, in_su) in [
        (Kind::System, Outcome::Failed),
        (Kind::Files, Outcome::Failed),
    ] {
        let files = Scripted::new("files", kind, Answer::Fails);
        let chain = chain(&[corp.clone(), files]);
        assert_eq!(chain.account(b"bob", None, &su()).outcome, in_su);
    }
}

#[test]
fn a_name_that_the_name_service_lost_is_nobodys_in_su() {
    let corp = Scripted::new("corp", Kind::Server, Answer::AcceptsWithUid(1002));
    let lost = Town {
        name_service: Some(|| Ok(None)),
        ..Town::default()
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
    let denies = Scripted::new("first", Kind::Server, Answer::Denies);
    let accepts = Scripted::new("second", Kind::Server, Answer::Accepts);
    let _ = login(&[denies.clone(), accepts], "bob", b"pw");
    assert_eq!(
        take_events(),
        [Event::Refused, Event::Logged, Event::Asked, Event::Logged]
    );
    let _ = login(&[denies], "bob", b"pw");
    assert_eq!(take_events(), [Event::Refused, Event::Logged]);
}

#[test]
fn a_number_of_a_local_person_makes_nobody_them() {
    let corp = Scripted::new("corp", Kind::Server, Answer::AcceptsWithUid(1001));
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
        let corp = Scripted::new("corp", Kind::Server, answer);
        let decision = login(std::slice::from_ref(&corp), "LENA", b"pw");
        let line = decision.why();
        assert!(
            line.contains("(the system calls this name \"lena\", which is its own)"),
            "{line}"
        );
        assert!(!accepts(&account(&[corp], "LENA")));
    }
    // The name service's own people may be spelled as it likes.
    let corp = Scripted::new("corp", Kind::Server, Answer::AcceptsWithUid(1002));
    assert!(accepts(&login(&[corp], "BOB", b"pw")));
}

#[test]
fn whoever_writes_another_number_into_their_entry_does_not_get_past_a_backend_that_stops() {
    let mut corp = Scripted::new("corp", Kind::Server, Answer::AcceptsWithUid(2000));
    let local = Scripted::new("local", Kind::System, Answer::Accepts);
    assert!(accepts(&account(&[corp.clone(), local.clone()], "alice")));
    corp.on_denied = Then::Stop;
    let decision = account(&[corp, local], "alice");
    assert_eq!(decision.code(), PamCode::PermissionDenied);
}
