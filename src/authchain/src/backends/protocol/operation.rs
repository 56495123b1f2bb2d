//! The questions that a worker can be asked, one row each.

use super::WireVerdict;

/// A question that a worker can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Is the password this person's?
    Authenticate,
    /// Looks up the person.
    Lookup,
    /// Asks for the state of the account.
    Account,
    /// Examines each server, step by step. Asked by the command only.
    Examine,
}

/// A row of the table of operations in `docs/PROTOCOL.md`.
struct Row {
    /// The word for it, which is the member that holds the question.
    word: &'static str,
    /// True if the question has a password, and has to have one.
    takes_password: bool,
    /// The words for the verdicts that it can have.
    verdicts: &'static [&'static str],
}

impl Operation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Authenticate,
        Self::Lookup,
        Self::Account,
        Self::Examine,
    ];

    const fn row(self) -> Row {
        match self {
            Self::Authenticate => Row {
                word: "authenticate",
                takes_password: true,
                verdicts: &[
                    "accepted",
                    "must_change",
                    "denied",
                    "unknown",
                    "unavailable",
                    "failed",
                ],
            },
            Self::Lookup => Row {
                word: "lookup",
                takes_password: false,
                verdicts: &["found", "unknown", "unavailable", "failed"],
            },
            Self::Account => Row {
                word: "account",
                takes_password: false,
                verdicts: &["account", "unknown", "unavailable", "failed"],
            },
            Self::Examine => Row {
                word: "examine",
                takes_password: false,
                verdicts: &["unknown", "unavailable", "failed"],
            },
        }
    }

    /// Returns the word for it in a message.
    pub const fn word(self) -> &'static str {
        self.row().word
    }

    /// Returns the operation that has this word.
    pub(super) fn named(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|operation| operation.word() == word)
    }

    pub(super) const fn takes_password(self) -> bool {
        self.row().takes_password
    }

    /// Returns whether the verdict is one that this question can have.
    pub fn can_have(self, verdict: &WireVerdict) -> bool {
        self.row().verdicts.contains(&verdict.word())
    }
}
