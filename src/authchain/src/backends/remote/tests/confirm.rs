//! Tests of plugins: as second factors, and without some of the questions.

use super::stage::{Stage, alone, failed, played, protocol};
use crate::backends::remote::ConfirmVerdict;
use crate::tools::conversation::Conversation;
use crate::words::{BackendError, DenialReason, Secret};

const HELLO: &str = "read -r hello\nsay '{\"hello\":1,\"can\":[\"confirm\"]}'\nread -r question\n";

/// Returns what a plugin that is this script says of alice, and what she sees.
fn confirmed(
    script: &str,
    answer: Option<&str>,
) -> (Result<ConfirmVerdict, BackendError>, Vec<String>) {
    let _alone = alone();
    let answer = answer.map(|answer| Secret::new(answer.as_bytes().to_vec()));
    let stage = Stage::new(&format!("{HELLO}{script}\nread -r end"));
    let (confirmed, person, _) = stage.ask(|remote, request, person| {
        let person: &mut dyn Conversation = person;
        remote.confirm(request, answer.as_ref(), person)
    });
    (confirmed, person.seen)
}

#[test]
fn a_plugin_confirms_by_the_answer_that_was_typed_for_it() {
    let script = r#"case $question in
        *'"answer":"MTIzNDU2"'*) say '{"verdict":"accepted","user":{"name":"alice"}}' ;;
        *) say '{"verdict":"denied","reason":"bad_credential"}' ;;
    esac"#;
    assert_eq!(
        confirmed(script, Some("123456")).0,
        Ok(ConfirmVerdict::Accepted)
    );
    for wrong in [Some("000000"), None] {
        let (answer, _) = confirmed(script, wrong);
        let Ok(ConfirmVerdict::Denied(denial)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(denial.reason, DenialReason::BadCredential);
    }
    let unknown = confirmed(r#"say '{"verdict":"unknown"}'"#, None);
    assert_eq!(unknown.0, Ok(ConfirmVerdict::Unknown));
}

#[test]
fn a_plugin_asks_its_own_questions() {
    let script = r#"
        say '{"prompt":"echo_off","text":"Code: "}'
        read -r answer
        say '{"verdict":"accepted","user":{"name":"alice"}}'
    "#;
    let (answer, seen) = confirmed(script, None);
    assert_eq!(answer, Ok(ConfirmVerdict::Accepted));
    assert_eq!(seen, ["off Code: "]);
}

#[test]
fn a_plugin_that_confirms_somebody_else_confirms_nobody() {
    let other = r#"say '{"verdict":"accepted","user":{"name":"mallory"}}'"#;
    assert_eq!(
        confirmed(other, None).0,
        protocol("a verdict about another name").map(|()| ConfirmVerdict::Accepted)
    );
    let found = r#"say '{"verdict":"found","user":{"name":"alice"}}'"#;
    let answer = confirmed(found, None).0;
    assert!(matches!(answer, Err(BackendError::Failed(_))), "{answer:?}");
    let down = r#"say '{"verdict":"failed","detail":"no descriptors"}'"#;
    assert_eq!(confirmed(down, None).0, failed("no descriptors"));
}

#[test]
fn a_plugin_that_says_nothing_of_accounts_knows_nobody() {
    let script = "read -r hello\nsay '{\"hello\":1,\"can\":[\"authenticate\"]}'\nread -r end";
    let played = played(script);
    assert_eq!(played.lookup, Ok(None));
    assert_eq!(played.account, Ok(None));
}
