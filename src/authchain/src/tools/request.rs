//! What a login asks for.

use std::time::SystemTime;

use super::conversation::Conversation;
use super::deadline::Deadline;
use super::journal::Journal;
use crate::words::{Secret, Username};

/// What the host program told us, read once at the border.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The PAM service, such as `sshd`.
    pub service: &'a str,
    /// The terminal, such as `ssh` or `/dev/pts/0`; empty where the host said nothing.
    pub tty: &'a str,
    /// The remote host as the host names it, never resolved; empty where it said nothing.
    pub rhost: &'a str,
    /// Who asks, for hosts that know it; empty where they do not.
    pub ruser: &'a str,
    /// The wall clock, for expiry dates.
    pub now: SystemTime,
    /// When the whole chain must have answered.
    pub deadline: Deadline,
    /// The administrator wrote `nullok` and the host did not forbid it.
    pub allow_empty_password: bool,
    /// The host wants no messages shown (`PAM_SILENT`).
    pub silent: bool,
    /// Where odd things found on the way are written.
    pub journal: &'a dyn Journal,
}

/// A question about one person to one backend.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who logs in.
    pub user: &'a Username,
    /// When this backend must have answered.
    pub deadline: Deadline,
    /// Everything the host said.
    pub context: &'a Context<'a>,
}

/// A request with a password and a way to ask for more.
pub struct Attempt<'a> {
    /// Who, where, until when.
    pub request: Request<'a>,
    /// What was typed; never empty unless `allow_empty_password` is set.
    pub password: &'a Secret,
    /// For backends that ask further questions.
    pub conversation: &'a mut dyn Conversation,
}
