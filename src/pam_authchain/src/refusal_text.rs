//! The texts for people who may not log in, although they are who they say they are.

use authchain::words::AccountStatus;

/// Returns the text for a person whose account is refused; empty for a valid account. The text may
/// tell the reason, because the person has been authenticated.
pub(crate) fn refusal_text(status: &AccountStatus) -> &'static str {
    match status {
        AccountStatus::Valid { .. } => "",
        AccountStatus::MustChangePassword => "You must change your password now.",
        AccountStatus::PasswordExpired => {
            "Your password has expired; please contact your system administrator."
        }
        AccountStatus::AccountExpired => {
            "Your account has expired; please contact your system administrator."
        }
        AccountStatus::Locked => {
            "Your account is locked; please contact your system administrator."
        }
        AccountStatus::NotPermitted => {
            "You may not log in here; please contact your system administrator."
        }
    }
}
