//! The meaning of a server's answer to the person's bind.

use authchain::backends::protocol::WireVerdict;
use authchain::words::{AccountStatus, Denial, DenialReason};

use super::codes::{self, describe, is_trouble};
use super::policy::control::BindError;
use super::session::BindAnswer;
use crate::answer::Answer;
use crate::net::failure::Failure;

/// Returns the refusal in the answer to a bind; `None` where it succeeded. A success with an error
/// of the password policy is a refusal: some servers leave it to their clients to heed the policy.
pub(super) fn refusal(answer: &BindAnswer) -> Result<Option<Answer>, Failure> {
    let result = &answer.result;
    let description = describe(result);
    Ok(Some(match (result.rc, answer.policy.error) {
        (codes::SUCCESS, None | Some(BindError::MustChange)) => return Ok(None),
        (code, _) if is_trouble(code) => return Err(Failure::trouble("bind", description)),
        (codes::SUCCESS | codes::INVALID_CREDENTIALS, Some(BindError::Expired)) => {
            Answer::barred(AccountStatus::PasswordExpired, "the password has expired")
        }
        (codes::SUCCESS | codes::INVALID_CREDENTIALS, Some(BindError::Locked)) => {
            Answer::denied(DenialReason::Locked, "the directory has locked the account")
        }
        (codes::INVALID_CREDENTIALS, _) => {
            let text = codes::server_text(&result.text);
            wrong_password((!text.is_empty()).then_some(&text))
        }
        // The entry has no password of the kind that is asked for.
        (codes::INAPPROPRIATE_AUTHENTICATION, _) => {
            Answer::denied(DenialReason::BadCredential, description)
        }
        // 389 Directory Server after too many attempts.
        (codes::CONSTRAINT_VIOLATION, _) => Answer::denied(DenialReason::Locked, description),
        (codes::UNWILLING | codes::INSUFFICIENT_ACCESS, _) => {
            Answer::denied(DenialReason::NotPermitted, description)
        }
        (codes::NO_SUCH_OBJECT, _) => return Err(Failure::trouble("bind", description)),
        _ => {
            let text = format!("configuration error: {description}");
            return Err(Failure::settings("bind", text));
        }
    }))
}

/// Returns the refusal where a template made the bind name of the login name: noSuchObject is no
/// proof that the account is missing. But it is an answer: other servers have no such entry either,
/// and would count the attempt once more.
pub(super) fn refusal_of_derived_name(answer: &BindAnswer) -> Result<Option<Answer>, Failure> {
    match answer.result.rc {
        codes::NO_SUCH_OBJECT => {
            let description = describe(&answer.result);
            Ok(Some(Answer::denied(
                DenialReason::BadCredential,
                description,
            )))
        }
        _ => refusal(answer),
    }
}

pub(super) fn wrong_password(detail: Option<&str>) -> Answer {
    let detail = detail.map(str::to_owned);
    let reason = DenialReason::BadCredential.into();
    WireVerdict::Denied(Denial { detail, ..reason }).into()
}

#[cfg(test)]
mod tests;
