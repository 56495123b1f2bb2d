//! A person whom no second factor has confirmed.

use crate::chain::decision::{Accepted, Outcome};
use crate::words::{BackendError, Denial, DenialReason};

/// The reason why a person is not confirmed.
pub(super) enum NotConfirmed {
    /// The factor says so, in these words.
    Refused(String),
    /// The factor could not be asked, or could not keep what it was told.
    Error(BackendError),
}

impl From<BackendError> for NotConfirmed {
    fn from(error: BackendError) -> Self {
        Self::Error(error)
    }
}

impl NotConfirmed {
    /// Returns the outcome, and the words for the log.
    pub(super) fn told(self) -> (Outcome<Accepted>, String) {
        match self {
            Self::Refused(words) => {
                let denial = Denial::from(DenialReason::NotConfirmed);
                (Outcome::Denied(denial), words)
            }
            Self::Error(error) => {
                let words = format!("second factor: {error}");
                (Outcome::from(error), words)
            }
        }
    }
}

/// Returns the refusal for this reason.
pub(super) fn refused<T>(why: &str) -> Result<T, NotConfirmed> {
    Err(NotConfirmed::Refused(why.to_owned()))
}
