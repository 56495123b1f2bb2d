//! A person who types one password.

use crate::tools::conversation::Conversation;
use crate::words::{ConversationError, Secret};

/// A person who types one password, and counts how often they are asked.
pub(super) struct OnePassword {
    pub(super) password: Result<&'static [u8], ConversationError>,
    pub(super) asked: usize,
    /// The question for the password; `None` for the standard one.
    pub(super) prompt: Option<String>,
}

impl Conversation for OnePassword {
    fn authtok(&mut self, prompt: Option<&str>) -> Result<Secret, ConversationError> {
        self.asked += 1;
        self.prompt = prompt.map(str::to_owned);
        self.password.map(|bytes| Secret::new(bytes.to_vec()))
    }

    fn prompt_echo_off(&mut self, _text: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }

    fn prompt_echo_on(&mut self, _text: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }

    fn text_info(&mut self, _text: &str) {}

    fn error_msg(&mut self, _text: &str) {}
}
