//! What a server means that does not say yes to a password.

use authchain::backends::protocol::WireVerdict;
use authchain::words::{AccountStatus, Denial, DenialReason};

use super::Prepared;
use super::active_directory::account::wants_smart_card;
use super::active_directory::words::Reason;
use super::codes::{self, describe, is_trouble};
use super::person::Person;
use super::policy::BindError;
use super::questions::SMART_CARD;
use super::session::BindAnswer;
use crate::answer::Answer;
use crate::clock::now;
use crate::net::failure::Failure;
use crate::standing::bar_of;

impl Prepared {
    /// What a server says that does not say yes to the password of somebody it was asked about.
    pub(super) fn refusal(
        &self,
        answer: &BindAnswer,
        person: &Person,
    ) -> Result<Option<Answer>, Failure> {
        let domain = match &self.domain {
            Some(domain) if answer.result.rc == codes::INVALID_CREDENTIALS => domain,
            _ => return refusal(answer),
        };
        Ok(match Reason::of(&answer.result.text) {
            // The password is right, and the account will have to say so too: nobody else would keep
            // whoever has it from using it for ever.
            Some(Reason::PasswordEnded(why)) => match domain.state(&person.entry, now())?.status {
                AccountStatus::MustChangePassword => None,
                _ => Some(Answer::denied(DenialReason::NotPermitted, why)),
            },
            Some(Reason::State(status, why)) => Some(barred_by(&status, why)),
            _ if wants_smart_card(&person.entry) => {
                Some(Answer::denied(DenialReason::NotPermitted, SMART_CARD))
            }
            Some(Reason::WrongPassword) => Some(wrong_password(None)),
            Some(Reason::NoSuchName) | None => refusal(answer)?,
        })
    }

    /// The same where the name the person logs in with is only what we make of theirs.
    pub(super) fn refusal_of_a_guess(
        &self,
        answer: &BindAnswer,
    ) -> Result<Option<Answer>, Failure> {
        if self.domain.is_none() || answer.result.rc != codes::INVALID_CREDENTIALS {
            return refusal_of_a_guess(answer);
        }
        Ok(match Reason::of(&answer.result.text) {
            // It lets them do nothing until then, not even read their own entry.
            Some(Reason::PasswordEnded(why)) => {
                Some(Answer::denied(DenialReason::NotPermitted, why))
            }
            Some(Reason::State(status, why)) => Some(barred_by(&status, why)),
            Some(Reason::NoSuchName) => Some(Answer::unknown(None)),
            Some(reason @ Reason::WrongPassword) => Some(wrong_password(Some(reason.words()))),
            None => refusal(answer)?,
        })
    }
}

/// The refusal of somebody whose account is in this state, as the domain says.
fn barred_by(status: &AccountStatus, why: &str) -> Answer {
    Answer::denied(bar_of(status).unwrap_or(DenialReason::NotPermitted), why)
}

/// What a server that does not say yes to a password says. A yes with a policy that says no is none:
/// some servers leave it to those who ask to heed their policy.
fn refusal(answer: &BindAnswer) -> Result<Option<Answer>, Failure> {
    let result = &answer.result;
    let told = describe(result);
    Ok(Some(match (result.rc, answer.policy.error) {
        (codes::SUCCESS, None | Some(BindError::MustChange)) => return Ok(None),
        (code, _) if is_trouble(code) => return Err(Failure::trouble("bind", told)),
        (codes::SUCCESS | codes::INVALID_CREDENTIALS, Some(BindError::Expired)) => {
            Answer::denied(DenialReason::NotPermitted, "the password has expired")
        }
        (codes::SUCCESS | codes::INVALID_CREDENTIALS, Some(BindError::Locked)) => {
            Answer::denied(DenialReason::Locked, "the directory has locked the account")
        }
        (codes::INVALID_CREDENTIALS, _) => {
            let text = codes::words(&result.text);
            wrong_password((!text.is_empty()).then_some(&text))
        }
        // Entries without a password of the kind that is asked for.
        (codes::INAPPROPRIATE_AUTHENTICATION, _) => {
            Answer::denied(DenialReason::BadCredential, told)
        }
        // 389 Directory Server after too many attempts.
        (codes::CONSTRAINT_VIOLATION, _) => Answer::denied(DenialReason::Locked, told),
        (codes::UNWILLING | codes::INSUFFICIENT_ACCESS, _) => {
            Answer::denied(DenialReason::NotPermitted, told)
        }
        (codes::NO_SUCH_OBJECT, _) => return Err(Failure::trouble("bind", told)),
        _ => {
            let text = format!("configuration error: {told}");
            return Err(Failure::settings("bind", text));
        }
    }))
}

/// The same where the name the person logs in with is only what the template makes of theirs.
/// Some servers say that there is no such entry. That is an answer: other servers have none either,
/// and would count the attempt once more.
fn refusal_of_a_guess(answer: &BindAnswer) -> Result<Option<Answer>, Failure> {
    match answer.result.rc {
        codes::NO_SUCH_OBJECT => {
            let told = describe(&answer.result);
            Ok(Some(Answer::denied(DenialReason::BadCredential, told)))
        }
        _ => refusal(answer),
    }
}

fn wrong_password(detail: Option<&str>) -> Answer {
    let reason = DenialReason::BadCredential;
    let detail = detail.map(str::to_owned);
    WireVerdict::Denied(Denial { reason, detail }).into()
}

#[cfg(test)]
mod tests;
