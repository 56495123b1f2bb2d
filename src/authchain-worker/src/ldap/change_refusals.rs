//! The meaning of a server's reply to the change of a password.

use authchain::backends::protocol::RefusalReason;
use authchain::tools::journal::{clean, cut};
use authchain::words::DenialReason;

use super::codes::{self, describe, is_server_fault};
use super::policy::control::ChangeError;
use super::session::writes::{ChangeReply, STEP};
use super::windows_errors::ChangeFault;
use crate::answer::Answer;
use crate::net::failure::Failure;

/// The longest text of a server that the person is shown, in characters.
const MAX_TEXT: usize = 300;

/// The refusal of a change by root.
pub(super) const ROOT: &str = "Password reset by root is not supported.";

const NOT_ALLOWED: &str = "You may not change your password.";

const ELSEWHERE: &str = "The password can only be changed on another server.";

/// Returns why the server refused the change, `None` if it made it, or a failure if its reply says
/// nothing about the person or the new password.
///
/// The error in the control of the password policy comes before the result code, which is the same
/// for many of them. A wrong old password is none of the reasons: the bind before has proven it.
pub(super) fn refusal(reply: &ChangeReply) -> Result<Option<Answer>, Failure> {
    let result = &reply.result;
    let description = describe(result);
    let refused = |reason, otherwise| {
        let text = text_or(&result.text, otherwise);
        let note = format!("{STEP}: {description}");
        Ok(Some(Answer::refused(reason, text).with_note(Some(note))))
    };
    match (result.rc, reply.error) {
        (codes::SUCCESS, None) if result.refs.is_empty() => Ok(None),
        (codes::SUCCESS, _) => {
            let text = "a success that the server itself contradicts";
            Err(Failure::trouble(STEP, text).unsure())
        }
        (_, Some(error)) => {
            let (reason, otherwise) = of_policy(error);
            refused(reason, otherwise)
        }
        (codes::CONSTRAINT_VIOLATION | codes::UNWILLING, _)
            if ChangeFault::of(&result.text).is_some() =>
        {
            let note = format!("{STEP}: {description}");
            Ok(of_domain(&result.text).map(|answer| answer.with_note(Some(note))))
        }
        (code, _) if is_server_fault(code) => Err(Failure::trouble(STEP, description).spent()),
        (codes::REFERRAL, _) => {
            let there = codes::server_text(&result.refs.join(" "));
            let note = format!("{STEP}: referrals are not followed: {there}");
            let answer = Answer::refused(RefusalReason::NotPermitted, ELSEWHERE);
            Ok(Some(answer.with_note(Some(note))))
        }
        (codes::CONSTRAINT_VIOLATION, _) => {
            refused(RefusalReason::Quality, "The new password is not accepted.")
        }
        (codes::INSUFFICIENT_ACCESS | codes::UNWILLING, _) => {
            refused(RefusalReason::NotPermitted, NOT_ALLOWED)
        }
        // Somebody has changed the password since the bind.
        (codes::INVALID_CREDENTIALS, _) => {
            let answer = Answer::denied(DenialReason::BadCredential, description);
            Ok(Some(answer))
        }
        (codes::PROTOCOL_ERROR, _) => {
            let text = format!("{description} (try password_change = \"modify\")");
            Err(Failure::configuration_error(STEP, &text))
        }
        _ => Err(Failure::configuration_error(STEP, &description)),
    }
}

/// Returns the refusal of a change by root, as [`refusal`] does. A lack of rights is no matter of
/// the person's.
pub(super) fn refusal_of_root(reply: &ChangeReply) -> Result<Option<Answer>, Failure> {
    use ChangeError::{NotAllowed, OldPasswordMissing};
    let is_forbidden = matches!(reply.error, Some(NotAllowed | OldPasswordMissing));
    let lacks_rights = matches!(
        reply.result.rc,
        codes::INSUFFICIENT_ACCESS | codes::UNWILLING
    );
    match is_forbidden || (reply.error.is_none() && lacks_rights) {
        true => {
            let note = format!("{STEP} as bind_dn: {}", describe(&reply.result));
            let answer = Answer::refused(RefusalReason::NotPermitted, ROOT);
            Ok(Some(answer.with_note(Some(note))))
        }
        false => refusal(reply),
    }
}

/// Returns the refusal in the text of a domain controller, which has one result code for many.
fn of_domain(text: &str) -> Option<Answer> {
    Some(match ChangeFault::of(text)? {
        ChangeFault::WrongPassword => Answer::denied(DenialReason::BadCredential, "wrong password"),
        ChangeFault::Locked => Answer::denied(DenialReason::Locked, "the account is locked"),
        ChangeFault::Restriction(words) => {
            let otherwise = "The new password does not satisfy the rules of the domain.";
            Answer::refused(RefusalReason::Quality, text_or(words, otherwise))
        }
    })
}

/// Returns the reason, and a text for the person where the server has none.
fn of_policy(error: ChangeError) -> (RefusalReason, &'static str) {
    match error {
        ChangeError::NotAllowed | ChangeError::OldPasswordMissing => {
            (RefusalReason::NotPermitted, NOT_ALLOWED)
        }
        ChangeError::Quality => (
            RefusalReason::Quality,
            "The new password is too easy to guess.",
        ),
        ChangeError::TooShort => (RefusalReason::Quality, "The new password is too short."),
        ChangeError::TooYoung => (
            RefusalReason::TooYoung,
            "The password was changed too recently.",
        ),
        ChangeError::InHistory => (
            RefusalReason::InHistory,
            "The new password was used before.",
        ),
    }
}

/// Returns the server's own words in one line that can be shown; `otherwise` if there are none.
fn text_or(text: &str, otherwise: &str) -> String {
    let text = text.trim_end_matches('\0');
    let words: Vec<&str> = text.split_whitespace().collect();
    match clean(&words.join(" ")) {
        words if words.is_empty() => otherwise.to_owned(),
        words => cut(&words, MAX_TEXT),
    }
}

#[cfg(test)]
mod tests;
