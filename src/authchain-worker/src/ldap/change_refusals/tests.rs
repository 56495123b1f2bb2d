use super::*;
use crate::net::failure::FailureKind;
use authchain::backends::protocol::{WireRefusal, WireVerdict};
use ldap3::LdapResult;

fn reply(rc: u32, error: Option<ChangeError>, text: &str) -> ChangeReply {
    let result = LdapResult {
        rc,
        matched: String::new(),
        text: text.to_owned(),
        refs: vec![],
        ctrls: vec![],
    };
    ChangeReply { result, error }
}

fn refused(answer: Result<Option<Answer>, Failure>) -> WireRefusal {
    match answer.unwrap().unwrap().verdict {
        WireVerdict::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_error_of_the_policy_comes_before_the_code() {
    use ChangeError as Is;
    for (code, error, reason) in [
        (19, Some(Is::TooShort), RefusalReason::Quality),
        (19, Some(Is::Quality), RefusalReason::Quality),
        (19, Some(Is::InHistory), RefusalReason::InHistory),
        (19, Some(Is::TooYoung), RefusalReason::TooYoung),
        (50, Some(Is::NotAllowed), RefusalReason::NotPermitted),
        (
            50,
            Some(Is::OldPasswordMissing),
            RefusalReason::NotPermitted,
        ),
        (53, Some(Is::TooShort), RefusalReason::Quality),
        (19, None, RefusalReason::Quality),
        (50, None, RefusalReason::NotPermitted),
        (53, None, RefusalReason::NotPermitted),
    ] {
        let refusal = refused(refusal(&reply(code, error, "")));
        assert_eq!(refusal.reason, reason, "{code} {error:?}");
        assert!(!refusal.text.is_empty());
    }
}

#[test]
fn only_a_plain_success_is_a_change() {
    assert_eq!(refusal(&reply(0, None, "")).unwrap(), None);
    let contradicted = reply(0, Some(ChangeError::TooShort), "");
    let failure = refusal(&contradicted).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unsure);
    let mut elsewhere = reply(0, None, "");
    elsewhere.result.refs = vec!["ldap://other".to_owned()];
    let failure = refusal(&elsewhere).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unsure);
    for code in 1..=127 {
        let reply = reply(code, None, "");
        for answer in [refusal(&reply), refusal_of_root(&reply)] {
            match answer {
                Ok(answer) => {
                    let verdict = answer.unwrap().verdict;
                    assert!(!matches!(verdict, WireVerdict::Changed(_)), "{code}");
                }
                Err(failure) => assert!(failure.kind.is_final(), "{code}: {failure}"),
            }
        }
    }
}

#[test]
fn a_reference_to_another_server_is_a_refusal() {
    let mut elsewhere = reply(10, None, "");
    elsewhere.result.refs = vec!["ldap://other\n/".to_owned()];
    let answer = refusal(&elsewhere).unwrap().unwrap();
    let note = &answer.notes[0];
    assert!(
        note.contains("not followed: \"ldap://other\\n/\""),
        "{note}"
    );
    assert_eq!(refused(Ok(Some(answer))).text, ELSEWHERE);
}

#[test]
fn a_lack_of_rights_of_root_is_not_the_persons_matter() {
    for reply in [
        reply(50, None, "no write access"),
        reply(53, None, "unwilling"),
        reply(50, Some(ChangeError::OldPasswordMissing), ""),
    ] {
        assert_eq!(refused(refusal_of_root(&reply)).text, ROOT);
    }
    let short = reply(19, Some(ChangeError::TooShort), "too short");
    assert_eq!(refused(refusal_of_root(&short)).text, "too short");
}

#[test]
fn the_servers_words_are_shown_in_one_line_without_what_moves_a_cursor() {
    let shown = |text: &str| refused(refusal(&reply(19, None, text))).text;
    let words = "Password fails quality checking policy";
    assert_eq!(shown(words), words);
    assert_eq!(shown("two\r\n lines\0"), "two lines");
    assert_eq!(shown(" \n"), "The new password is not accepted.");
    assert_eq!(shown("\x1b[31mred"), "\\u{1b}[31mred");
    assert!(shown(&"x".repeat(5_000)).chars().count() <= MAX_TEXT + 4);
}
