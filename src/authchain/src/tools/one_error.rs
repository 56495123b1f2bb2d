//! The error texts of backends. A login shows at most one of them.

use super::conversation::Conversation;
use crate::words::{ConversationError, Secret};

/// A conversation that keeps back the error texts of backends: a later backend may accept the
/// person, and programs that show one text for a failure (cockpit) cannot cope with two.
pub struct OneError<'a> {
    conversation: &'a mut dyn Conversation,
    kept: Option<String>,
}

impl<'a> OneError<'a> {
    /// Returns the conversation that keeps back the errors of `conversation`.
    pub fn new(conversation: &'a mut dyn Conversation) -> Self {
        Self {
            conversation,
            kept: None,
        }
    }

    /// Tells the person the error that was kept, if there is one.
    pub fn tell(&mut self) {
        if let Some(text) = self.kept.take() {
            self.conversation.error_msg(&text);
        }
    }
}

impl Conversation for OneError<'_> {
    fn authtok(&mut self, prompt: Option<&str>) -> Result<Secret, ConversationError> {
        self.conversation.authtok(prompt)
    }

    /// Asks without showing the answer, after the error that was kept: it is the reason for asking
    /// again.
    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.tell();
        self.conversation.prompt_echo_off(text)
    }

    /// Asks and shows the answer, after the error that was kept.
    fn prompt_echo_on(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.tell();
        self.conversation.prompt_echo_on(text)
    }

    fn text_info(&mut self, text: &str) {
        self.conversation.text_info(text);
    }

    /// Keeps the text in place of an earlier one.
    fn error_msg(&mut self, text: &str) {
        self.kept = Some(text.to_owned());
    }
}
