//! Questions that change a password, and the verdicts that answer them.

use proptest::prelude::*;

use super::super::*;
use super::{text, users};
use crate::backends::password_change::ChangeKind;
use crate::words::Secret;

const KINDS: [ChangeKind; 3] = [ChangeKind::Own, ChangeKind::ByRoot, ChangeKind::Expired];

pub(super) fn verdicts() -> impl Strategy<Value = WireVerdict> {
    let reasons = vec![
        RefusalReason::TooYoung,
        RefusalReason::Quality,
        RefusalReason::InHistory,
        RefusalReason::NotPermitted,
        RefusalReason::NotExpired,
        RefusalReason::AccountExpired,
        RefusalReason::PasswordExpired,
        RefusalReason::NeedsOldPassword,
        RefusalReason::Unexplained,
    ];
    let refusals = (proptest::sample::select(reasons), "[^\0]{0,20}");
    let text = || proptest::option::of("[^\0]{0,20}");
    prop_oneof![
        (proptest::option::of(users()), text())
            .prop_map(|(user, text)| WireVerdict::MayChange(user, text)),
        text().prop_map(WireVerdict::Changed),
        "[^\0]{0,20}".prop_map(WireVerdict::Unsure),
        refusals.prop_map(|(reason, text)| WireVerdict::Refused(WireRefusal { reason, text })),
    ]
}

fn question<'a>(change: PasswordChange<'a>) -> Message<'a> {
    Message::Question(Question {
        operation: Operation::ChangePassword,
        user: "alice".to_owned(),
        password: None,
        change: Some(change),
        answer: None,
        service: "passwd".to_owned(),
        tty: String::new(),
        rhost: String::new(),
        ruser: String::new(),
        groups: Vec::new(),
        budget_ms: 2900,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_change_is_read_as_it_was_written(
        kind in proptest::sample::select(KINDS.to_vec()),
        old in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200)),
        new in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200)),
    ) {
        let [given_old, given_new] = [&old, &new].map(|bytes| bytes.clone().map(Secret::new));
        let written = question(PasswordChange {
            kind,
            old: given_old.as_ref().map(Bytes::Lent),
            new: given_new.as_ref().map(Bytes::Lent),
        });
        let read = Message::parse(&written.to_line().unwrap());
        if kind != ChangeKind::ByRoot && old.is_none() {
            prop_assert_eq!(read.err(), Some(ProtocolError::Missing("old_password")));
            return Ok(());
        }
        let Ok(Message::Question(Question { change: Some(read), password: None, .. })) = read else {
            panic!("not a change")
        };
        let bytes = |read: Option<Bytes<'_>>| read.map(|read| read.secret().expose().to_vec());
        prop_assert_eq!((read.kind, bytes(read.old), bytes(read.new)), (kind, old, new));
    }
}

#[test]
fn a_change_is_as_the_protocol_page_shows_it() {
    let [old, new] = ["secret", "better"].map(|text| Secret::new(text.into()));
    let change = question(PasswordChange {
        kind: ChangeKind::Own,
        old: Some(Bytes::Lent(&old)),
        new: Some(Bytes::Lent(&new)),
    });
    assert_eq!(
        text(&change),
        r#"{"change_password":{"user":"alice","kind":"own","old_password":"c2VjcmV0","new_password":"YmV0dGVy","service":"passwd","tty":"","rhost":"","ruser":"","budget_ms":2900}}"#
    );
    let check = question(PasswordChange {
        kind: ChangeKind::ByRoot,
        old: None,
        new: None,
    });
    assert_eq!(
        text(&check),
        r#"{"change_password":{"user":"alice","kind":"root","service":"passwd","tty":"","rhost":"","ruser":"","budget_ms":2900}}"#
    );
}

#[test]
fn what_is_no_change_is_an_error_that_does_not_repeat_a_password() {
    let line = |members: &str| {
        format!(r#"{{"change_password":{{"user":"a","service":"s","budget_ms":1{members}}}}}"#)
    };
    for (members, why) in [
        ("", "no \"kind\""),
        (r#","kind":"own""#, "no \"old_password\""),
        (r#","kind":"expired""#, "no \"old_password\""),
        (r#","kind":"other""#, "\"kind\" is \"other\""),
        (
            r#","kind":"root","new_password":"hunter2""#,
            "malformed: not base64 with padding",
        ),
        (
            r#","kind":"root","new_password":["hunter2"]"#,
            "malformed: invalid type: sequence",
        ),
        (
            r#","kind":"root","kind":"own""#,
            "malformed: duplicate field `kind`",
        ),
    ] {
        let error = Message::parse(line(members).as_bytes()).err();
        let error = error.unwrap_or_else(|| panic!("{members}")).to_string();
        assert!(error.starts_with(why), "{members}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_refusal_says_why_and_a_doubt_too() {
    for (line, why) in [
        (r#"{"verdict":"refused","text":"x"}"#, "no \"reason\""),
        (r#"{"verdict":"refused","reason":"quality"}"#, "no \"text\""),
        (
            r#"{"verdict":"refused","reason":"locked","text":"x"}"#,
            "\"reason\" is \"locked\"",
        ),
        (
            r#"{"verdict":"denied","reason":"too_young"}"#,
            "\"reason\" is \"too_young\"",
        ),
        (r#"{"verdict":"unsure"}"#, "no \"detail\""),
        (
            r#"{"verdict":"changed","text":"\u0000"}"#,
            "a string with a NUL",
        ),
        (r#"{"verdict":"changed","text":7}"#, "malformed: invalid"),
    ] {
        let error = Reply::parse(line.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(why), "{line}: {error}");
    }
}

#[test]
fn no_other_question_is_answered_by_a_change() {
    let changed = WireVerdict::Changed(None);
    let refused = WireVerdict::Refused(WireRefusal {
        reason: RefusalReason::Quality,
        text: String::new(),
    });
    let unsure = WireVerdict::Unsure(String::new());
    let may_change = WireVerdict::MayChange(None, None);
    for verdict in [changed, refused, unsure, may_change] {
        for operation in [
            Operation::Authenticate,
            Operation::Lookup,
            Operation::Account,
            Operation::ChangePassword,
            Operation::Examine,
        ] {
            let is_change = operation == Operation::ChangePassword;
            assert_eq!(operation.can_have(&verdict), is_change, "{operation:?}");
        }
    }
    let accepted = WireVerdict::Accepted(WireUser::default(), None);
    assert!(!Operation::ChangePassword.can_have(&accepted));
}

#[test]
fn the_longest_passwords_of_a_change_fit_into_one_line() {
    let (old, new) = (vec![b'x'; 32 * 1024], vec![b'x'; 511]);
    let [old, new] = [old, new].map(Secret::new);
    let change = question(PasswordChange {
        kind: ChangeKind::Expired,
        old: Some(Bytes::Lent(&old)),
        new: Some(Bytes::Lent(&new)),
    });
    assert!(
        change
            .to_line()
            .is_ok_and(|line| line.len() < MAX_LINE - 4096)
    );
}
