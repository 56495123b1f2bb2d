//! The request that a login makes of a backend.

use std::time::SystemTime;

use super::conversation::Conversation;
use super::deadline::Deadline;
use super::deferred::Deferred;
use super::journal::Journal;
use crate::words::{Secret, Username};

/// The statements of the host program, read once at the border.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The PAM service, such as `sshd`.
    pub service: &'a str,
    /// The terminal, such as `ssh` or `/dev/pts/0`; empty where the host said nothing.
    pub tty: &'a str,
    /// The remote host as the host names it, never resolved; empty where it said nothing.
    pub rhost: &'a str,
    /// The remote or calling user, for hosts that know it (`PAM_RUSER`); empty where they do not.
    pub ruser: &'a str,
    /// The wall clock when the deadline was set, for expiry dates; see
    /// [`wall_clock`](Self::wall_clock) for what it shows by now.
    pub now: SystemTime,
    /// The moment by which the whole chain must have answered.
    pub deadline: Deadline,
    /// The process's real user id.
    pub uid: u32,
    /// The process's effective user id.
    pub euid: u32,
    /// The administrator wrote `nullok` and the host did not forbid it.
    pub allow_empty_password: bool,
    /// The host wants no messages shown (`PAM_SILENT`).
    pub silent: bool,
    /// The log, for oddities found on the way.
    pub journal: &'a dyn Journal,
}

impl Context<'_> {
    /// Returns the real user id where it differs from the effective one: the process runs on behalf
    /// of that user, the caller of su or sudo, who chooses its limits and may stop, starve or kill
    /// it.
    pub fn on_behalf_of(&self) -> Option<u32> {
        (self.uid != self.euid).then_some(self.uid)
    }

    /// Returns what the wall clock shows by now, unless it was set meanwhile.
    pub fn wall_clock(&self) -> SystemTime {
        let later = self.now.checked_add(self.deadline.elapsed());
        later.unwrap_or(self.now)
    }

    /// Returns the request with its whole time again, as if it had come in now.
    ///
    /// For the moment in which a person has finished typing.
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
    /// Everything the host said.
    pub context: &'a Context<'a>,
}

/// A request with a password and a way to ask for more.
pub struct Attempt<'a> {
    /// Who, where, until when.
    pub request: Request<'a>,
    /// The password that was typed; never empty unless `allow_empty_password` is set.
    pub password: &'a Secret,
    /// For backends that ask further questions.
    pub conversation: &'a mut dyn Conversation,
    /// For work that a refusal has to do and an acceptance does not.
    pub deferred: &'a Deferred,
}
