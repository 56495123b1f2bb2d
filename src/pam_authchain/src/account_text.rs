//! The texts about the state of an account. They may tell the reason of a refusal, because the
//! person has been authenticated.

use authchain::tools::conversation::Conversation;
use authchain::words::AccountStatus;

/// Tells the person why the account is refused, or what a valid one warns of.
///
/// That the password must be changed is information: the error comes if the change fails.
pub(crate) fn tell(status: &AccountStatus, person: &mut dyn Conversation) {
    let refusal = match status {
        AccountStatus::Valid { warning: None } => return,
        AccountStatus::Valid {
            warning: Some(warning),
        } => return person.text_info(warning),
        AccountStatus::MustChangePassword => {
            return person.text_info("You must change your password now.");
        }
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
    };
    person.error_msg(refusal);
}
