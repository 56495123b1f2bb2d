//! The capability to change passwords, as a value: a backend has it, or says why not.

use std::fmt;

use crate::tools::journal::quoted;
use crate::tools::request::Request;
use crate::words::{BackendError, Denial, Secret, User};

/// A source in which passwords can be changed.
///
/// libpam makes two calls for a change: the first (`PAM_PRELIM_CHECK`) changes nothing, and only if
/// it succeeds in every module of the stack, the second changes the password.
pub trait ChangePassword {
    /// Returns whether the person, whom the backend knows, ever had a password here. Otherwise the
    /// password belongs to the next backend that knows the person, if there is one.
    ///
    /// # Errors
    /// When the source could not be asked.
    fn has_password(&self, _request: &Request<'_>) -> Result<bool, BackendError> {
        Ok(true)
    }

    /// Returns whether only the old password shows if the backend knows a person, because it has no
    /// login of its own to look them up. The answer of [`preliminary`](Self::preliminary) then says
    /// who it is.
    fn finds_by_password(&self) -> bool {
        false
    }

    /// Verifies the old password and the right to change it, and changes nothing.
    ///
    /// # Errors
    /// When the source could not be asked.
    fn preliminary(&self, change: &Change<'_>) -> Result<ChangeVerdict, BackendError>;

    /// Verifies everything again, and changes the password to `new`, which the chain has checked:
    /// it can be hashed, is not empty and not the old one.
    ///
    /// # Errors
    /// When the password could not be changed; it is as it was.
    fn update(&self, change: &Change<'_>, new: &Secret) -> Result<ChangeVerdict, BackendError>;
}

/// The change of a person's password.
pub struct Change<'a> {
    /// The person, the surroundings and the deadline.
    pub request: Request<'a>,
    /// The kind of change.
    pub kind: ChangeKind,
    /// The old password as it was typed; `None` if it has not been asked for.
    pub old: Option<&'a Secret>,
}

/// The kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// By the person, who has to give the old password.
    Own,
    /// By root, for any person: no old password, minimum age or lock matters.
    ByRoot,
    /// Of a password that has expired (`PAM_CHANGE_EXPIRED_AUTHTOK`), at a login. The person has to
    /// give the old password, although the process is root.
    Expired,
}

/// The answer of a backend to the request to change a password.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeVerdict {
    /// The password may be changed, or has been changed; with a text for the person, such as the
    /// rules for the new password.
    Granted(Option<String>),
    /// As [`Granted`](Self::Granted), for a person whom the old password has shown to be this one.
    Proven(Box<User>, Option<String>),
    /// The old password must be asked for first.
    OldPasswordNeeded,
    /// The old password is not right, or no password could be right.
    Denied(Denial),
    /// The password may not be changed, for a reason that the person is told.
    Refused(ChangeRefusal),
    /// The backend does not know the name.
    Unknown,
}

/// The reasons for which a change is refused although the old password is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeRefusal {
    /// The password was changed too recently, by this many days.
    TooYoung(i64),
    /// Only an expired password was to be changed, and this one has not expired.
    NotExpired,
    /// The account's last day is over.
    AccountExpired,
    /// The password expired so long ago that its owner cannot change it any more.
    PasswordExpired,
    /// The source does not accept the new password, in its own words.
    Quality(String),
    /// The source does not let this person change it, in its own words.
    NotPermitted(String),
    /// The source does not change it and does not say why; with a text for the person. It may do so
    /// the next time.
    Unexplained(String),
    /// A rule denies the person the service; with the reason for the log.
    ByRule(String),
    /// The source was told to change the password, and it could not be found out whether it did;
    /// with the reason for the log.
    Unsure(String),
    /// Another process holds the lock, or this process may not take it; with the reason for the
    /// log.
    Busy(String),
}

impl ChangeRefusal {
    /// Returns the text for the person.
    pub fn text(&self) -> String {
        match self {
            Self::TooYoung(_) => "You must wait longer to change your password.".to_owned(),
            Self::NotExpired => "Your password has not expired.".to_owned(),
            Self::AccountExpired => {
                "Your account has expired; please contact your system administrator.".to_owned()
            }
            Self::PasswordExpired => {
                "Your password has expired; please contact your system administrator.".to_owned()
            }
            Self::ByRule(_) => "You may not change your password here.".to_owned(),
            Self::Unsure(_) => {
                "It could not be found out whether the password was changed; please \
                 try the new one first."
                    .to_owned()
            }
            Self::Busy(_) => {
                "The password cannot be changed now, because another program changes accounts; \
                 please try again."
                    .to_owned()
            }
            Self::Quality(text) | Self::NotPermitted(text) | Self::Unexplained(text) => {
                text.clone()
            }
        }
    }
}

impl fmt::Display for ChangeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooYoung(days) => write!(f, "the password is too young by {days} days"),
            Self::NotExpired => f.write_str("the password has not expired"),
            Self::AccountExpired => f.write_str("the account has expired"),
            Self::PasswordExpired => f.write_str("the password expired too long ago"),
            Self::Quality(text) => {
                write!(f, "the new password is not accepted ({})", quoted(text))
            }
            Self::Unsure(why) => write!(f, "could not find out whether it was changed ({why})"),
            Self::NotPermitted(text) => write!(f, "not permitted ({})", quoted(text)),
            Self::Unexplained(text) => write!(f, "no reason given ({})", quoted(text)),
            Self::ByRule(why) | Self::Busy(why) => f.write_str(why),
        }
    }
}

/// The reasons for which no password of a backend can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CannotChange {
    /// The administrator has forbidden it: `password = "off"`.
    Off,
    /// The settings name no way to change one: `password_change = "off"`.
    NoWay,
    /// The backend has no way to change a password.
    NotSupported,
}

impl fmt::Display for CannotChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "password = \"off\"",
            Self::NoWay => "password_change = \"off\"",
            Self::NotSupported => "backends of this type cannot change passwords",
        })
    }
}
