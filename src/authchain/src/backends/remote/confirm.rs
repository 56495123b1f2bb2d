//! The question to a plugin that is a second factor.

use super::talk::WorkerQuestion;
use super::{Remote, only_unknown};
use crate::backends::protocol::{Operation, WireVerdict};
use crate::tools::conversation::Conversation;
use crate::tools::request::Request;
use crate::words::{BackendError, Denial, Secret};

/// The answer of a plugin about a person whom it is to confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmVerdict {
    /// The person is confirmed.
    Accepted,
    /// The person is not, for this reason.
    Denied(Denial),
    /// The person is not enrolled.
    Unknown,
}

impl Remote {
    /// Asks the plugin to confirm a person, who may be asked further questions. `answer` is the
    /// answer to the question that was asked for the plugin.
    ///
    /// # Errors
    /// When the plugin could not be asked.
    pub fn confirm(
        &self,
        request: &Request<'_>,
        answer: Option<&Secret>,
        person: &mut dyn Conversation,
    ) -> Result<ConfirmVerdict, BackendError> {
        let asked = WorkerQuestion {
            answer,
            person: Some(person),
            ..WorkerQuestion::without_person(Operation::Confirm, request)
        };
        match self.ask(asked)? {
            WireVerdict::Accepted(..) => Ok(ConfirmVerdict::Accepted),
            WireVerdict::Denied(denial) => Ok(ConfirmVerdict::Denied(denial)),
            verdict => only_unknown(verdict).map(|_: Option<()>| ConfirmVerdict::Unknown),
        }
    }
}
