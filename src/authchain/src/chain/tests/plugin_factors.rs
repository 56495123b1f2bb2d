//! Tests of second factors that ask their questions themselves, and alone know who is enrolled.

use super::factor_stage::{FactorStage, THEN};
use super::scripted::{Answer, Scripted};
use super::scripted_factor::{CodeTypist, FactorAnswer};
use super::*;
use crate::backends::Authority;
use crate::chain::factors::PersonNames;
use crate::words::{PamCode, User, Username};

const BOTH: &str = "then = [\"totp\", \"phone\"]";

/// Returns a machine whose first factor asks its questions itself.
fn stage(text: &str, answer: Answer, factors: &[FactorAnswer]) -> FactorStage {
    let mut stage = FactorStage::new(text, answer, factors);
    stage.factors[0].question = None;
    stage
}

#[test]
fn a_factor_asks_its_own_question_after_a_right_password_only() {
    let right = stage(THEN, Answer::Accepts, &[FactorAnswer::Confirms]);
    let login = right.login("pw", &["123456"]);
    assert_eq!(login.code, PamCode::Success);
    assert_eq!(login.asked, ["password", "own question: "]);
    let login = right.login("pw", &["000000"]);
    assert_eq!(login.code, PamCode::AuthError);
    for answer in [Answer::Denies, Answer::Unknown, Answer::Bars] {
        let wrong = stage(THEN, answer, &[FactorAnswer::Confirms]);
        let login = wrong.login("pw", &["123456"]);
        assert_ne!(login.code, PamCode::Success);
        assert_eq!(login.asked, ["password"], "{answer:?}");
        assert_eq!(wrong.verified(), 0);
    }
}

#[test]
fn a_state_of_the_account_is_told_to_nobody_whom_the_factor_has_not_confirmed() {
    let stage = stage(THEN, Answer::Bars, &[FactorAnswer::Confirms]);
    let mut person = CodeTypist::new("pw", &[]);
    let decision = (stage.chain()).authenticate(b"alice", &context(false), &mut person, |_| ());
    assert_eq!(decision.code(), PamCode::AuthError);
    assert_eq!(decision.barred(), None);
}

#[test]
fn a_factor_that_says_not_enrolled_leads_to_the_next_factor() {
    let factors = [FactorAnswer::SaysNotEnrolled, FactorAnswer::Confirms];
    let both = FactorStage::new(BOTH, Answer::Accepts, &factors);
    let login = both.login("pw", &["123456", "x"]);
    assert_eq!(login.code, PamCode::Success);
    assert_eq!(login.asked, ["password", "totp code: ", "phone code: "]);
    assert_eq!(login.why, "alice: corp: accepted; phone: confirmed");
    let login = both.login("pw", &["000000", "x"]);
    assert_eq!(login.code, PamCode::AuthError);
}

#[test]
fn whoever_is_enrolled_in_none_is_refused_unless_the_file_says_skip() {
    for text in [THEN, BOTH] {
        let factors = [FactorAnswer::SaysNotEnrolled, FactorAnswer::SaysNotEnrolled];
        let strict = FactorStage::new(text, Answer::Accepts, &factors);
        let login = strict.login("pw", &["x", "x"]);
        assert_eq!(login.code, PamCode::AuthError, "{text}");
        assert_eq!(
            login.why,
            "alice: corp: accepted; not enrolled in a second factor"
        );
        let lax = format!("{text}\nnot_enrolled = \"skip\"");
        let lax = FactorStage::new(&lax, Answer::Accepts, &factors);
        assert_eq!(
            lax.login("pw", &["x", "x"]).code,
            PamCode::Success,
            "{text}"
        );
    }
}

#[test]
fn a_key_is_not_enough_for_somebody_who_is_not_enrolled() {
    let text = format!(
        "{THEN}\nnot_enrolled = \"skip\"\n[[rule]]\nservice = [\"sshd\"]\npublickey = \"counts\""
    );
    let by_key = Context {
        service: "sshd",
        has_publickey: true,
        ..context(false)
    };
    for (answer, expected) in [
        (FactorAnswer::SaysNotEnrolled, PamCode::AuthError),
        (FactorAnswer::Confirms, PamCode::Success),
    ] {
        let stage = stage(&text, Answer::Accepts, &[answer]);
        let login = stage.login_as("alice", &by_key, "pw", &["123456"]);
        assert_eq!(login.code, expected, "{answer:?}: {}", login.why);
        assert_eq!(login.asked, ["own question: "], "{answer:?}");
    }
}

#[test]
fn a_factor_that_does_not_know_one_of_two_names_is_not_passed() {
    let text = format!("{THEN}\nnot_enrolled = \"skip\"");
    let mut stage = FactorStage::new(&text, Answer::Accepts, &[FactorAnswer::SaysNotEnrolled]);
    assert_eq!(stage.login("pw", &["x"]).code, PamCode::Success);
    stage.backend.also_named = vec!["asmith"];
    let login = stage.login("pw", &["x"]);
    assert_ne!(login.code, PamCode::Success);
    let why = "totp may know the person by another name, such as asmith";
    assert!(login.why.contains(why), "{}", login.why);
}

#[test]
fn a_plugin_gets_one_spelling_of_a_name() {
    let name = |typed: &str, folds_case| {
        let mut backend = Scripted::new("corp", Authority::Directory, Answer::Accepts);
        backend.folds_case = folds_case;
        let user = Username::parse(typed.as_bytes()).unwrap();
        let found = User {
            name: typed.to_owned(),
            ..user_of_corp()
        };
        let names = PersonNames::of(&user, &found, Some(&backend));
        names.at_plugins().to_string()
    };
    for typed in ["alice", "ALICE", "Alice"] {
        assert_eq!(name(typed, true), "alice");
        assert_eq!(name(typed, false), typed);
    }
}

fn user_of_corp() -> User {
    User {
        name: "alice".to_owned(),
        alias_of: None,
        also_named: Vec::new(),
        uid: None,
        gid: None,
        gecos: String::new(),
        home: String::new(),
        shell: String::new(),
        groups: None,
        unclear_groups: Vec::new(),
        backend: "corp".to_owned(),
    }
}

#[test]
fn the_password_is_no_answer_to_a_factors_own_question() {
    let stage = stage(THEN, Answer::Accepts, &[FactorAnswer::Confirms]);
    let login = stage.login("123456", &["123456"]);
    assert_eq!(login.code, PamCode::AuthError);
    let why = "the program answered the question for the code with the password";
    assert!(login.why.contains(why), "{}", login.why);
}

#[test]
fn a_code_behind_the_password_is_not_a_plugins() {
    let text = format!("{BOTH}\n[[rule]]\nservice = [\"test\"]\ncode = \"appended\"");
    let factors = [FactorAnswer::SaysNotEnrolled, FactorAnswer::Confirms];
    let stage = FactorStage::new(&text, Answer::Accepts, &factors);
    let login = stage.login("pw123456", &[]);
    assert_eq!(login.code, PamCode::AuthError);
    assert!(
        login.why.contains("no code behind the password"),
        "{}",
        login.why
    );
}
