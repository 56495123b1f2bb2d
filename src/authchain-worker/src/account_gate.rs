//! What the state of an account makes of a right password.
//!
//! Whoever is asked about the account afterwards may be another backend, which does not know how it
//! stands here; or nobody, in a stack without our account line.

use authchain::backends::protocol::{WireUser, WireVerdict};
use authchain::words::{AccountStatus, Denial, DenialReason};

/// Returns the verdict on somebody whose password is right and whose account is in this state: a
/// denial wherever the question about the account would be answered with one.
pub fn right_password(user: WireUser, status: &AccountStatus) -> WireVerdict {
    match denial_for(status) {
        Some(reason) => WireVerdict::Denied(Denial {
            reason,
            detail: Some(status.to_string()),
        }),
        None => accept(user, status.clone(), true),
    }
}

/// Returns the verdict on somebody whose account is in a state that denies nobody; with the state,
/// where `is_told`.
pub fn accept(user: WireUser, status: AccountStatus, is_told: bool) -> WireVerdict {
    let must_change = status == AccountStatus::MustChangePassword;
    let known = is_told.then_some(status);
    match must_change {
        true => WireVerdict::MustChange(user, known),
        false => WireVerdict::Accepted(user, known),
    }
}

/// Returns why somebody whose account is in this state is denied; `None` where they are not.
pub fn denial_for(status: &AccountStatus) -> Option<DenialReason> {
    match status {
        AccountStatus::Valid { .. } | AccountStatus::MustChangePassword => None,
        AccountStatus::Locked => Some(DenialReason::Locked),
        AccountStatus::PasswordExpired
        | AccountStatus::AccountExpired
        | AccountStatus::NotPermitted => Some(DenialReason::NotPermitted),
    }
}
