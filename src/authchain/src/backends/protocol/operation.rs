//! The questions that a worker can be asked, one row each.

use super::WireVerdict;

/// A question that a worker can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Checks the person's password.
    Authenticate,
    /// Looks up the person.
    Lookup,
    /// Finds the status of the person's account.
    Account,
    /// Changes the person's password, or checks beforehand whether it may be changed.
    ChangePassword,
    /// Confirms a person as their second factor.
    Confirm,
    /// Examines each server, step by step. Asked by the command only.
    Examine,
    /// Adds a person. Asked by the command only, as the operations after it.
    #[cfg(feature = "manage")]
    Register,
    /// Edits the entry of a person.
    #[cfg(feature = "manage")]
    Edit,
    /// Removes a person.
    #[cfg(feature = "manage")]
    Remove,
    /// Lists people or groups.
    #[cfg(feature = "manage")]
    List,
    /// Describes the settings of a plugin.
    #[cfg(feature = "manage")]
    Describe,
}

/// A row of the table of operations in `docs/PROTOCOL.md`.
struct Row {
    /// The name of the member that holds the question.
    word: &'static str,
    /// True if the question must have the member `password`; others have none.
    takes_password: bool,
    /// The verdicts that answer the question.
    verdicts: &'static [&'static str],
}

impl Operation {
    /// All operations.
    pub const ALL: &[Self] = &[
        Self::Authenticate,
        Self::Lookup,
        Self::Account,
        Self::ChangePassword,
        Self::Confirm,
        Self::Examine,
        #[cfg(feature = "manage")]
        Self::Register,
        #[cfg(feature = "manage")]
        Self::Edit,
        #[cfg(feature = "manage")]
        Self::Remove,
        #[cfg(feature = "manage")]
        Self::List,
        #[cfg(feature = "manage")]
        Self::Describe,
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
            Self::ChangePassword => Row {
                word: "change_password",
                takes_password: false,
                verdicts: &[
                    "may_change",
                    "changed",
                    "denied",
                    "refused",
                    "unsure",
                    "unknown",
                    "unavailable",
                    "failed",
                ],
            },
            Self::Confirm => Row {
                word: "confirm",
                takes_password: false,
                verdicts: &["accepted", "denied", "unknown", "unavailable", "failed"],
            },
            Self::Examine => Row {
                word: "examine",
                takes_password: false,
                verdicts: &["unknown", "unavailable", "failed"],
            },
            #[cfg(feature = "manage")]
            Self::Register => Row {
                word: "register",
                takes_password: false,
                verdicts: &["refused", "unsure", "unavailable", "failed", "registered"],
            },
            #[cfg(feature = "manage")]
            Self::Edit => Row {
                word: "edit",
                takes_password: false,
                verdicts: &[
                    "refused",
                    "unsure",
                    "unknown",
                    "unavailable",
                    "failed",
                    "edited",
                ],
            },
            #[cfg(feature = "manage")]
            Self::Remove => Row {
                word: "remove",
                takes_password: false,
                verdicts: &[
                    "refused",
                    "unsure",
                    "unknown",
                    "unavailable",
                    "failed",
                    "removed",
                ],
            },
            #[cfg(feature = "manage")]
            Self::List => Row {
                word: "list",
                takes_password: false,
                verdicts: &["refused", "unavailable", "failed", "listed"],
            },
            #[cfg(feature = "manage")]
            Self::Describe => Row {
                word: "describe",
                takes_password: false,
                verdicts: &["unavailable", "failed", "described"],
            },
        }
    }

    /// Returns the name of the operation in a message.
    pub const fn word(self) -> &'static str {
        self.row().word
    }

    /// Returns the operation of this name.
    pub(super) fn named(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|operation| operation.word() == word)
    }

    /// Returns whether it is a task about accounts, and not a question about one person.
    #[cfg(feature = "manage")]
    pub(super) const fn is_account_task(self) -> bool {
        matches!(
            self,
            Self::Register | Self::Edit | Self::Remove | Self::List | Self::Describe
        )
    }

    pub(super) const fn takes_password(self) -> bool {
        self.row().takes_password
    }

    /// Returns whether `verdict` can answer this question.
    pub fn can_have(self, verdict: &WireVerdict) -> bool {
        self.row().verdicts.contains(&verdict.word())
    }
}
