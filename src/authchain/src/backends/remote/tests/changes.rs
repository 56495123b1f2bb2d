//! Tests of what a change of a password makes of a worker's replies, its silence and its end.

use std::time::Duration;

use super::stage::{Stage, alone, failed, protocol, unavailable};
use crate::backends::Backend;
use crate::backends::password_change::{
    CannotChange, Change, ChangeKind, ChangePassword, ChangeRefusal, ChangeVerdict,
};
use crate::words::{BackendError, DenialReason, Secret};

/// Reads hello and question; `$question` has the second.
const ABLE: &str = r#"
read -r hello
say '{"hello":1,"can":["change_password"]}'
read -r question
"#;

type Told = Result<ChangeVerdict, BackendError>;

/// Returns what both calls come to at a worker that is this script.
fn told(script: &str) -> (Told, Told) {
    let _alone = alone();
    let mut stage = Stage::new(script);
    stage.budget = Duration::from_secs(5);
    let calls = stage.ask(|remote, request, _| {
        let old = Secret::new(b"old".to_vec());
        let change = Change {
            request: *request,
            kind: ChangeKind::Own,
            old: Some(&old),
        };
        let preliminary = remote.preliminary(&change);
        (
            preliminary,
            remote.update(&change, &Secret::new(b"new".to_vec())),
        )
    });
    calls.0
}

/// Returns what both calls come to at a worker that says this line.
fn saying(line: &str) -> (Told, Told) {
    told(&format!("{ABLE}say '{line}'\nread -r end"))
}

fn refused(refusal: ChangeRefusal) -> Told {
    Ok(ChangeVerdict::Refused(refusal))
}

fn unsure(why: &str) -> Told {
    refused(ChangeRefusal::Unsure(why.to_owned()))
}

#[test]
fn the_old_password_goes_to_a_worker_once_it_has_been_asked_for() {
    let stage = Stage::new("exit 1");
    let (needed, _, log) = stage.ask(|remote, request, _| {
        [ChangeKind::Own, ChangeKind::Expired].map(|kind| {
            remote.preliminary(&Change {
                request: *request,
                kind,
                old: None,
            })
        })
    });
    for needed in needed {
        assert_eq!(needed, Ok(ChangeVerdict::OldPasswordNeeded));
    }
    assert_eq!(log, [""; 0]);
}

#[test]
fn a_worker_that_was_not_asked_for_a_change_cannot_say_that_it_made_one() {
    let text = r#""text":"Use\n a \u001b[31mlong one.""#;
    let granted = Ok(ChangeVerdict::Granted(Some(
        "Use a \\u{1b}[31mlong one.".to_owned(),
    )));
    let (preliminary, update) = saying(&format!(r#"{{"verdict":"may_change",{text}}}"#));
    assert_eq!(preliminary, granted);
    let why = "not a valid answer: worker: no change where one was asked for";
    assert_eq!(update, unsure(why));

    let (preliminary, update) = saying(&format!(r#"{{"verdict":"changed",{text}}}"#));
    assert_eq!(preliminary, protocol("a change that nobody asked for"));
    assert_eq!(update, granted);

    let doubt = saying(r#"{"verdict":"unsure","detail":"one: timed out"}"#);
    assert_eq!(doubt.0, protocol("a change that nobody asked for"));
    assert_eq!(doubt.1, unsure("one: timed out"));
    for other in [
        r#"{"verdict":"accepted","user":{"name":"alice"}}"#,
        r#"{"verdict":"found","user":{"name":"alice"}}"#,
    ] {
        let (preliminary, update) = saying(other);
        assert_eq!(
            preliminary,
            protocol("another verdict than change_password has")
        );
        assert!(matches!(
            update,
            Ok(ChangeVerdict::Refused(ChangeRefusal::Unsure(_)))
        ));
    }
}

#[test]
fn every_reason_has_its_meaning() {
    let words = "Use\r\nmore \u{7}letters.";
    let shown = "Use more \\u{7}letters.".to_owned();
    for (reason, meaning) in [
        ("too_young", ChangeRefusal::Quality(shown.clone())),
        ("unexplained", ChangeRefusal::Unexplained(shown.clone())),
        ("quality", ChangeRefusal::Quality(shown.clone())),
        ("in_history", ChangeRefusal::Quality(shown.clone())),
        ("not_permitted", ChangeRefusal::NotPermitted(shown)),
        ("not_expired", ChangeRefusal::NotExpired),
        ("account_expired", ChangeRefusal::AccountExpired),
        ("password_expired", ChangeRefusal::PasswordExpired),
    ] {
        let line = serde_json::json!({"verdict": "refused", "reason": reason, "text": words});
        let expected = (refused(meaning.clone()), refused(meaning));
        assert_eq!(saying(&line.to_string()), expected, "{reason}");
    }
    let needed = saying(r#"{"verdict":"refused","reason":"needs_old_password","text":"x"}"#);
    assert_eq!(needed.0, Ok(ChangeVerdict::OldPasswordNeeded));
    let unknown = saying(r#"{"verdict":"unknown"}"#);
    assert_eq!(unknown.1, Ok(ChangeVerdict::Unknown));
    let denied = saying(r#"{"verdict":"denied","reason":"bad_credential"}"#);
    let Ok(ChangeVerdict::Denied(denial)) = denied.1 else {
        panic!("{denied:?}");
    };
    assert_eq!(denial.reason, DenialReason::BadCredential);
}

#[test]
fn what_a_worker_knows_for_sure_is_no_doubt() {
    let down = saying(r#"{"verdict":"unavailable","detail":"one: connect: refused"}"#);
    let why = "one: connect: refused";
    assert_eq!(down, (unavailable(why), unavailable(why)));
    let unable = saying(r#"{"verdict":"failed","detail":"no descriptors"}"#);
    assert_eq!(unable, (failed("no descriptors"), failed("no descriptors")));
    // None of these has heard the new password.
    let without = told("read -r hello\nsay '{\"hello\":1,\"can\":[\"lookup\"]}'\nread -r end");
    let words = "Passwords of this source are not changed here.".to_owned();
    let refused = ChangeVerdict::Refused(ChangeRefusal::NotPermitted(words));
    assert_eq!(without.1, Ok(refused));
    let gone = told("exit 3");
    assert!(matches!(gone.1, Err(BackendError::Failed(_))), "{gone:?}");
}

#[test]
fn a_worker_that_is_lost_after_the_question_may_have_changed_the_password() {
    for script in ["exit 3", "say 'no JSON'; read -r end", "kill -9 $$"] {
        let (preliminary, update) = told(&format!("{ABLE}{script}"));
        assert!(
            matches!(preliminary, Err(BackendError::Failed(_))),
            "{script}: {preliminary:?}"
        );
        assert!(
            matches!(update, Ok(ChangeVerdict::Refused(ChangeRefusal::Unsure(_)))),
            "{script}: {update:?}"
        );
    }
}

#[test]
fn an_old_password_longer_than_any_is_wrong_and_not_sent() {
    let stage = Stage::new("exit 1");
    let (told, ..) = stage.ask(|remote, request, _| {
        remote.preliminary(&Change {
            request: *request,
            kind: ChangeKind::Expired,
            old: Some(&Secret::new(vec![b'x'; 40_000])),
        })
    });
    assert!(matches!(told, Ok(ChangeVerdict::Denied(_))), "{told:?}");
}

#[test]
fn only_some_backends_change_passwords() {
    let stage = Stage::new("exit 1");
    let mut remote = stage.remote();
    assert!(remote.change_password().is_ok());
    remote.cannot_change = Some(CannotChange::NoWay);
    assert!(remote.change_password().is_err());
}

#[test]
fn a_question_that_is_too_long_to_be_sent_has_changed_nothing() {
    let stage = Stage::new(&format!("{ABLE}say '{{\"result\":\"changed\"}}'"));
    let (told, ..) = stage.ask(|remote, request, _| {
        let old = Secret::new(b"old".to_vec());
        let change = Change {
            request: *request,
            kind: ChangeKind::Own,
            old: Some(&old),
        };
        remote.update(&change, &Secret::new(vec![b'n'; 1 << 20]))
    });
    let why = told.unwrap_err();
    assert!(matches!(why, BackendError::Failed(_)), "{why:?}");
}
