//! The outcome of one of the two calls, as PAM code and as text for the person.

use crate::backends::password_change::{CannotChange, ChangeKind, ChangeRefusal};
use crate::chain::decision::Finding;
use crate::chain::route::Objection;
use crate::words::{BackendError, ConversationError, Denial, PamCode, User, Username};

/// The calls by which libpam has a password changed (pam_sm_chauthtok(3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangePhase {
    /// `PAM_PRELIM_CHECK`
    Preliminary,
    /// `PAM_UPDATE_AUTHTOK`
    Update,
}

/// The decision of one of the two calls.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeDecision {
    /// The call.
    pub phase: ChangePhase,
    /// The name; `None` if nobody knows it, and no old password was asked for.
    pub user: Option<Username>,
    /// The backend that the password belongs to, or that left open to whom it belongs.
    pub backend: Option<String>,
    /// The outcome.
    pub outcome: ChangeOutcome,
    /// The kind of change, once the first call has found out whose the password is.
    pub(super) kind: Option<ChangeKind>,
    pub(super) old_was_asked: bool,
}

/// The outcome of one of the two calls.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// The password may be changed, or has been changed; with a text for the person.
    Granted(Option<String>),
    /// The backend asks for the old password where the person has already given it.
    OldPasswordNeeded,
    /// The old password is not right.
    Denied(Denial),
    /// The backend refuses the change.
    Refused(ChangeRefusal),
    /// No password of the backend can be changed.
    CannotChange(CannotChange),
    /// Nobody knows the name.
    Unknown,
    /// A source does not answer, for this reason.
    Unavailable(String),
    /// This process could not ask, or could not write, for this reason.
    Failed(String),
    /// The person did not give the old password.
    NoOldPassword(ConversationError),
    /// The person did not give a new password.
    NoNewPassword(ConversationError),
    /// The person typed two different new passwords.
    NewPasswordsDiffer,
    /// The new password is of no use; the person has been told why, in this text.
    UselessNewPassword(&'static str),
}

/// The permission that the first call gives to the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preliminary {
    pub(super) user: Username,
    pub(super) backend: String,
    pub(super) kind: ChangeKind,
    pub(super) old_was_asked: bool,
}

impl Preliminary {
    /// Returns the kind of change that was allowed.
    pub fn kind(&self) -> ChangeKind {
        self.kind
    }
}

impl ChangeDecision {
    pub(super) fn new(
        phase: ChangePhase,
        user: Option<Username>,
        backend: Option<String>,
        outcome: ChangeOutcome,
    ) -> Self {
        Self {
            phase,
            user,
            backend,
            outcome,
            kind: None,
            old_was_asked: false,
        }
    }

    /// Returns the permission for the second call, if this decision of the first call gives one.
    pub fn permission(&self) -> Option<Preliminary> {
        let ChangeOutcome::Granted(_) = self.outcome else {
            return None;
        };
        Some(Preliminary {
            user: self.user.clone()?,
            backend: self.backend.clone()?,
            kind: self.kind?,
            old_was_asked: self.old_was_asked,
        })
    }

    /// Returns the PAM code. In the second call, whatever keeps the password from being changed is
    /// `PAM_AUTHTOK_ERR`, unless there is a code that says more.
    pub fn code(&self) -> PamCode {
        use ChangeOutcome as Is;
        let is_update = self.phase == ChangePhase::Update;
        match &self.outcome {
            Is::Granted(_) => PamCode::Success,
            Is::Unknown => PamCode::UserUnknown,
            Is::CannotChange(_)
            | Is::Refused(ChangeRefusal::NotPermitted(_) | ChangeRefusal::ByRule(_)) => {
                PamCode::PermissionDenied
            }
            Is::Refused(ChangeRefusal::Busy(_)) => PamCode::AuthtokLockBusy,
            Is::NewPasswordsDiffer | Is::Refused(ChangeRefusal::Unexplained(_)) => {
                PamCode::TryAgain
            }
            _ if is_update => PamCode::AuthtokError,
            Is::Denied(_) | Is::NoOldPassword(ConversationError::NoEarlierPassword) => {
                PamCode::AuthError
            }
            Is::Refused(ChangeRefusal::AccountExpired) => PamCode::AccountExpired,
            Is::Refused(ChangeRefusal::PasswordExpired) => PamCode::AuthtokExpired,
            Is::Unavailable(_) => PamCode::AuthInfoUnavailable,
            Is::Failed(_) => PamCode::SystemError,
            Is::Refused(_)
            | Is::OldPasswordNeeded
            | Is::NoOldPassword(_)
            | Is::NoNewPassword(_)
            | Is::UselessNewPassword(_) => PamCode::AuthtokError,
        }
    }

    /// Returns the text about an error for the person: one line, or none where the person knows or
    /// another module may change the password.
    pub fn error_text(&self) -> Option<String> {
        use ChangeOutcome as Is;
        match &self.outcome {
            Is::Denied(_) | Is::OldPasswordNeeded => {
                Some("The current password was not accepted.".to_owned())
            }
            Is::Refused(refusal) => Some(refusal.text()),
            Is::CannotChange(_) => {
                let backend = self.backend.as_deref().unwrap_or_default();
                Some(format!("Passwords of {backend} are not changed here."))
            }
            Is::Unavailable(_) | Is::Failed(_) => {
                Some("The password could not be changed; it stays as it was.".to_owned())
            }
            Is::Granted(_)
            | Is::Unknown
            | Is::NoOldPassword(_)
            | Is::NoNewPassword(_)
            | Is::NewPasswordsDiffer
            | Is::UselessNewPassword(_) => None,
        }
    }
}

impl ChangeOutcome {
    /// Returns the outcome if a backend left open to whom the password belongs.
    pub(super) fn of_finding(finding: Finding<User>) -> Self {
        match finding {
            Finding::Denied(denial) | Finding::NoPassword(denial) => Self::Denied(denial),
            Finding::Unavailable(why) => Self::Unavailable(why),
            Finding::Failed(why) => Self::Failed(why),
            Finding::Answered(_) | Finding::Unknown | Finding::NotAsked(_) => Self::Unknown,
        }
    }

    /// Returns the outcome if the rules object.
    pub(super) fn of_objection(objection: Objection) -> Self {
        match objection {
            Objection::Denied(words) => Self::Refused(ChangeRefusal::ByRule(words)),
            Objection::NotFoundOut(error) => Self::of_error(error),
        }
    }

    pub(super) fn of_error(error: BackendError) -> Self {
        match error {
            BackendError::Unavailable(why) => Self::Unavailable(why),
            BackendError::Failed(why) => Self::Failed(why),
            BackendError::Conversation(error) => Self::NoOldPassword(error),
        }
    }
}
