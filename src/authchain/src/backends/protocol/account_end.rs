//! The verdicts on tasks about accounts that were carried out.

use serde_json::Value;

use crate::backends::accounts::ListEnd;

/// A verdict on a task that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountEnd {
    /// Answers `edit`.
    Edited,
    /// Answers `remove`.
    Removed,
    /// Answers `list`: every entry has come.
    Listed(ListEnd),
    /// Answers `describe`, with a JSON Schema of the settings.
    Described(Value),
}

impl AccountEnd {
    /// Returns the value of `verdict` in a reply.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Removed => "removed",
            Self::Listed(_) => "listed",
            Self::Described(_) => "described",
        }
    }

    pub(super) fn list_end(&self) -> Option<ListEnd> {
        match self {
            Self::Listed(end) => Some(*end),
            _ => None,
        }
    }

    pub(super) fn schema(&self) -> Option<&Value> {
        match self {
            Self::Described(schema) => Some(schema),
            _ => None,
        }
    }
}
