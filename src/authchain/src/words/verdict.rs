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
    /// Yes, and this is who it is. With the state of their account where the backend has judged it
    /// on the way: what this login has established, and no more.
    Accepted(User, Option<AccountStatus>),
    /// Yes, but the password has expired or has to be changed. The backend that judges the account
    /// must say so too, or that password would do for ever.
    MustChange(User, Option<AccountStatus>),
    /// The backend knows the name and refuses.
    Denied(Denial),
    /// The backend does not know the name.
    Unknown,
}

/// The reason why a backend that knows the name refused. It is for the log: the person sees one
/// text for all, unless their password was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The kind of refusal.
    pub reason: DenialReason,
    /// A remark of the backend in its own words; untrusted where it came from a server.
    pub detail: Option<String>,
    /// The state of the account, where the password was right and only that state refuses it. The
    /// person is told, and the login counts as nobody's guess.
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
    /// The account may not be used here and now.
    NotPermitted,
    /// The answer was about somebody else: another name, or another uid than the system has.
    AnotherPerson,
    /// The host sent its stand-in password: it had barred the user before it asked us.
    StandInPassword,
}

impl fmt::Display for DenialReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadCredential => "wrong password",
            Self::EmptyPassword => "empty password",
            Self::Locked => "locked",
            Self::NotPermitted => "not permitted",
            Self::AnotherPerson => "not the same person",
            Self::StandInPassword => "barred by the host, which sent its stand-in password",
        })
    }
}

/// The reason why a backend could not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackendError {
    /// The source does not answer, or not with anything that helps: a server down, a file that may
    /// not be used.
    Unavailable(String),
    /// This process could not compute, start, hear or finish what was needed to find out. The
    /// caller of su or sudo can cause that by limits, signals and load, so it says nothing about
    /// the source.
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
    /// The host gave us no way to ask, or answered a question with nothing.
    NoAnswer,
    /// The host reported an error of its own, or the person broke off.
    Aborted,
    /// The stack says the password must come from a module before us, and there is none.
    NoEarlierPassword,
}

impl fmt::Display for ConversationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAnswer => "the program that asked for the login gave no answer to the prompt",
            Self::Aborted => "the conversation was broken off",
            Self::NoEarlierPassword => {
                "use_first_pass is set, and no module before gave a password"
            }
        })
    }
}

impl std::error::Error for ConversationError {}

/// An account a backend knows, and the state it is in.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub user: User,
    /// The state of the account.
    pub status: AccountStatus,
}

/// The state of an account, independent of any password.
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
    /// Returns whether nobody may log in to an account in this state, with whatever password.
    pub fn bars(&self) -> bool {
        !matches!(self, Self::Valid { .. } | Self::MustChangePassword)
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
