//! The verdict on a right password, by the state of the account.
//!
//! The question about the account (pam_acct_mgmt(3)) may go to another backend, which does not know
//! this state, or to none, in a stack without our account line. So a login is already denied where
//! that question would be answered with a denial.

use authchain::backends::protocol::{WireUser, WireVerdict};
use authchain::words::{AccountStatus, Denial, DenialReason};

/// Returns the verdict on a right password: a denial where `status` is one that denies.
pub fn right_password(user: WireUser, status: &AccountStatus) -> WireVerdict {
    match denial_for(status) {
        Some(reason) => WireVerdict::Denied(Denial {
            reason,
            detail: Some(status.to_string()),
        }),
        None => accept(user, status.clone(), true),
    }
}

/// Returns the verdict on a right password whose account has a `status` that denies nobody.
/// `with_status` says whether the verdict carries the status.
pub fn accept(user: WireUser, status: AccountStatus, with_status: bool) -> WireVerdict {
    let must_change = status == AccountStatus::MustChangePassword;
    let known = with_status.then_some(status);
    match must_change {
        true => WireVerdict::MustChange(user, known),
        false => WireVerdict::Accepted(user, known),
    }
}

/// Returns the reason for which a status denies; `None` for a status that denies nobody.
pub fn denial_for(status: &AccountStatus) -> Option<DenialReason> {
    match status {
        AccountStatus::Valid { .. } | AccountStatus::MustChangePassword => None,
        AccountStatus::Locked => Some(DenialReason::Locked),
        AccountStatus::PasswordExpired
        | AccountStatus::AccountExpired
        | AccountStatus::NotPermitted => Some(DenialReason::NotPermitted),
    }
}
