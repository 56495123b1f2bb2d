//! Tests of chains with second factors.

use std::cell::Cell;

use proptest::prelude::*;

use super::factor_stage::{FactorStage, THEN};
use super::scripted::Answer;
use super::scripted_factor::{CodeTypist, FactorAnswer};
use super::*;
use crate::files::factor_folder::FactorFolder;
use crate::tools::deadline::Moment;
use crate::words::{PamCode, Username};

const QUESTIONS: [&str; 2] = ["password", "totp code: "];

#[test]
fn a_right_password_and_a_right_code_let_in() {
    let stage = FactorStage::new(THEN, Answer::Accepts, &[FactorAnswer::Confirms]);
    let login = stage.login("pw", &["123456"]);
    assert_eq!(login.code, PamCode::Success);
    assert_eq!(login.why, "alice: corp: accepted; totp: confirmed");
    assert_eq!(login.asked, QUESTIONS);
}

#[test]
fn a_wrong_code_is_a_failed_login() {
    let stage = FactorStage::new(THEN, Answer::Accepts, &[FactorAnswer::Confirms]);
    let login = stage.login("pw", &["000000"]);
    assert_eq!(login.code, PamCode::AuthError);
    assert_eq!(login.why, "alice: corp: accepted; totp refused: wrong code");
}

#[test]
fn the_code_is_asked_for_whatever_the_password_and_the_name_are_and_verified_after_a_right_one() {
    for answer in [
        Answer::Denies,
        Answer::Unknown,
        Answer::HasNoPassword,
        Answer::Bars,
    ] {
        for enrolled in [FactorAnswer::Confirms, FactorAnswer::NotEnrolled] {
            let stage = FactorStage::new(THEN, answer, &[enrolled]);
            let login = stage.login("pw", &["123456"]);
            assert_ne!(login.code, PamCode::Success);
            assert_eq!(login.asked, QUESTIONS, "{answer:?} {enrolled:?}");
            assert_eq!(stage.verified(), 0);
        }
    }
    let stage = FactorStage::new(THEN, Answer::Accepts, &[FactorAnswer::Confirms]);
    assert_eq!(stage.login("", &["123456"]).asked, QUESTIONS);
    assert_eq!(
        stage.login("\x08\n\r\x7fINCORRECT", &["x"]).asked,
        QUESTIONS
    );
}

#[test]
fn the_code_is_asked_for_before_any_backend_is() {
    let stage = FactorStage::new(THEN, Answer::Accepts, &[FactorAnswer::Confirms]);
    let mut person = CodeTypist {
        password: "pw",
        answers: vec!["123456"],
        asked: Vec::new(),
        watched: Some(stage.backend.clone()),
        asked_before: Vec::new(),
    };
    let decision = stage
        .chain()
        .authenticate(b"alice", &context(false), &mut person, |_| ());
    assert_eq!(decision.code(), PamCode::Success);
    assert_eq!(person.asked_before, [0]);
}

#[test]
fn a_state_of_the_account_is_told_to_nobody_who_has_not_shown_a_code() {
    let stage = FactorStage::new(THEN, Answer::Bars, &[FactorAnswer::Confirms]);
    let mut person = CodeTypist::new("pw", &["123456"]);
    let chain = stage.chain();
    let decision = chain.authenticate(b"alice", &context(false), &mut person, |_| ());
    assert_eq!(decision.code(), PamCode::AuthError);
    assert_eq!(decision.barred(), None);
}

#[test]
fn whoever_is_not_enrolled_is_refused_unless_the_file_says_skip() {
    let stage = FactorStage::new(THEN, Answer::Accepts, &[FactorAnswer::NotEnrolled]);
    let login = stage.login("pw", &["123456"]);
    assert_eq!((login.code, login.asked.len()), (PamCode::AuthError, 2));
    assert_eq!(
        login.why,
        "alice: corp: accepted; totp refused: not enrolled"
    );
    let skip = format!("{THEN}\nnot_enrolled = \"skip\"");
    let stage = FactorStage::new(&skip, Answer::Accepts, &[FactorAnswer::NotEnrolled]);
    let login = stage.login("pw", &[]);
    assert_eq!((login.code, login.asked.len()), (PamCode::Success, 1));
    assert_eq!(
        login.why,
        "alice: corp: accepted; no second factor: not enrolled"
    );
    let stage = FactorStage::new(&skip, Answer::Accepts, &[FactorAnswer::Confirms]);
    assert_eq!(stage.login("pw", &["000000"]).code, PamCode::AuthError);
}

#[test]
fn the_first_factor_in_which_somebody_is_enrolled_is_asked_alone() {
    let then = "then = [\"totp\", \"phone\"]";
    let stage = FactorStage::new(
        then,
        Answer::Accepts,
        &[FactorAnswer::NotEnrolled, FactorAnswer::Confirms],
    );
    let login = stage.login("pw", &["123456"]);
    assert_eq!(login.why, "alice: corp: accepted; phone: confirmed");
    let stage = FactorStage::new(
        then,
        Answer::Accepts,
        &[FactorAnswer::Refuses, FactorAnswer::Confirms],
    );
    let login = stage.login("pw", &["123456", "123456"]);
    assert_eq!((login.code, login.asked.len()), (PamCode::AuthError, 2));
}

#[test]
fn a_factor_that_cannot_be_asked_refuses() {
    let then = "then = [\"totp\", \"phone\"]\nnot_enrolled = \"skip\"";
    for answer in [FactorAnswer::FailsToTell, FactorAnswer::FailsToVerify] {
        let stage = FactorStage::new(then, Answer::Accepts, &[answer, FactorAnswer::Confirms]);
        let login = stage.login("pw", &["123456", "123456"]);
        assert_eq!(login.code, PamCode::SystemError);
        assert!(login.why.contains("; second factor: "), "{}", login.why);
    }
    let stage = FactorStage::new(then, Answer::Accepts, &[FactorAnswer::Confirms]);
    let login = stage.login("pw", &[]);
    assert_eq!(login.code, PamCode::ConversationError);
    assert!(
        login.why.ends_with(": nobody answered the prompt"),
        "{}",
        login.why
    );
}

#[test]
fn a_backend_that_asks_for_a_second_factor_itself_is_enough() {
    let mut stage = FactorStage::new(THEN, Answer::Accepts, &[FactorAnswer::Confirms]);
    stage.mfa = true;
    let login = stage.login("pw", &[]);
    assert_eq!(login.code, PamCode::Success);
    assert_eq!(
        login.why,
        "alice: corp: accepted; no second factor: corp has asked"
    );
}

#[test]
fn a_program_that_answers_every_question_with_the_password_is_refused_in_words() {
    let stage = FactorStage::new(THEN, Answer::Accepts, &[FactorAnswer::Confirms]);
    let login = stage.login("123456", &["123456"]);
    assert_eq!((login.code, stage.verified()), (PamCode::AuthError, 0));
    assert!(
        login.why.contains("KbdInteractiveAuthentication"),
        "{}",
        login.why
    );
}

#[test]
fn an_appended_code_is_taken_off_and_no_question_is_asked() {
    let text = format!("{THEN}\n[[rule]]\ncode = \"appended\"");
    let stage = FactorStage::new(&text, Answer::Accepts, &[FactorAnswer::Confirms]);
    let login = stage.login("pw123456", &[]);
    assert_eq!(
        (login.code, login.asked.len()),
        (PamCode::Success, 1),
        "{}",
        login.why
    );
    assert_eq!(stage.login("pw000000", &[]).code, PamCode::AuthError);
    let login = stage.login("pw", &[]);
    assert_eq!(login.code, PamCode::AuthError);
    assert!(
        login
            .why
            .contains("totp refused: no code behind the password"),
        "{}",
        login.why
    );
    let stage = FactorStage::new(&text, Answer::Denies, &[FactorAnswer::Confirms]);
    assert_eq!(stage.login("pw123456", &[]).asked, ["password"]);
    assert_eq!(stage.verified(), 0);
}

#[test]
fn a_verified_key_stands_for_the_password_where_a_rule_says_so_and_asks_for_the_code() {
    let text = format!("{THEN}\n[[rule]]\nname = \"keys\"\npublickey = \"counts\"");
    let with_key = Context {
        has_publickey: true,
        ..context(false)
    };
    let stage = FactorStage::new(&text, Answer::Accepts, &[FactorAnswer::Confirms]);
    let login = stage.login_as("alice", &with_key, "pw", &["123456"]);
    assert_eq!(
        (login.code, login.asked),
        (PamCode::Success, vec!["totp code: ".to_owned()])
    );
    assert_eq!(
        login.why,
        "alice: corp: known, with a key; totp: confirmed; rule \"keys\""
    );
    let wrong = stage.login_as("alice", &with_key, "pw", &["000000"]);
    assert_eq!(wrong.code, PamCode::AuthError);
    assert_eq!(
        stage.login("pw", &["123456"]).asked,
        QUESTIONS,
        "there is no key"
    );
    let stage = FactorStage::new(THEN, Answer::Accepts, &[FactorAnswer::Confirms]);
    let login = stage.login_as("alice", &with_key, "pw", &["123456"]);
    assert_eq!(login.asked, QUESTIONS, "no rule lets keys count");
    for answer in [
        Answer::Unknown,
        Answer::Unavailable,
        Answer::Fails,
        Answer::AcceptsOtherName,
    ] {
        let stage = FactorStage::new(&text, answer, &[FactorAnswer::Confirms]);
        let login = stage.login_as("alice", &with_key, "pw", &["123456"]);
        assert_ne!(login.code, PamCode::Success, "{}", login.why);
    }
}

#[test]
fn a_key_alone_lets_nobody_in() {
    let with_key = Context {
        has_publickey: true,
        ..context(false)
    };
    for more in ["not_enrolled = \"skip\"", "enrol = \"self\"", ""] {
        let text = format!("{THEN}\n{more}\n[[rule]]\npublickey = \"counts\"");
        let stage = FactorStage::new(&text, Answer::Denies, &[FactorAnswer::NotEnrolled]);
        let login = stage.login_as("alice", &with_key, "pw", &["123456", "123456"]);
        assert_eq!(
            (login.code, login.asked[0].as_str()),
            (PamCode::AuthError, "password")
        );
    }
    let text = format!("{THEN}\n[[rule]]\npublickey = \"counts\"");
    let mut stage = FactorStage::new(&text, Answer::Accepts, &[FactorAnswer::Confirms]);
    stage.mfa = true;
    let login = stage.login_as("alice", &with_key, "pw", &["000000"]);
    assert_eq!(login.code, PamCode::AuthError, "{}", login.why);
}

#[test]
fn one_code_satisfies_every_demand_of_its_factor() {
    let text = format!("{THEN}\n[[rule]]\ngroup = [\"ops\"]\nremember = \"15m\"");
    let mut stage = FactorStage::new(&text, Answer::Accepts, &[FactorAnswer::Confirms]);
    stage.backend.groups = Some(vec!["ops"]);
    let login = stage.login("pw", &["123456"]);
    assert_eq!(
        (login.code, login.asked.len()),
        (PamCode::Success, 2),
        "{}",
        login.why
    );
    assert_eq!(stage.verified(), 1);
}

#[test]
fn a_name_with_its_domain_is_enrolled_as_the_name_without_it() {
    let skip = format!("{THEN}\nnot_enrolled = \"skip\"");
    for name in ["EXAMPLE\\alice", "alice@ad.example.com"] {
        let mut stage = FactorStage::new(&skip, Answer::Accepts, &[FactorAnswer::Confirms]);
        stage.factors[0].enrolled = vec!["alice"];
        let other = stage.login_as(name, &context(false), "pw", &["000000"]);
        assert_eq!(
            other.code,
            PamCode::Success,
            "another person: {}",
            other.why
        );
        stage.backend.strips_domains = true;
        let login = stage.login_as(name, &context(false), "pw", &["000000"]);
        assert_eq!(login.code, PamCode::AuthError, "{}", login.why);
        let login = stage.login_as(name, &context(false), "pw", &["123456"]);
        assert_eq!(login.code, PamCode::Success, "{}", login.why);
    }
}

#[test]
fn what_a_directory_says_of_groups_demands_more_and_never_less() {
    let more = "[[rule]]\ngroup = [\"ops\"]\nthen = [\"totp\"]";
    let mut stage = FactorStage::new(more, Answer::Accepts, &[FactorAnswer::Confirms]);
    assert_eq!(stage.login("pw", &[]).code, PamCode::Success);
    stage.backend.groups = Some(vec!["ops"]);
    assert_eq!(stage.login("pw", &["000000"]).code, PamCode::AuthError);
    assert_eq!(stage.login("pw", &["123456"]).code, PamCode::Success);
    let less = format!("{THEN}\n[[rule]]\ngroup = [\"ops\"]\nthen = []");
    let mut stage = FactorStage::new(&less, Answer::Accepts, &[FactorAnswer::Confirms]);
    stage.backend.groups = Some(vec!["ops"]);
    assert_eq!(stage.login("pw", &["000000"]).code, PamCode::AuthError);
}

#[test]
fn somebody_who_logs_in_by_an_alias_is_enrolled_under_one_name() {
    let answer = Answer::AcceptsAliasOf("alice", None);
    let mut stage = FactorStage::new(THEN, answer, &[FactorAnswer::Confirms]);
    stage.factors[0].enrolled = vec!["alice"];
    let login = stage.login_as("al", &context(false), "pw", &["123456"]);
    assert_eq!(login.code, PamCode::Success, "{}", login.why);
    stage.factors[0].enrolled = vec!["alice", "al"];
    let login = stage.login_as("al", &context(false), "pw", &["123456"]);
    assert_eq!(login.code, PamCode::AuthInfoUnavailable);
    assert!(
        login
            .why
            .contains("another name of the person, is enrolled"),
        "{}",
        login.why
    );
}

#[test]
fn a_name_that_a_person_may_have_added_to_her_entry_confirms_nobody() {
    for enrolled in [&["mallory"][..], &["alice", "mallory"]] {
        let mut stage = FactorStage::new(
            "then = [\"totp\"]\nnot_enrolled = \"skip\"",
            Answer::Accepts,
            &[FactorAnswer::Confirms],
        );
        stage.factors[0].enrolled = enrolled.to_vec();
        stage.backend.also_named = vec!["mallory"];
        let login = stage.login("pw", &["123456"]);
        assert_eq!(login.code, PamCode::AuthInfoUnavailable, "{}", login.why);
    }
}

#[test]
fn people_enrol_themselves_where_a_rule_says_so() {
    let text = format!("{THEN}\nenrol = \"self\"");
    let stage = FactorStage::new(&text, Answer::Accepts, &[FactorAnswer::NotEnrolled]);
    let login = stage.login("pw", &["123456"]);
    assert_eq!(
        login.why,
        "alice: corp: accepted; totp: confirmed newly enrolled"
    );
    assert_eq!(login.asked, ["password", "new code: "]);
    assert_eq!(stage.login("pw", &["1"]).code, PamCode::AuthError);
    let stage = FactorStage::new(&text, Answer::Denies, &[FactorAnswer::NotEnrolled]);
    assert_eq!(
        stage.login("pw", &["123456"]).asked,
        QUESTIONS,
        "no secret for a wrong password"
    );
}

thread_local! {
    /// The seconds that have passed on the clock of the tests.
    static PASSED: Cell<u64> = const { Cell::new(0) };
}

fn clock() -> Moment {
    let passed = Duration::from_secs(PASSED.get());
    let now = system_clock();
    let base = now.checked_sub(now.since_boot()).unwrap();
    base.checked_add(Duration::from_secs(1_000_000) + passed)
        .unwrap()
}

fn at_terminal(tty: &'static str) -> Context<'static> {
    Context {
        tty,
        deadline: Deadline::after(clock, Duration::from_secs(8)),
        ..su()
    }
}

#[test]
fn a_confirmed_login_counts_for_a_while_at_its_place_and_no_longer() {
    let text = format!("{THEN}\n[[rule]]\nremember = \"15m\"\nremember_max = \"1h\"");
    let stage = FactorStage::new(&text, Answer::Accepts, &[FactorAnswer::Confirms]);
    let alice = Username::parse(b"alice").unwrap();
    FactorFolder::of(stage.state_dir.path(), &alice)
        .make()
        .unwrap();
    let asks = |tty, password| {
        let login = stage.login_as("alice", &at_terminal(tty), password, &[]);
        login.asked.len() == 2
    };
    let confirm = || {
        let login = stage.login_as("alice", &at_terminal("pts/1"), "pw", &["123456"]);
        assert_eq!(login.code, PamCode::Success);
    };
    PASSED.set(0);
    assert!(asks("pts/1", "pw"));
    confirm();
    assert!(!asks("pts/1", "pw"), "it is remembered");
    assert!(asks("pts/2", "pw") && asks("", "pw"), "elsewhere it is not");
    for minutes in [14, 28, 42, 56] {
        PASSED.set(minutes * 60);
        assert!(!asks("pts/1", "pw"), "it was used");
    }
    PASSED.set(60 * 60);
    assert!(asks("pts/1", "pw"), "an hour is the longest");
    confirm();
    let mut anew = stage;
    anew.factors[0].enrolments = 1;
    let login = anew.login_as("alice", &at_terminal("pts/1"), "pw", &[]);
    assert_eq!(login.asked, QUESTIONS, "she was enrolled anew");
    anew.factors[0].enrolments = 0;
    let stage = anew;
    let asks = |tty, password| {
        let login = stage.login_as("alice", &at_terminal(tty), password, &[]);
        login.asked.len() == 2
    };
    assert!(!asks("pts/1", "pw"));
    PASSED.set(PASSED.get() + 15 * 60);
    assert!(
        asks("pts/1", "pw"),
        "it was not used for a quarter of an hour"
    );
    PASSED.set(0);
    assert!(asks("pts/1", "pw"), "the machine has booted since");
}

#[test]
fn a_wrong_password_keeps_no_confirmed_login_alive() {
    let text = format!("{THEN}\n[[rule]]\nremember = \"15m\"");
    let mut stage = FactorStage::new(&text, Answer::Accepts, &[FactorAnswer::Confirms]);
    let alice = Username::parse(b"alice").unwrap();
    FactorFolder::of(stage.state_dir.path(), &alice)
        .make()
        .unwrap();
    PASSED.set(0);
    stage.login_as("alice", &at_terminal("pts/1"), "pw", &["123456"]);
    PASSED.set(10 * 60);
    stage.backend.answer = Answer::Denies;
    let login = stage.login_as("alice", &at_terminal("pts/1"), "wrong", &[]);
    assert_eq!(
        login.asked,
        ["password"],
        "the dialogue is that of a right one"
    );
    stage.backend.answer = Answer::Accepts;
    PASSED.set(20 * 60);
    let login = stage.login_as("alice", &at_terminal("pts/1"), "pw", &[]);
    assert_eq!(login.asked, QUESTIONS);
}

fn factor_answer() -> impl Strategy<Value = FactorAnswer> {
    prop_oneof![
        Just(FactorAnswer::Confirms),
        Just(FactorAnswer::Refuses),
        Just(FactorAnswer::FailsToVerify),
        Just(FactorAnswer::NotEnrolled),
        Just(FactorAnswer::FailsToTell),
    ]
}

proptest! {
    #[test]
    fn no_fault_of_a_factor_lets_anybody_in_without_it(
        first in factor_answer(),
        second in factor_answer(),
        skip: bool,
        in_su: bool,
        answers in prop::collection::vec(prop_oneof![Just("123456"), Just("0"), Just("pw")], 0..3),
    ) {
        let skip_key = if skip { "not_enrolled = \"skip\"" } else { "" };
        let text = format!("then = [\"totp\", \"phone\"]\n{skip_key}");
        let stage = FactorStage::new(&text, Answer::Accepts, &[first, second]);
        let context = if in_su { su() } else { context(false) };
        let login = stage.login_as("alice", &context, "pw", &answers);
        let answered = answers.last() == Some(&"123456");
        let asked = [first, second].into_iter().find(|answer| *answer != FactorAnswer::NotEnrolled);
        let may = match asked {
            None => skip,
            Some(answer) => answer == FactorAnswer::Confirms && answered,
        };
        prop_assert_eq!(login.code == PamCode::Success, may, "{}", login.why);
    }
}
