//! The meaning of a server's reply to a change of an entry.

use authchain::backends::protocol::RefusalReason;
use ldap3::LdapResult;

use crate::answer::Answer;
use crate::ldap::codes::{self, describe, is_server_fault};
use crate::net::failure::Failure;

/// Returns the refusal in the server's reply; `None` if it made the change.
///
/// # Errors
/// When the reply says nothing about the change, which no other server is asked for then; or the
/// settings do not fit.
pub(super) fn refusal(step: &'static str, result: &LdapResult) -> Result<Option<Answer>, Failure> {
    let said = describe(result);
    let refused = |reason, text: String| Ok(Some(Answer::refused(reason, text)));
    match result.rc {
        codes::SUCCESS if result.refs.is_empty() => Ok(None),
        codes::SUCCESS => {
            let text = "a success that the server itself contradicts";
            Err(Failure::trouble(step, text).unsure())
        }
        codes::INSUFFICIENT_ACCESS => refused(
            RefusalReason::NotPermitted,
            format!("bind_dn may not write there: {said}"),
        ),
        codes::UNWILLING => refused(
            RefusalReason::NotPermitted,
            format!("the server says {said}"),
        ),
        codes::ALREADY_EXISTS => refused(
            RefusalReason::Exists,
            format!("there is such an entry already: {said}"),
        ),
        codes::REFERRAL => {
            let there = codes::server_text(&result.refs.join(" "));
            let text = format!("the entry can only be changed on another server: {there}");
            refused(RefusalReason::NotPermitted, text)
        }
        codes::CONSTRAINT_VIOLATION
        | codes::UNDEFINED_TYPE
        | codes::INVALID_SYNTAX
        | codes::NAMING_VIOLATION
        | codes::OBJECT_CLASS_VIOLATION
        | codes::NOT_ON_RDN => refused(RefusalReason::Invalid, format!("the server says {said}")),
        // A busy server has not begun; after another fault the change may be made or half made.
        codes::BUSY => Err(Failure::trouble(step, said).spent()),
        code if is_server_fault(code) => Err(Failure::trouble(step, said).unsure()),
        _ => Err(Failure::configuration_error(step, &said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::failure::FailureKind;
    use authchain::backends::protocol::WireVerdict;

    fn result(rc: u32) -> LdapResult {
        LdapResult {
            rc,
            matched: String::new(),
            text: "words".to_owned(),
            refs: Vec::new(),
            ctrls: Vec::new(),
        }
    }

    #[test]
    fn each_refusal_has_its_reason_and_the_words_of_the_server() {
        for (code, reason, words) in [
            (
                50,
                RefusalReason::NotPermitted,
                "bind_dn may not write there: insufficientAccessRights (50)",
            ),
            (53, RefusalReason::NotPermitted, "unwillingToPerform (53)"),
            (68, RefusalReason::Exists, "entryAlreadyExists (68)"),
            (10, RefusalReason::NotPermitted, "another server"),
            (19, RefusalReason::Invalid, "constraintViolation (19)"),
            (21, RefusalReason::Invalid, "(21)"),
            (65, RefusalReason::Invalid, "objectClassViolation (65)"),
        ] {
            let answer = refusal("add", &result(code)).unwrap().unwrap();
            let WireVerdict::Refused(refusal) = answer.verdict else {
                panic!("{code}")
            };
            assert_eq!(refusal.reason, reason, "{code}");
            assert!(refusal.text.contains(words), "{code}: {}", refusal.text);
        }
        assert_eq!(refusal("add", &result(0)), Ok(None));
    }

    #[test]
    fn a_change_that_was_sent_goes_to_no_other_server_whatever_the_fault() {
        for (code, kind) in [
            (1, FailureKind::Unsure),
            (3, FailureKind::Unsure),
            (11, FailureKind::Unsure),
            (51, FailureKind::Spent),
            (52, FailureKind::Unsure),
            (80, FailureKind::Unsure),
            (2, FailureKind::Settings),
        ] {
            let failure = refusal("add", &result(code)).unwrap_err();
            assert_eq!(failure.kind, kind, "{code}");
            assert!(kind.is_final());
        }
        let contradicted = LdapResult {
            refs: vec!["ldap://b".to_owned()],
            ..result(0)
        };
        assert_eq!(
            refusal("add", &contradicted).unwrap_err().kind,
            FailureKind::Unsure
        );
    }
}
