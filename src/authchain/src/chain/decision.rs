//! The decision of a chain, and the steps that led to it.

use std::fmt;
use std::time::Duration;

use crate::words::{
    Account, AccountStatus, BackendError, ConversationError, Denial, InvalidUsername, PamCode,
    User, Username,
};

/// The answer of one backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding<A> {
    /// The backend knows the person and gave this answer.
    Answered(A),
    /// The backend knows the person and refuses.
    Denied(Denial),
    /// The backend knows the person and has no password for them, which is a denial if no other
    /// backend has one.
    NoPassword(Denial),
    /// The backend does not know the person.
    Unknown,
    /// The backend's source does not answer, for this reason.
    Unavailable(String),
    /// This process could not ask the backend, for this reason.
    Failed(String),
    /// The chain may not ask the backend about this name.
    NotAsked(WhyNotAsked),
}

impl<A> From<BackendError> for Finding<A> {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Unavailable(why) => Self::Unavailable(why),
            BackendError::Failed(why) => Self::Failed(why),
            BackendError::Conversation(error) => Self::Failed(error.to_string()),
        }
    }
}

/// The reason why the chain may not ask a backend about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNotAsked {
    /// Only the system's own files are asked about a system name.
    SystemName,
    /// The system's own files have a password for the name, usable or locked.
    LocalName,
    /// The system's own files have the name, and no user id would show that the backend means the
    /// same person.
    LocalEntry,
    /// Only local backends are given an empty password.
    EmptyPassword,
}

impl fmt::Display for WhyNotAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SystemName => "a system name",
            Self::LocalName => "the system's own files have a password for this name",
            Self::LocalEntry => {
                "the system's own files have this name, and uid = \"system\" compares no user id"
            }
            Self::EmptyPassword => "an empty password",
        })
    }
}

/// One backend's part in a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<A> {
    /// The backend's name.
    pub backend: String,
    /// Its answer.
    pub finding: Finding<A>,
    /// The time it took.
    pub took: Duration,
}

/// The second factors' part in a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmationStep {
    /// Their answer, for the log: `totp: confirmed`.
    pub words: String,
    /// The time it took, most of which the person typed.
    pub took: Duration,
}

impl ConfirmationStep {
    /// Returns the step of a login in which the question decided nothing.
    pub(super) fn in_vain() -> Self {
        Self {
            words: String::new(),
            took: Duration::ZERO,
        }
    }
}

/// The outcome of the chain as a whole.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<A> {
    /// A backend answered for the person.
    Answered(A),
    /// A backend that knows the person refused, or a rule did, or the chain may not ask the one
    /// that might know the person.
    Denied(Denial),
    /// Every backend was asked, and none knows the name.
    Unknown,
    /// No backend answered for the person, and a source that may know the person does not answer.
    Unavailable,
    /// No backend answered for the person, and this process could not ask one that may know the
    /// person.
    Failed,
    /// The person could not be asked.
    Conversation(ConversationError),
}

/// A decision, and the answers that led to it.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<A> {
    /// The name as it may be logged; `None` where it is not a valid name, or may be a mistyped
    /// password.
    pub name: Option<Username>,
    /// The fault of the name, where it is not valid.
    pub invalid: Option<InvalidUsername>,
    /// The outcome.
    pub outcome: Outcome<A>,
    /// The answer of each backend, in the order in which they were asked.
    pub steps: Vec<Step<A>>,
    /// The answer of the second factors, where one was asked for or left out.
    pub confirmation: Option<ConfirmationStep>,
    /// The rule of the configuration that was chosen, and what it says against the login, if it
    /// does; `None` where no rule fits.
    pub rule: Option<String>,
}

impl<A> Decision<A> {
    pub(super) fn without_steps(name: Option<Username>, outcome: Outcome<A>) -> Self {
        Self {
            name,
            invalid: None,
            outcome,
            steps: Vec::new(),
            confirmation: None,
            rule: None,
        }
    }

    pub(super) fn invalid_name(invalid: InvalidUsername) -> Self {
        Self {
            name: None,
            invalid: Some(invalid),
            outcome: Outcome::Unknown,
            steps: Vec::new(),
            confirmation: None,
            rule: None,
        }
    }
}

/// The answer to a right password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The person.
    pub user: User,
    /// The status of their account, if the backend has judged it too.
    pub status: Option<AccountStatus>,
    /// True if a public key stood for the password.
    pub by_key: bool,
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.by_key {
            true => "known, with a key",
            false => "accepted",
        })
    }
}

/// The decision whether a password was right.
pub type AuthDecision = Decision<Accepted>;

/// The decision whether an account may be used.
pub type AccountDecision = Decision<AccountStatus>;

impl AuthDecision {
    /// Returns the PAM code for the outcome of `pam_authenticate`.
    pub fn code(&self) -> PamCode {
        match &self.outcome {
            Outcome::Answered(_) => PamCode::Success,
            Outcome::Denied(_) => PamCode::AuthError,
            Outcome::Unknown => PamCode::UserUnknown,
            Outcome::Unavailable => PamCode::AuthInfoUnavailable,
            Outcome::Failed => PamCode::SystemError,
            Outcome::Conversation(_) => PamCode::ConversationError,
        }
    }

    /// Returns the state of the account, if the password was right and only that state forbids the
    /// login: a rule denies it, or every denial was because of a state. A denial without a state
    /// may be a guess at that backend.
    pub fn barred(&self) -> Option<&AccountStatus> {
        let Outcome::Denied(denial) = &self.outcome else {
            return None;
        };
        // Whoever has shown no code is told no more than a stranger.
        if self.confirmation.is_some() {
            return None;
        }
        let is_answer = |step: &Step<_>| matches!(step.finding, Finding::Answered(_));
        if self.steps.iter().any(is_answer) {
            return denial.state.as_ref();
        }
        let denials = self.steps.iter().filter_map(|step| match &step.finding {
            Finding::Denied(denial) => Some(denial),
            _ => None,
        });
        let states = denials.map(|denial| denial.state.as_ref());
        states.collect::<Option<Vec<_>>>()?.first().copied()
    }

    /// Returns whether somebody answered the prompts and was not let in.
    pub(super) fn is_refusal(&self) -> bool {
        !matches!(
            self.outcome,
            Outcome::Answered(_) | Outcome::Conversation(_)
        )
    }

    /// Returns a warning for the person that the login itself found, such as when the password
    /// expires. It is shown once the account is found valid: until then the login may be refused.
    pub fn warning(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Answered(Accepted { status, .. }) => status.as_ref()?.warning(),
            _ => None,
        }
    }

    /// Returns the account as judged by the backend that accepted the person, if it has judged it,
    /// and the maximum age of that judgement.
    pub fn known_account(&self) -> Option<(Account, Duration)> {
        let Outcome::Answered(Accepted { user, status, .. }) = &self.outcome else {
            return None;
        };
        let account = Account {
            user: user.clone(),
            status: status.clone()?,
        };
        // The backend that accepts is always the last one asked. Since then a code was asked for.
        let typing = self.confirmation.as_ref().map(|step| step.took);
        let took = self.steps.last()?.took;
        Some((account, took.saturating_add(typing.unwrap_or_default())))
    }
}

impl AccountDecision {
    /// Returns the PAM code for the outcome of `pam_acct_mgmt`.
    pub fn code(&self) -> PamCode {
        match &self.outcome {
            Outcome::Answered(status) => match status {
                AccountStatus::Valid { .. } => PamCode::Success,
                AccountStatus::MustChangePassword => PamCode::NewAuthtokRequired,
                AccountStatus::PasswordExpired | AccountStatus::AccountExpired => {
                    PamCode::AccountExpired
                }
                AccountStatus::Locked | AccountStatus::NotPermitted => PamCode::PermissionDenied,
            },
            Outcome::Denied(_) => PamCode::PermissionDenied,
            Outcome::Unknown => PamCode::UserUnknown,
            Outcome::Unavailable => PamCode::AuthInfoUnavailable,
            Outcome::Failed => PamCode::SystemError,
            Outcome::Conversation(_) => PamCode::ConversationError,
        }
    }
}

impl<A> From<BackendError> for Outcome<A> {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Unavailable(_) => Self::Unavailable,
            BackendError::Failed(_) => Self::Failed,
            BackendError::Conversation(error) => Self::Conversation(error),
        }
    }
}

impl<A: fmt::Display> Decision<A> {
    /// Returns the reasons in a line:
    /// `alice: corp denied: wrong password (12 ms); local: unknown`.
    pub fn why(&self) -> String {
        let name = self.name.as_ref().map_or("(unknown)", Username::as_str);
        let mut parts = in_words(&self.steps);
        let words = self.confirmation.iter().map(|step| step.words.clone());
        parts.extend(words.filter(|words| !words.is_empty()));
        if let Some(invalid) = &self.invalid {
            parts.push(format!("nobody asked: {invalid}"));
        } else if let Some(rule) = &self.rule {
            parts.push(rule.clone());
        } else if parts.is_empty() {
            parts.push(match &self.outcome {
                Outcome::Denied(denial) => format!("denied before any backend: {denial}"),
                Outcome::Conversation(error) => error.to_string(),
                _ => "no backend was asked".to_owned(),
            });
        }
        format!("{name}: {}", parts.join("; "))
    }
}

/// Returns the text of each step for the log.
pub(super) fn in_words<A: fmt::Display>(steps: &[Step<A>]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}

impl<A: fmt::Display> fmt::Display for Step<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backend = &self.backend;
        let ms = self.took.as_millis();
        match &self.finding {
            Finding::Answered(answer) => write!(f, "{backend}: {answer} ({ms} ms)"),
            Finding::Denied(denial) => write!(f, "{backend} denied: {denial} ({ms} ms)"),
            Finding::NoPassword(denial) => write!(f, "{backend}: {denial}"),
            Finding::Unknown => write!(f, "{backend}: unknown"),
            Finding::Unavailable(why) => write!(f, "{backend} unavailable: {why} ({ms} ms)"),
            Finding::Failed(why) => write!(f, "{backend} failed: {why} ({ms} ms)"),
            Finding::NotAsked(why) => write!(f, "{backend} not asked: {why}"),
        }
    }
}
