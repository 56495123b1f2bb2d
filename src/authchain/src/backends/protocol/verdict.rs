//! The verdicts of a worker, and their names in a reply.

use serde::{Deserialize, Serialize};

#[cfg(feature = "manage")]
use super::account_end::AccountEnd;
use crate::words::{Account, AccountStatus, Denial, User};

/// The last reply: a verdict, the state of the servers, and lines for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// The verdict.
    pub verdict: WireVerdict,
    /// The state of the servers that were asked.
    pub servers: ServersFound,
    /// Lines for the log.
    pub notes: Vec<String>,
}

/// The state of the servers that a worker asked, by their names in the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServersFound {
    /// Those that did not answer.
    pub down: Vec<String>,
    /// Those that were connected to.
    pub up: Vec<String>,
    /// The longest time, in milliseconds, that connecting to one of them took.
    pub open_ms: u64,
    /// True if every server that was tried had only the short time of a probe and did not answer.
    /// None was sent the password, so the question may be asked again.
    pub again: bool,
    /// True if every server that was asked was found down, so that nothing was heard that could
    /// depend on the person.
    pub unanswered: bool,
}

impl From<WireVerdict> for Conclusion {
    fn from(verdict: WireVerdict) -> Self {
        Self {
            verdict,
            servers: ServersFound::default(),
            notes: Vec::new(),
        }
    }
}

/// A verdict of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireVerdict {
    /// Answers `authenticate`: the password is right, and this is the user; with the status of the
    /// account, if this login has judged it.
    Accepted(WireUser, Option<AccountStatus>),
    /// Answers `authenticate`: the password is right, and this is the user, but the password has
    /// expired or must be changed.
    MustChange(WireUser, Option<AccountStatus>),
    /// Answers `authenticate` and `change_password`: the (old) password is refused.
    Denied(Denial),
    /// Answers `change_password` without a new password: the password may be changed. With the
    /// user, if only the old password has shown who it is, and with a text for the person, such as
    /// the rules for the new one.
    MayChange(Option<WireUser>, Option<String>),
    /// Answers `change_password` with a new password: it is in force; with a text for the person.
    Changed(Option<String>),
    /// Answers `change_password`: refused, and nothing was changed.
    Refused(WireRefusal),
    /// Answers `change_password` with a new password: a server was told to change the password, and
    /// it could not be found out whether it did, for this reason.
    Unsure(String),
    /// Answers any question: the backend has no such user.
    Unknown,
    /// Answers any question: the backend could not find out, for this reason.
    Unavailable(String),
    /// Answers any question: the worker itself could not ask, for a reason that says nothing about
    /// the servers.
    Failed(String),
    /// Answers `lookup`: this is the user.
    Found(WireUser),
    /// Answers `account`: the user, and the status of their account.
    Account(WireUser, AccountStatus),
    /// Answers `register`: the person is added, as this user.
    #[cfg(feature = "manage")]
    Registered(WireUser),
    /// Answers another task about accounts: it is carried out.
    #[cfg(feature = "manage")]
    Carried(AccountEnd),
}

/// A refusal to change a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRefusal {
    /// The kind of refusal.
    pub reason: RefusalReason,
    /// The reason for the person, in the words of the source.
    pub text: String,
}

/// The kinds of refusals to change a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// The password was changed too recently.
    TooYoung,
    /// The new password is too short, or too easy to guess.
    Quality,
    /// The new password is the old one, or one that the person had before.
    InHistory,
    /// The person, or this machine, may not change the password.
    NotPermitted,
    /// Only an expired password was to be changed, and this one has not expired.
    NotExpired,
    /// The account's last day is over.
    AccountExpired,
    /// The password expired so long ago that its owner cannot change it any more.
    PasswordExpired,
    /// Root, too, has to give the old password.
    NeedsOldPassword,
    /// The source does not say why. It may change the password the next time.
    Unexplained,
    /// The name, or the user id, is another person's already. Of tasks about accounts only.
    #[cfg(feature = "manage")]
    Exists,
    /// The source does not take a value. Of tasks about accounts only.
    #[cfg(feature = "manage")]
    Invalid,
    /// The source has no way to do it. Of tasks about accounts only.
    #[cfg(feature = "manage")]
    NotSupported,
}

/// A [`User`] without the backend's name, which the module knows itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireUser {
    /// The name in the user's entry, which may be spelled unlike the login name.
    pub name: String,
    /// The user's main name, if `name` is an alias; otherwise none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias_of: Option<String>,
    /// The other names that the user's entry has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_named: Vec<String>,
    /// The user id, where the source has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The id of the primary group, where the source has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Full name and the like.
    #[serde(default)]
    pub gecos: String,
    /// The home directory.
    #[serde(default)]
    pub home: String,
    /// The login shell.
    #[serde(default)]
    pub shell: String,
    /// Those of the question's groups that the user is in; `None` if they were not found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Those of the question's groups of which it cannot be said whether the user is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclear_groups: Vec<String>,
}

impl WireUser {
    /// Returns the user as `backend` knows it.
    pub fn of(self, backend: &str) -> User {
        User {
            name: self.name,
            alias_of: self.alias_of,
            also_named: self.also_named,
            uid: self.uid,
            gid: self.gid,
            gecos: self.gecos,
            home: self.home,
            shell: self.shell,
            groups: self.groups,
            unclear_groups: self.unclear_groups,
            backend: backend.to_owned(),
        }
    }
}

impl From<User> for WireUser {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            alias_of: user.alias_of,
            also_named: user.also_named,
            uid: user.uid,
            gid: user.gid,
            gecos: user.gecos,
            home: user.home,
            shell: user.shell,
            groups: user.groups,
            unclear_groups: user.unclear_groups,
        }
    }
}

impl From<Account> for WireVerdict {
    fn from(account: Account) -> Self {
        Self::Account(account.user.into(), account.status)
    }
}

impl WireVerdict {
    /// Returns the value of `verdict` in a reply.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted(..) => "accepted",
            Self::MustChange(..) => "must_change",
            Self::Denied(_) => "denied",
            Self::MayChange(..) => "may_change",
            Self::Changed(_) => "changed",
            Self::Refused(_) => "refused",
            Self::Unsure(_) => "unsure",
            Self::Unknown => "unknown",
            Self::Unavailable(_) => "unavailable",
            Self::Failed(_) => "failed",
            Self::Found(_) => "found",
            Self::Account(..) => "account",
            #[cfg(feature = "manage")]
            Self::Registered(_) => "registered",
            #[cfg(feature = "manage")]
            Self::Carried(end) => end.word(),
        }
    }

    /// Returns the user in the verdict, if it has one.
    pub fn user(&self) -> Option<&WireUser> {
        match self {
            Self::Accepted(user, _)
            | Self::MustChange(user, _)
            | Self::Found(user)
            | Self::Account(user, _) => Some(user),
            Self::MayChange(user, _) => user.as_ref(),
            #[cfg(feature = "manage")]
            Self::Registered(user) => Some(user),
            #[cfg(feature = "manage")]
            Self::Carried(_) => None,
            Self::Denied(_)
            | Self::Changed(_)
            | Self::Refused(_)
            | Self::Unsure(_)
            | Self::Unknown
            | Self::Unavailable(_)
            | Self::Failed(_) => None,
        }
    }
}

impl WireUser {
    pub(super) fn texts(&self) -> impl Iterator<Item = &String> {
        [&self.name, &self.gecos, &self.home, &self.shell]
            .into_iter()
            .chain(&self.alias_of)
            .chain(&self.also_named)
            .chain(self.groups.iter().flatten())
            .chain(&self.unclear_groups)
    }
}
