//! The refusal to change a right password, by the state of the account.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::RefusalReason;
use authchain::words::AccountStatus;

use crate::answer::Answer;

const LOCKED: &str = "Your account is locked; please contact your system administrator.";
const BARRED: &str = "You may not log in here; please contact your system administrator.";
const TOO_YOUNG: &str = "You must wait longer to change your password.";
const NOT_EXPIRED: &str = "Your password has not expired.";

/// Returns the refusal to change a password whose account has this status. A password that must be
/// changed may be: it never is too young.
pub(crate) fn refusal(
    status: &AccountStatus,
    kind: ChangeKind,
    is_too_young: bool,
) -> Option<Answer> {
    let (reason, text) = match status {
        AccountStatus::AccountExpired => (RefusalReason::AccountExpired, BARRED),
        AccountStatus::PasswordExpired => (RefusalReason::PasswordExpired, BARRED),
        AccountStatus::Locked => (RefusalReason::NotPermitted, LOCKED),
        AccountStatus::NotPermitted => (RefusalReason::NotPermitted, BARRED),
        AccountStatus::MustChangePassword => return None,
        AccountStatus::Valid { .. } if kind == ChangeKind::Expired => {
            (RefusalReason::NotExpired, NOT_EXPIRED)
        }
        AccountStatus::Valid { .. } if is_too_young => (RefusalReason::TooYoung, TOO_YOUNG),
        AccountStatus::Valid { .. } => return None,
    };
    Some(Answer::refused(reason, text))
}
