//! Tests of second factors that ask their questions themselves, and alone know who is enrolled.

use super::factor_stage::{FactorStage, THEN};
use super::scripted::Answer;
use super::scripted_factor::{CodeTypist, FactorAnswer};
use super::*;
use crate::words::PamCode;

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
