//! The question of a login to a backend, and its surroundings.

use std::time::SystemTime;

use super::conversation::Conversation;
use super::deadline::Deadline;
use super::deferred::Deferred;
use super::journal::Journal;
use crate::words::{Secret, Username};

/// The surroundings of a login: the statements of the host program, time and log.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// `PAM_SERVICE`, such as `sshd`.
    pub service: &'a str,
    /// `PAM_TTY`, such as `ssh` or `/dev/pts/0`; empty if not set.
    pub tty: &'a str,
    /// `PAM_RHOST` as the host program set it, never resolved; empty if not set.
    pub rhost: &'a str,
    /// `PAM_RUSER`, the remote or calling user; empty if not set.
    pub ruser: &'a str,
    /// The wall clock when the deadline was set, for expiry dates. The present time is
    /// [`wall_clock`](Self::wall_clock).
    pub now: SystemTime,
    /// The moment by which the whole chain must have answered.
    pub deadline: Deadline,
    /// The process's real user id.
    pub uid: u32,
    /// The process's effective user id.
    pub euid: u32,
    /// True if the stack has `nullok` and the host program allows empty passwords.
    pub allow_empty_password: bool,
    /// True if sshd has verified a public key of the person before it asked PAM.
    pub has_publickey: bool,
    /// True if the host program wants no messages shown (`PAM_SILENT`).
    pub silent: bool,
    /// The log.
    pub journal: &'a dyn Journal,
}

impl Context<'_> {
    /// Returns the real user id if it differs from the effective user id. The process then runs on
    /// behalf of that user, the caller of su or sudo, who chooses its limits and may stop, starve
    /// or kill it.
    pub fn on_behalf_of(&self) -> Option<u32> {
        (self.uid != self.euid).then_some(self.uid)
    }

    /// Returns whether the host program found the name in NSS before it asked for a password. su
    /// and sudo refuse an unknown name themselves, and sshd sends its stand-in password for one.
    pub fn has_looked_the_name_up(&self) -> bool {
        self.on_behalf_of().is_some() || self.service == "sshd"
    }

    /// Returns the present time: `now` plus the time that has passed since. A change of the wall
    /// clock in between has no effect.
    pub fn wall_clock(&self) -> SystemTime {
        let later = self.now.checked_add(self.deadline.elapsed());
        later.unwrap_or(self.now)
    }

    /// Returns the context with its whole time budget again, as if the call had begun now.
    ///
    /// Used when a person has finished typing.
    #[must_use]
    pub fn restarted(&self) -> Self {
        Self {
            now: self.wall_clock(),
            deadline: self.deadline.restarted(),
            ..*self
        }
    }
}

/// A question about one person to one backend.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The name of the person who logs in.
    pub user: &'a Username,
    /// The moment by which this backend must have answered.
    pub deadline: Deadline,
    /// The groups that rules ask about, by name or decimal group id; empty where no rule does. The
    /// backend says in [`User::groups`](crate::words::User::groups) which of them the person is
    /// in.
    pub groups: &'a [String],
    /// The surroundings of the login.
    pub context: &'a Context<'a>,
}

/// A request to check a password.
pub struct Attempt<'a> {
    /// The person, the surroundings and the deadline.
    pub request: Request<'a>,
    /// The password that was typed; never empty unless `allow_empty_password` is set.
    pub password: &'a Secret,
    /// The conversation, for backends that ask the person further questions.
    pub conversation: &'a mut dyn Conversation,
    /// The list of work to be done only if the login is refused.
    pub deferred: &'a Deferred,
}
