//! The conversation with the person who logs in, as a trait.

use crate::words::{ConversationError, Secret};

/// Puts questions and texts to the person who logs in.
///
/// In the module it is PAM's conversation, in the command a terminal, in tests a script.
pub trait Conversation {
    /// Returns the password: an earlier module's, or one asked for with `prompt`, or else with the
    /// standard one.
    ///
    /// # Errors
    /// When the person could not be asked or broke off.
    fn authtok(&mut self, prompt: Option<&str>) -> Result<Secret, ConversationError>;

    /// Asks without showing the answer.
    ///
    /// # Errors
    /// When the person could not be asked or broke off.
    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError>;

    /// Asks and shows the answer while it is typed.
    ///
    /// # Errors
    /// When the person could not be asked or broke off.
    fn prompt_echo_on(&mut self, text: &str) -> Result<Secret, ConversationError>;

    /// Shows a text (`PAM_TEXT_INFO`). A host that shows nothing is no error.
    fn text_info(&mut self, text: &str);

    /// Shows a text about an error (`PAM_ERROR_MSG`).
    fn error_msg(&mut self, text: &str);
}
