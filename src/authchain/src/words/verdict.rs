//! The answers that a backend can give.
//!
//! Denied, unknown, unavailable and failed are four different facts: "I know this person and say
//! no", "I do not know this person", "the source does not answer", "this process could not ask it".
//! The first two are a [`Verdict`], the others are the `Err` beside it, so that the compiler keeps
//! them apart.

use std::fmt;

use super::User;

/// The answer to "is this person who they say they are?".
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right, and this is the user; with the status of the account, if this login
    /// has judged it.
    Accepted(User, Option<AccountStatus>),
    /// The password is right, but has expired or must be changed. The backend must say so to the
    /// account question, too: otherwise the person could use the old password for ever.
    MustChange(User, Option<AccountStatus>),
    /// The backend knows the name and refuses.
    Denied(Denial),
    /// The backend knows the name, and nobody has given it a password there: another backend may
    /// have one. With more about it for the log, in the backend's words.
    NoPassword(Option<String>),
    /// The backend does not know the name.
    Unknown,
}

/// The reason why a backend that knows the name refused. It is for the log. The person sees the
/// same text for every denial, unless the password was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The kind of refusal.
    pub reason: DenialReason,
    /// More about the reason, in the backend's words; untrusted if it came from a server.
    pub detail: Option<String>,
    /// The state of the account, if the password was right and only this state forbids the login.
    /// The person is told the state, and the login does not count as a guessed password.
    pub state: Option<AccountStatus>,
}

impl From<DenialReason> for Denial {
    fn from(reason: DenialReason) -> Self {
        Self {
            reason,
            detail: None,
            state: None,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{} ({detail})", self.reason),
            None => write!(f, "{}", self.reason),
        }
    }
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenialReason {
    /// The password is not this person's.
    BadCredential,
    /// No password was given where one is needed.
    EmptyPassword,
    /// The account's password is locked, or no password can match it.
    Locked,
    /// No backend that knows the name has a password for it.
    NoPassword,
    /// The account may not be used here and now.
    NotPermitted,
    /// The answer was about another person: another name, or another user id than the system has.
    AnotherPerson,
    /// A second factor did not confirm the person.
    NotConfirmed,
    /// sshd had refused the user already, and sent a stand-in for the password.
    StandInPassword,
}

impl fmt::Display for DenialReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadCredential => "wrong password",
            Self::EmptyPassword => "empty password",
            Self::Locked => "locked",
            Self::NoPassword => "no password here",
            Self::NotPermitted => "not permitted",
            Self::AnotherPerson => "not the same person",
            Self::NotConfirmed => "not confirmed",
            Self::StandInPassword => "sshd does not know this name (NSS), or its settings bar it",
        })
    }
}

/// The reason why a backend could not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackendError {
    /// The source gives no usable answer: a server is down, or a file may not be used.
    Unavailable(String),
    /// This process could not ask the source: it could not start a worker, read the worker's answer
    /// or compute a hash. The caller of su or sudo can cause this by limits, signals and load, so
    /// this error says nothing about the source.
    Failed(String),
    /// The person could not be asked.
    Conversation(ConversationError),
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(detail) | Self::Failed(detail) => f.write_str(detail),
            Self::Conversation(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BackendError {}

/// The reason why the host program could not put a question to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationError {
    /// The host program has no conversation function, or it returned no answer.
    NoAnswer,
    /// The host program reported an error, or the person broke off.
    Aborted,
    /// The stack demands the password of an earlier module (`use_first_pass`), and there is none.
    NoEarlierPassword,
}

impl fmt::Display for ConversationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAnswer => "nobody answered the prompt",
            Self::Aborted => "the conversation was broken off",
            Self::NoEarlierPassword => {
                "use_first_pass is set, and no module before gave a password"
            }
        })
    }
}

impl std::error::Error for ConversationError {}

/// A person whom a backend knows, and the status of their account.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub user: User,
    /// The status of the account.
    pub status: AccountStatus,
}

/// The status of an account. It does not depend on the password that is given.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountStatus {
    /// The account may be used.
    Valid {
        /// A text for the person, such as how many days the password has left.
        warning: Option<String>,
    },
    /// The account may be used once the password has been changed.
    MustChangePassword,
    /// The password expired so long ago that it cannot be changed by its owner any more.
    PasswordExpired,
    /// The account's last day is over.
    AccountExpired,
    /// The account is locked.
    Locked,
    /// The account may not be used here and now.
    NotPermitted,
}

impl AccountStatus {
    /// Returns whether this status forbids every login, even with the right password.
    pub fn forbids_login(&self) -> bool {
        !matches!(self, Self::Valid { .. } | Self::MustChangePassword)
    }

    /// Returns the warning for the person; only a valid account has one.
    pub fn warning(&self) -> Option<&str> {
        match self {
            Self::Valid { warning } => warning.as_deref(),
            _ => None,
        }
    }

    /// Returns the status with the warning that a login brought, if it brought one, in place of its
    /// own. The status of an account that is not valid stays as it is.
    pub fn with_warning(self, of_login: Option<String>) -> Self {
        match self {
            Self::Valid { warning } => Self::Valid {
                warning: of_login.or(warning),
            },
            other => other,
        }
    }
}

impl fmt::Display for AccountStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid { .. } => "valid",
            Self::MustChangePassword => "the password must be changed",
            Self::PasswordExpired => "the password expired too long ago",
            Self::AccountExpired => "the account has expired",
            Self::Locked => "the account is locked",
            Self::NotPermitted => "not permitted",
        })
    }
}
