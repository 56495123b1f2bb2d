//! The answer of a backend to a question: the one result type of every kind.

use authchain::backends::protocol::{
    Conclusion, RefusalReason, ServersFound, WireRefusal, WireVerdict,
};
use authchain::words::{AccountStatus, BackendError, Denial, DenialReason};

use crate::account_gate::barred;

/// A verdict, the state of the servers, and lines for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The verdict.
    pub verdict: WireVerdict,
    /// The state of the servers that were asked.
    pub servers: ServersFound,
    /// Lines for the log.
    pub notes: Vec<String>,
}

impl Answer {
    /// Returns a denial with a detail for the log.
    pub fn denied(reason: DenialReason, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into());
        WireVerdict::Denied(Denial {
            detail,
            ..reason.into()
        })
        .into()
    }

    /// Returns the denial of a right password by the state of the account, with a detail for the
    /// log.
    pub fn barred(state: AccountStatus, detail: impl Into<String>) -> Self {
        WireVerdict::Denied(barred(state, detail)).into()
    }

    /// Returns the refusal to change a password, with the text for the person.
    pub fn refused(reason: RefusalReason, text: impl Into<String>) -> Self {
        let text = text.into();
        WireVerdict::Refused(WireRefusal { reason, text }).into()
    }

    /// Returns *unknown*, with a note if an entry was found that does not count.
    pub fn unknown(note: Option<String>) -> Self {
        Self::from(WireVerdict::Unknown).with_note(note)
    }

    /// Returns *unavailable*, for the reason `why`.
    pub fn unavailable(why: impl Into<String>) -> Self {
        WireVerdict::Unavailable(why.into()).into()
    }

    /// Returns that this process could not ask, and why.
    pub fn failed(why: impl Into<String>) -> Self {
        WireVerdict::Failed(why.into()).into()
    }

    /// Adds a line for the log, if there is one.
    #[must_use]
    pub fn with_note(mut self, note: Option<String>) -> Self {
        self.notes.extend(note);
        self
    }
}

impl From<WireVerdict> for Answer {
    fn from(verdict: WireVerdict) -> Self {
        Self {
            verdict,
            servers: ServersFound::default(),
            notes: Vec::new(),
        }
    }
}

impl From<BackendError> for Answer {
    fn from(error: BackendError) -> Self {
        let why = error.to_string();
        match error {
            BackendError::Unavailable(_) => Self::unavailable(why),
            BackendError::Failed(_) | BackendError::Conversation(_) => Self::failed(why),
        }
    }
}

impl From<Answer> for Conclusion {
    fn from(answer: Answer) -> Self {
        Self {
            verdict: answer.verdict,
            servers: answer.servers,
            notes: answer.notes,
        }
    }
}
