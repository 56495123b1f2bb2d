//! The words of members whose values are a fixed set of words.

use super::finding::Severity;
use super::verdict::RefusalReason;
use super::{ProtocolError, quote};
#[cfg(feature = "manage")]
use crate::backends::accounts::Entries;
use crate::backends::password_change::ChangeKind;
use crate::words::{AccountStatus, DenialReason};

/// The values that a member may have: words, each with one meaning.
pub(super) struct Words<T: 'static> {
    /// The name of the member.
    member: &'static str,
    words: &'static [(&'static str, T)],
}

/// Reasons of denials. Reasons that only the module itself finds have no word.
pub(super) const REASONS: Words<DenialReason> = Words {
    member: "reason",
    words: &[
        ("bad_credential", DenialReason::BadCredential),
        ("empty_password", DenialReason::EmptyPassword),
        ("locked", DenialReason::Locked),
        ("not_permitted", DenialReason::NotPermitted),
        ("another_person", DenialReason::AnotherPerson),
    ],
};

/// States of an account, without the warning that a valid one may have.
pub(super) const STATES: Words<AccountStatus> = Words {
    member: "status",
    words: &[
        ("valid", AccountStatus::Valid { warning: None }),
        ("must_change_password", AccountStatus::MustChangePassword),
        ("password_expired", AccountStatus::PasswordExpired),
        ("account_expired", AccountStatus::AccountExpired),
        ("locked", AccountStatus::Locked),
        ("not_permitted", AccountStatus::NotPermitted),
    ],
};

/// Kinds of the change of a password.
pub(super) const KINDS: Words<ChangeKind> = Words {
    member: "kind",
    words: &[
        ("own", ChangeKind::Own),
        ("root", ChangeKind::ByRoot),
        ("expired", ChangeKind::Expired),
    ],
};

/// Reasons for which a change is refused.
pub(super) const REFUSALS: Words<RefusalReason> = Words {
    member: "reason",
    words: &[
        ("too_young", RefusalReason::TooYoung),
        ("quality", RefusalReason::Quality),
        ("in_history", RefusalReason::InHistory),
        ("not_permitted", RefusalReason::NotPermitted),
        ("not_expired", RefusalReason::NotExpired),
        ("account_expired", RefusalReason::AccountExpired),
        ("password_expired", RefusalReason::PasswordExpired),
        ("needs_old_password", RefusalReason::NeedsOldPassword),
        ("unexplained", RefusalReason::Unexplained),
        #[cfg(feature = "manage")]
        ("exists", RefusalReason::Exists),
        #[cfg(feature = "manage")]
        ("invalid", RefusalReason::Invalid),
        #[cfg(feature = "manage")]
        ("not_supported", RefusalReason::NotSupported),
    ],
};

/// Kinds of entries that are listed.
#[cfg(feature = "manage")]
pub(super) const ENTRIES: Words<Entries> = Words {
    member: "entries",
    words: &[("people", Entries::People), ("groups", Entries::Groups)],
};

/// True if the answer to a prompt is shown while it is typed.
pub(super) const ECHOES: Words<bool> = Words {
    member: "prompt",
    words: &[("echo_on", true), ("echo_off", false)],
};

pub(super) const SEVERITIES: Words<Severity> = Words {
    member: "finding",
    words: &[
        ("fine", Severity::Fine),
        ("note", Severity::Note),
        ("warning", Severity::Warning),
        ("error", Severity::Error),
    ],
};

impl<T: PartialEq + Clone> Words<T> {
    /// Returns the word for a meaning.
    pub(super) fn word(&self, meaning: &T) -> Result<&'static str, ProtocolError> {
        let found = self.words.iter().find(|(_, known)| known == meaning);
        found
            .map(|(word, _)| *word)
            .ok_or(ProtocolError::NoWord(self.member))
    }

    /// Returns the meaning of a word.
    pub(super) fn meaning(&self, word: &str) -> Result<T, ProtocolError> {
        let found = self.words.iter().find(|(known, _)| *known == word);
        found
            .map(|(_, meaning)| meaning.clone())
            .ok_or_else(|| ProtocolError::Value(self.member, quote(word)))
    }
}
