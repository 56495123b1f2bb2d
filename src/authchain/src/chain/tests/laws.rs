//! The laws of the chain, over generated chains and answers.

use proptest::prelude::*;

use super::fake_system::{FakeSystem, Override};
use super::login_events::{Event, take_events};
use super::scripted::{Answer, Scripted};
use super::*;
use crate::backends::Authority;
use crate::config::settings::Then;
use crate::words::{AccountStatus, BackendError, Denial, DenialReason, PamCode, Username};

/// Generates the names of people whose alias a name is.
fn an_own_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["alice", "bob", "lena", "mallory", "root", "", "a:b"])
}

fn an_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Accepts),
        (0..3000u32).prop_map(Answer::AcceptsWithUid),
        (an_own_name(), proptest::option::of(0..3000u32))
            .prop_map(|(own, uid)| Answer::AcceptsAliasOf(own, uid)),
        Just(Answer::AcceptsOtherName),
        Just(Answer::MustChange),
        Just(Answer::Denies),
        Just(Answer::Bars),
        Just(Answer::HasNoPassword),
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
fn a_system() -> impl Strategy<Value = FakeSystem> {
    fn fails<T>() -> Result<T, BackendError> {
        Err(BackendError::Failed("too many open files".to_owned()))
    }
    let passwd: Override<Option<u32>> = Some(fails);
    let shadow: Override<bool> = Some(fails);
    let name_service: [Override<Option<SystemUser>>; 3] = [None, Some(|| Ok(None)), Some(fails)];
    (
        prop::sample::select(vec![None, passwd]),
        prop::sample::select(vec![None, shadow]),
        prop::sample::select(name_service.to_vec()),
    )
        .prop_map(|(passwd, shadow, name_service)| FakeSystem {
            passwd,
            shadow,
            name_service,
        })
}

fn an_authority() -> impl Strategy<Value = Authority> {
    prop_oneof![
        Just(Authority::System),
        Just(Authority::Machine),
        Just(Authority::Directory)
    ]
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![Just(Then::Next), Just(Then::Stop)]
}

prop_compose! {
    fn a_backend()(
        authority in an_authority(), answer in an_answer(), on_denied in then(), on_unavailable in then(),
        local_names: bool, compares_uids: bool,
    ) -> Scripted {
        let mut backend = Scripted::new("b", authority, answer);
        backend.local_names = local_names;
        backend.compares_uids = compares_uids;
        backend.on_denied = on_denied;
        backend.on_unavailable = on_unavailable;
        backend
    }
}

pub(super) fn backends() -> impl Strategy<Value = Vec<Scripted>> {
    proptest::collection::vec(a_backend(), 1..6).prop_map(|mut all| {
        for (index, backend) in all.iter_mut().enumerate() {
            backend.name = format!("b{index}");
        }
        all
    })
}

fn a_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "alice",
        "lena",
        "bob",
        "BOB",
        "bob@x.org",
        "eve@x.org",
        "LENA",
        "root",
        "daemon",
        "toor",
        "-x",
        "",
        "a:b",
    ])
}

proptest! {
    #[test]
    fn success_means_that_some_backend_accepted_this_very_name(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        if let Outcome::Answered(Accepted { user, .. }) = &decision.outcome {
            let by = all.iter().find(|b| b.name == user.backend).unwrap();
            let accepts = |answer| matches!(answer, Answer::Accepts | Answer::AcceptsWithUid(_) | Answer::AcceptsAliasOf(..) | Answer::MustChange);
            prop_assert!(accepts(by.answer));
            prop_assert_eq!(&user.name, name);
            prop_assert_eq!(by.asked(), 1);
        }
    }

    #[test]
    fn a_wrong_password_at_any_backend_makes_a_login_a_failure(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        let is_wrong = |step: &Step<Accepted>| {
            matches!(&step.finding, Finding::Denied(denial) if denial.reason == DenialReason::BadCredential)
        };
        prop_assert!(!decision.steps.iter().any(is_wrong) || decision.barred().is_none());
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
        for backend in all.iter().filter(|b| b.authority != Authority::System) {
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
        prop_assert!(all.iter().filter(|b| b.authority == Authority::Directory).all(|b| b.asked() == 0));
    }

    #[test]
    fn a_stand_in_password_reaches_no_backend(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"\x08\n\r\x7fINCORRECT\x08\n");
        prop_assert!(all.iter().all(|b| b.asked() == 0));
        for backend in &all {
            let owes = decision.invalid.is_none() && backend.authority != Authority::Directory;
            prop_assert_eq!(backend.spent(), usize::from(owes));
        }
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
            if removed.authority != Authority::System {
                prop_assert_eq!(accepts(&account(&all, name)), accepts(&with_account));
            }
        }
    }

    #[test]
    fn adding_a_backend_that_knows_nobody_changes_no_outcome(
        all in backends(), name in a_name(), authority in an_authority(),
    ) {
        let before = login(&all, name, b"pw").outcome;
        let mut longer = all;
        longer.push(Scripted::new("last", authority, Answer::Unknown));
        let after = login(&longer, name, b"pw").outcome;
        // The one case in which the added backend matters is that it may not be asked.
        let not_asked = Outcome::Denied(Denial::from(DenialReason::NotPermitted));
        if before != not_asked && after != not_asked {
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
    fn no_account_is_valid_if_the_systems_own_files_could_not_be_asked(all in backends(), name in a_name()) {
        let decision = account(&all, name);
        let silent = decision.steps.iter().any(|step| {
            let by = all.iter().find(|b| b.name == step.backend).unwrap();
            let is_silent = matches!(step.finding, Finding::Unavailable(_) | Finding::Failed(_));
            by.authority == Authority::System && is_silent
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
            prop_assert!(by.authority != Authority::Directory || by.asked() == asked);
        }
    }

    #[test]
    fn a_known_account_decides_like_the_answer_of_its_backend(
        all in backends(), name in a_name(), shy in proptest::collection::vec(any::<bool>(), 6),
    ) {
        let mut all = all;
        for (backend, shy) in all.iter_mut().zip(shy) {
            backend.needs_password = shy && backend.authority == Authority::Directory;
        }
        let decision = login(&all, name, b"pw");
        if let Some((known, _)) = decision.known_account() {
            // Only this backend answers without the password, as it did in the login.
            let mut open = all.clone();
            for backend in open.iter_mut().filter(|backend| backend.name == known.user.backend) {
                prop_assert_eq!(backend.known(name), Some(known.clone()));
                backend.needs_password = false;
            }
            prop_assert_eq!(account_known(&all, name, Some(&known)), account(&open, name));
        } else {
            prop_assert!(account_known(&all, name, None) == account(&all, name));
        }
    }

    #[test]
    fn an_answer_that_is_known_before_changes_no_decision(
        all in backends(), name in a_name(), index: prop::sample::Index,
    ) {
        let known = all[index.index(all.len())].known(name);
        prop_assert_eq!(account_known(&all, name, known.as_ref()), account(&all, name));
    }

    #[test]
    fn an_account_known_of_another_person_or_backend_changes_nothing(
        all in backends(), name in a_name(), index: prop::sample::Index, refused: bool, other: bool,
    ) {
        let index = index.index(all.len());
        let by = Scripted::new(if other { &all[index].name } else { "b9" }, Authority::Directory, Answer::Accepts);
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
            let owes = matches!(step.finding, Finding::Unknown | Finding::NoPassword(_));
            prop_assert_eq!(backend.deferred_done(), usize::from(owes && is_refusal));
        }
    }

    #[test]
    fn no_fault_that_a_caller_can_cause_lets_anybody_in(
        all in backends(), name in a_name(), system in a_system(),
        faults in proptest::collection::vec(proptest::option::of(a_fault()), 6),
    ) {
        let mut faulty = all.clone();
        for (backend, fault) in faulty.iter_mut().zip(faults) {
            backend.answer = fault.unwrap_or(backend.answer);
        }
        let login_of = |system, backends: &[Scripted]| login_in(&chain_in(system, backends), &su(), name, b"pw");
        if accepts(&login_of(system, &faulty)) {
            prop_assert!(accepts(&login_of(FakeSystem::default(), &all)));
        }
        let account_of = |system, backends: &[Scripted]| chain_in(system, backends).account(name.as_bytes(), None, &su());
        if account_of(system, &faulty).code() == PamCode::Success {
            prop_assert_eq!(account_of(FakeSystem::default(), &all).code(), PamCode::Success);
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
            let may_go_on = matches!(
                step.finding,
                Finding::Unknown | Finding::NoPassword(_) | Finding::NotAsked(_)
            );
            prop_assert!(by.on_denied == Then::Next || may_go_on);
        }
    }

    #[test]
    fn who_has_no_password_at_a_backend_is_let_in_as_if_it_did_not_know_them(
        all in backends(), name in a_name(), index: prop::sample::Index, has_caller: bool,
    ) {
        // A password that has ended is the exception: a backend that knows the name judges the
        // account, and knows nothing of that.
        prop_assume!(all.iter().all(|backend| backend.answer != Answer::MustChange));
        let context = if has_caller { su() } else { context(false) };
        let index = index.index(all.len());
        let with = |answer| {
            let mut all = all.clone();
            all[index].answer = answer;
            login_in(&chain(&all), &context, name, b"pw")
        };
        let (without_password, unknown) = (with(Answer::HasNoPassword), with(Answer::Unknown));
        prop_assert_eq!(without_password.steps.len(), unknown.steps.len());
        prop_assert_eq!(accepts(&without_password), accepts(&unknown));
        let by = |decision: &AuthDecision| match &decision.outcome {
            Outcome::Answered(Accepted { user, .. }) => Some(user.backend.clone()),
            _ => None,
        };
        prop_assert_ne!(by(&without_password), Some(all[index].name.clone()));
    }

    #[test]
    fn no_password_is_a_denial_where_nobody_else_has_one(all in backends(), name in a_name()) {
        let mut all = all;
        for backend in &mut all {
            backend.answer = match backend.answer {
                Answer::HasNoPassword => Answer::HasNoPassword,
                _ => Answer::Unknown,
            };
        }
        let decision = login(&all, name, b"pw");
        let has_none = |step: &Step<Accepted>| matches!(step.finding, Finding::NoPassword(_));
        if decision.steps.iter().any(has_none) {
            prop_assert_eq!(decision.code(), PamCode::AuthError);
            prop_assert!(decision.name.is_some());
            let denial = Denial::from(DenialReason::NoPassword);
            prop_assert_eq!(decision.outcome, Outcome::Denied(denial));
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
            backend.authority = Authority::Directory;
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
    fn a_name_with_a_local_password_is_asked_of_no_other_backend_without_local_names(all in backends()) {
        let _ = login(&all, "lena", b"pw");
        let _ = account(&all, "lena");
        for backend in all.iter().filter(|b| b.authority != Authority::System && !b.local_names) {
            prop_assert_eq!(backend.asked(), 0);
        }
    }

    #[test]
    fn an_alias_is_nobody_elses_name(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        if let Outcome::Answered(Accepted { user, .. }) = &decision.outcome {
            let by = all.iter().find(|b| b.name == user.backend).unwrap();
            let own = user.alias_of.as_deref().filter(|_| by.authority != Authority::System);
            let is_known = ["bob", "BOB", "bob@x.org"].contains(&name);
            prop_assert!(own.is_none() || (is_known && own == Some("bob")) || name == "eve@x.org");
        }
    }

    #[test]
    fn whoever_gets_in_has_no_user_id_of_the_systems_or_of_another_local_person(
        all in backends(), name in a_name(),
    ) {
        let decision = login(&all, name, b"pw");
        if let Outcome::Answered(Accepted { user, .. }) = &decision.outcome {
            let by = all.iter().find(|b| b.name == user.backend).unwrap();
            let asked = Username::parse(name.as_bytes()).unwrap();
            let system = FakeSystem::default();
            let known = system.system_user(&asked).unwrap().map(|user| user.uid);
            let claimed = user.uid.filter(|_| by.compares_uids);
            if by.authority != Authority::System {
                prop_assert!(claimed.is_none() || known.is_none() || claimed == known);
                prop_assert!(by.compares_uids || known.is_some());
                let uid = claimed.or(known);
                let owner = uid.and_then(|uid| system.local_name(uid).unwrap());
                prop_assert!(uid.is_none_or(|uid| uid >= 1000));
                prop_assert!(owner.is_none_or(|owner| owner == name));
            }
        }
    }

    #[test]
    fn where_no_user_id_is_compared_only_the_systems_own_other_people_get_in(
        all in backends(), name in a_name(),
    ) {
        let decision = login(&all, name, b"pw");
        if let Outcome::Answered(Accepted { user, .. }) = &decision.outcome {
            let by = all.iter().find(|b| b.name == user.backend).unwrap();
            let is_compared = by.compares_uids || by.authority == Authority::System;
            let is_the_systems = ["bob", "BOB", "bob@x.org"].contains(&name) || by.local_names;
            prop_assert!(is_compared || is_the_systems);
        }
    }

    #[test]
    fn every_refusal_asks_each_local_backend_or_spends_its_time(all in backends(), name in a_name()) {
        let decision = login(&all, name, b"pw");
        let is_refusal = !accepts(&decision) && !matches!(decision.outcome, Outcome::Conversation(_));
        let owes = is_refusal && decision.invalid.is_none();
        for backend in all.iter().filter(|b| owes && b.authority != Authority::Directory) {
            prop_assert_eq!(backend.asked() + backend.spent(), 1);
        }
    }
}
