//! The meaning of a server's reply to the person's bind.

use authchain::backends::protocol::WireVerdict;
use authchain::words::{AccountStatus, Denial, DenialReason};

use super::codes::{self, describe, is_server_fault};
use super::policy::control::BindError;
use super::session::BindReply;
use crate::answer::Answer;
use crate::net::failure::Failure;

/// Returns why the server refused the bind, `None` if it did not, or a failure if its reply says
/// nothing about the person.
///
/// A success with the policy error *expired* or *locked* is a refusal, because some servers leave
/// it to the client to enforce the policy. *Must change* is none: the password is right, and the
/// caller judges what has to be done with it.
pub(super) fn refusal(reply: &BindReply) -> Result<Option<Answer>, Failure> {
    let result = &reply.result;
    let description = describe(result);
    Ok(Some(match (result.rc, reply.policy.error) {
        (codes::SUCCESS, None | Some(BindError::MustChange)) => return Ok(None),
        (code, _) if is_server_fault(code) => return Err(Failure::trouble("bind", description)),
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
        // The entry has no password that a simple bind can check.
        (codes::INAPPROPRIATE_AUTHENTICATION, _) => {
            Answer::denied(DenialReason::BadCredential, description)
        }
        // The reply of 389 Directory Server after too many attempts.
        (codes::CONSTRAINT_VIOLATION, _) => Answer::denied(DenialReason::Locked, description),
        (codes::UNWILLING | codes::INSUFFICIENT_ACCESS, _) => {
            Answer::denied(DenialReason::NotPermitted, description)
        }
        // A search found the entry, and it is gone: that says nothing about the password.
        (codes::NO_SUCH_OBJECT, _) => return Err(Failure::trouble("bind", description)),
        _ => return Err(Failure::configuration_error("bind", &description)),
    }))
}

/// Returns the refusal as [`refusal`] does, for a bind name that was derived from the login name
/// without a search.
///
/// noSuchObject (RFC 4511 §4.1.9) does not prove that the account is missing, since the name may
/// have been made wrongly. It counts as a wrong password, not as a failure: the server did answer,
/// and every other server of the directory would answer the same.
pub(super) fn refusal_of_derived_name(reply: &BindReply) -> Result<Option<Answer>, Failure> {
    match reply.result.rc {
        codes::NO_SUCH_OBJECT => {
            let description = describe(&reply.result);
            Ok(Some(Answer::denied(
                DenialReason::BadCredential,
                description,
            )))
        }
        _ => refusal(reply),
    }
}

pub(super) fn wrong_password(detail: Option<&str>) -> Answer {
    let detail = detail.map(str::to_owned);
    let reason = DenialReason::BadCredential.into();
    WireVerdict::Denied(Denial { detail, ..reason }).into()
}

#[cfg(test)]
mod tests;
