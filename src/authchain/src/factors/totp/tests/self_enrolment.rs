//! Tests of people who enrol at a login.

use std::path::Path;

use super::{NOW, at, factor};
use crate::factors::{Confirmation, Factor};
use crate::files::authenticator::CodeHash;
use crate::tools::conversation::Conversation;
use crate::words::{BackendError, ConversationError, Secret, Username};

/// A person who types what is on the list, and keeps what was shown.
struct Typing {
    answers: Vec<String>,
    shown: Vec<String>,
}

impl Conversation for Typing {
    fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }
    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.shown.push(text.to_owned());
        let key = text.lines().nth(2).unwrap_or_default().trim().to_owned();
        let answer = self.answers.pop().ok_or(ConversationError::NoAnswer)?;
        if answer != "right" {
            return Ok(Secret::new(answer.into_bytes()));
        }
        let secret = <base32ct::Base32UpperUnpadded as base32ct::Encoding>::decode_vec(&key);
        let code = CodeHash::Sha1.code(&secret.unwrap(), NOW / 30).unwrap() % 1_000_000;
        Ok(Secret::new(format!("{code:06}").into_bytes()))
    }
    fn prompt_echo_on(&mut self, _: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }
    fn text_info(&mut self, _: &str) {}
    fn error_msg(&mut self, _: &str) {}
}

/// Returns what becomes of bob's enrolment by these answers, the last one first, and the texts.
fn enrolled(
    state_dir: &Path,
    answers: &[&str],
) -> (Result<Confirmation, BackendError>, Vec<String>) {
    let mut person = Typing {
        answers: answers.iter().map(|answer| (*answer).to_owned()).collect(),
        shown: Vec::new(),
    };
    let bob = Username::parse(b"bob").unwrap();
    let password = Secret::new(b"pw".to_vec());
    let said = factor(state_dir).enrol(&bob, &password, &mut person, &|| at(NOW));
    (said, person.shown)
}

#[test]
fn somebody_enrols_with_a_right_code_and_with_nothing_less() {
    let state_dir = tempfile::tempdir().unwrap();
    let is_enrolled = || {
        let bob = Username::parse(b"bob").unwrap();
        factor(state_dir.path()).enrolment(&bob).unwrap().is_some()
    };
    for answers in [&["pw"][..], &["1", "2", "000000"]] {
        let (said, _) = enrolled(state_dir.path(), answers);
        let why = "not enrolled: the confirming code was wrong".to_owned();
        assert_eq!(said, Ok(Confirmation::Refused(why)));
        assert!(!is_enrolled());
    }
    let (said, _) = enrolled(state_dir.path(), &[]);
    assert_eq!(
        said,
        Err(BackendError::Conversation(ConversationError::NoAnswer))
    );
    let (said, shown) = enrolled(state_dir.path(), &["", "right"]);
    assert_eq!(
        said,
        Ok(Confirmation::Confirmed(Some("newly enrolled".to_owned())))
    );
    assert!(is_enrolled() && shown[0].starts_with('\n') && shown[0].ends_with("code: "));
    assert_eq!(shown[1].lines().count(), 13, "{}", shown[1]);
}
