//! The conversation with the person whose password is to be changed, as a trait.

use super::conversation::Conversation;
use crate::words::{ConversationError, Secret};

/// Asks for the passwords of a change, or takes those that an earlier module has asked for.
pub trait PasswordDialogue: Conversation {
    /// Returns the old password (`PAM_OLDAUTHTOK`): the one that was asked for in the first of
    /// libpam's two calls is there in the second.
    ///
    /// # Errors
    /// When the person could not be asked or broke off.
    fn old_authtok(&mut self) -> Result<Secret, ConversationError>;

    /// Returns the new password (`PAM_AUTHTOK`), which the person types twice.
    ///
    /// # Errors
    /// When there is no new password.
    fn new_authtok(&mut self) -> Result<Secret, NoNewPassword>;

    /// Clears the new password, so that it is asked for again and no later module stores it.
    fn clear_new_authtok(&mut self);
}

/// The reasons why there is no new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoNewPassword {
    /// The person typed two different ones, and has been told so.
    Differ,
    /// The person could not be asked or broke off.
    NotAsked(ConversationError),
}
