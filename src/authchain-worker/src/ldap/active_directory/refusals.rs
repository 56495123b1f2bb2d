//! The meaning of a domain controller's answer to the person's bind.

use authchain::words::{AccountStatus, DenialReason};

use super::account::{SMART_CARD, wants_smart_card};
use super::domain::Domain;
use crate::answer::Answer;
use crate::clock::now;
use crate::ldap::codes;
use crate::ldap::entry::Entry;
use crate::ldap::refusals::{refusal, refusal_of_derived_name, wrong_password};
use crate::ldap::session::BindReply;
use crate::ldap::windows_errors::Reason;
use crate::net::failure::Failure;

impl Domain {
    /// Returns the refusal of the person whose entry this is; `None` where the password is right.
    pub(in crate::ldap) fn refusal(
        &self,
        answer: &BindReply,
        entry: &Entry,
    ) -> Result<Option<Answer>, Failure> {
        if answer.result.rc != codes::INVALID_CREDENTIALS {
            return refusal(answer);
        }
        Ok(match Reason::of(&answer.result.text) {
            // The password is right. The account question demands the change only if the entry
            // shows, too, that the password must be changed. Otherwise the login is refused: the
            // old password could be used for ever.
            Some(Reason::PasswordEnded(why)) => match self.state(entry, now())?.status {
                AccountStatus::MustChangePassword => None,
                _ => Some(Answer::barred(AccountStatus::PasswordExpired, why)),
            },
            Some(Reason::State(status, why)) => Some(barred_by(status, why)),
            _ if wants_smart_card(entry) => {
                Some(Answer::denied(DenialReason::NotPermitted, SMART_CARD))
            }
            Some(Reason::WrongPassword) => Some(wrong_password(None)),
            Some(Reason::NoSuchName) | None => refusal(answer)?,
        })
    }

    /// Returns the refusal where the bind name was derived from the login name without a search.
    pub(in crate::ldap) fn refusal_of_derived_name(
        &self,
        answer: &BindReply,
    ) -> Result<Option<Answer>, Failure> {
        if answer.result.rc != codes::INVALID_CREDENTIALS {
            return refusal_of_derived_name(answer);
        }
        Ok(match Reason::of(&answer.result.text) {
            // Until the password is changed, the domain controller lets the person do nothing, not
            // even read their own entry.
            Some(Reason::PasswordEnded(why)) => {
                Some(Answer::barred(AccountStatus::PasswordExpired, why))
            }
            Some(Reason::State(status, why)) => Some(barred_by(status, why)),
            Some(Reason::NoSuchName) => Some(Answer::unknown(None)),
            Some(reason @ Reason::WrongPassword) => Some(wrong_password(Some(reason.text()))),
            None => refusal(answer)?,
        })
    }
}

/// Returns the refusal of an account in this state, in the words of the domain. Except for a lock,
/// a domain controller tells the state only if the password is right.
fn barred_by(status: AccountStatus, why: &str) -> Answer {
    match status {
        AccountStatus::Locked => Answer::denied(DenialReason::Locked, why),
        status => Answer::barred(status, why),
    }
}
