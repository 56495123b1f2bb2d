//! What a domain controller means that does not say yes to a password.

use authchain::words::{AccountStatus, DenialReason};

use super::account::{SMART_CARD, wants_smart_card};
use super::domain::Domain;
use crate::account_gate::denial_for;
use crate::answer::Answer;
use crate::clock::now;
use crate::ldap::codes;
use crate::ldap::entry::Entry;
use crate::ldap::refusals::{refusal, refusal_of_a_guess, wrong_password};
use crate::ldap::session::BindAnswer;
use crate::ldap::windows_errors::Reason;
use crate::net::failure::Failure;

impl Domain {
    /// Returns the refusal of the person whose entry this is; `None` where the password is right.
    pub(in crate::ldap) fn refusal(
        &self,
        answer: &BindAnswer,
        entry: &Entry,
    ) -> Result<Option<Answer>, Failure> {
        if answer.result.rc != codes::INVALID_CREDENTIALS {
            return refusal(answer);
        }
        Ok(match Reason::of(&answer.result.text) {
            // The password is right, and the account will have to say so too: nobody else would
            // keep whoever has it from using it for ever.
            Some(Reason::PasswordEnded(why)) => match self.state(entry, now())?.status {
                AccountStatus::MustChangePassword => None,
                _ => Some(Answer::denied(DenialReason::NotPermitted, why)),
            },
            Some(Reason::State(status, why)) => Some(barred_by(&status, why)),
            _ if wants_smart_card(entry) => {
                Some(Answer::denied(DenialReason::NotPermitted, SMART_CARD))
            }
            Some(Reason::WrongPassword) => Some(wrong_password(None)),
            Some(Reason::NoSuchName) | None => refusal(answer)?,
        })
    }

    /// Returns the refusal where the bind name was derived from the login name without a search.
    pub(in crate::ldap) fn refusal_of_a_guess(
        &self,
        answer: &BindAnswer,
    ) -> Result<Option<Answer>, Failure> {
        if answer.result.rc != codes::INVALID_CREDENTIALS {
            return refusal_of_a_guess(answer);
        }
        Ok(match Reason::of(&answer.result.text) {
            // It lets them do nothing until then, not even read their own entry.
            Some(Reason::PasswordEnded(why)) => {
                Some(Answer::denied(DenialReason::NotPermitted, why))
            }
            Some(Reason::State(status, why)) => Some(barred_by(&status, why)),
            Some(Reason::NoSuchName) => Some(Answer::unknown(None)),
            Some(reason @ Reason::WrongPassword) => Some(wrong_password(Some(reason.text()))),
            None => refusal(answer)?,
        })
    }
}

/// Returns the refusal of somebody whose account is in this state, as the domain says.
fn barred_by(status: &AccountStatus, why: &str) -> Answer {
    Answer::denied(
        denial_for(status).unwrap_or(DenialReason::NotPermitted),
        why,
    )
}
