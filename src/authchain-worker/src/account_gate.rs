//! The verdict on a right password, by the state of the account.
//!
//! The question about the account (pam_acct_mgmt(3)) may go to another backend, which does not know
//! this state, or is not asked at all, in a stack without our account line. So a login is denied if
//! the answer to that question would be a denial.

use authchain::backends::protocol::{WireUser, WireVerdict};
use authchain::words::{AccountStatus, Denial, DenialReason};

/// Returns the verdict on a right password: a denial if `status` forbids the login.
pub fn right_password(user: WireUser, status: &AccountStatus) -> WireVerdict {
    match status.forbids_login() {
        true => WireVerdict::Denied(barred(status.clone(), status.to_string())),
        false => accept(user, status.clone(), true),
    }
}

/// Returns the denial of a right password by the state of the account.
pub fn barred(state: AccountStatus, detail: impl Into<String>) -> Denial {
    Denial {
        reason: match state {
            AccountStatus::Locked => DenialReason::Locked,
            _ => DenialReason::NotPermitted,
        },
        detail: Some(detail.into()),
        state: Some(state),
    }
}

/// Returns the verdict on a right password if `status` does not forbid the login. `with_status`
/// says whether the verdict carries the status.
pub fn accept(user: WireUser, status: AccountStatus, with_status: bool) -> WireVerdict {
    let must_change = status == AccountStatus::MustChangePassword;
    let known = with_status.then_some(status);
    match must_change {
        true => WireVerdict::MustChange(user, known),
        false => WireVerdict::Accepted(user, known),
    }
}
