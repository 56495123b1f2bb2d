//! A failure to get an answer: the step, the reason, and whether another server may do better.

use std::fmt;
use std::io;
use std::pin::pin;

use authchain::tools::deadline::Deadline;
use authchain::tools::journal::{clean, cut, quoted};
use nix::errno::Errno;

use super::pulse::{BEAT, Pulse};

/// The text of a timeout.
const TIMED_OUT: &str = "timed out";

/// The text of a timeout that this process caused, not the server.
const ASLEEP: &str = "timed out while this machine left us no time to listen";

/// The longest text of a failure, in characters. Each server may add one to a log line.
const MAX_TEXT: usize = 300;

/// The reason why a server gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step that failed.
    pub step: &'static str,
    /// The reason, for the log.
    pub text: String,
    /// The consequence for this and other servers.
    pub kind: FailureKind,
}

/// The consequence of a failure: whether the server is marked as down, and whether another server
/// is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The server does not answer: later logins need not wait for it.
    Down,
    /// The server answers, but its answer is of no use, or this machine has no route to it. Another
    /// server may do better.
    Trouble,
    /// This process could not ask or hear the server, because of its limits, its sandbox, or a
    /// signal that stopped it. The server may work, and another server may be reached.
    Local,
    /// The server was sent the person's password, so no other server is asked. One login must be
    /// one attempt: directories count attempts and lock accounts.
    Spent,
    /// This process could not hear the server that was sent the person's password.
    LocalSpent,
    /// The server was told to change the person's password, and perhaps has done so.
    Unsure,
    /// The settings are wrong, and no other server can help.
    Settings,
}

impl FailureKind {
    /// Returns whether this process is to blame, and not the server.
    pub fn is_local(self) -> bool {
        matches!(self, Self::Local | Self::LocalSpent)
    }

    /// Returns whether no other server may be asked.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Settings | Self::Spent | Self::LocalSpent | Self::Unsure
        )
    }
}

impl Failure {
    /// Returns the failure of a server that does not answer.
    pub fn down(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, FailureKind::Down)
    }

    /// Returns the failure of a socket. Errors that are not listed are failures of this process: a
    /// forbidden address family, a missing permission, no descriptors, memory or ports left.
    ///
    /// A missing route does not mark the server as down. The error comes without waiting, so a mark
    /// would save no time, and the mark would outlast the missing route.
    pub fn of_socket(step: &'static str, error: &io::Error) -> Self {
        let kind = match error.raw_os_error().map(Errno::from_raw) {
            Some(
                Errno::ECONNREFUSED
                | Errno::ECONNRESET
                | Errno::ECONNABORTED
                | Errno::EHOSTUNREACH
                | Errno::EHOSTDOWN
                | Errno::ETIMEDOUT
                | Errno::ENOENT,
            ) => FailureKind::Down,
            Some(Errno::ENETUNREACH | Errno::ENETDOWN | Errno::EPIPE | Errno::EAGAIN) | None => {
                FailureKind::Trouble
            }
            Some(_) => FailureKind::Local,
        };
        Self::new(step, io_text(error), kind)
    }

    /// Returns the failure of a connection that was open: the server is up, whatever it does with
    /// this connection, unless the error is one of this process.
    pub fn of_connection(step: &'static str, error: &io::Error) -> Self {
        let failure = Self::of_socket(step, error);
        match failure.kind {
            FailureKind::Down => Self {
                kind: FailureKind::Trouble,
                ..failure
            },
            _ => failure,
        }
    }

    /// Returns the failure of this process, which says nothing about the server.
    pub fn local(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, FailureKind::Local)
    }

    /// Returns the failure of a server whose answer is of no use.
    pub fn trouble(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, FailureKind::Trouble)
    }

    /// Returns the failure of settings that are wrong.
    pub fn settings(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, FailureKind::Settings)
    }

    /// Returns the failure of settings that do not fit the server.
    pub fn configuration_error(step: &'static str, text: &str) -> Self {
        Self::settings(step, format!("configuration error: {text}"))
    }

    fn new(step: &'static str, text: impl Into<String>, kind: FailureKind) -> Self {
        let text = cut(&clean(&text.into()), MAX_TEXT);
        Self { step, text, kind }
    }

    /// Adds the name of the setting that limited the time, if the failure is a timeout.
    #[must_use]
    pub fn limited_by(self, setting: &str) -> Self {
        match self.text == TIMED_OUT {
            true => Self {
                text: format!("{TIMED_OUT} ({setting})"),
                ..self
            },
            false => self,
        }
    }

    /// Returns the failure as it counts after the person's password was sent.
    #[must_use]
    pub fn spent(self) -> Self {
        let kind = match self.kind {
            FailureKind::Down | FailureKind::Trouble => FailureKind::Spent,
            FailureKind::Local => FailureKind::LocalSpent,
            kind => kind,
        };
        Self { kind, ..self }
    }

    /// Returns the failure as it counts after the server was told to change the password.
    #[must_use]
    pub fn unsure(self) -> Self {
        let kind = FailureKind::Unsure;
        Self { kind, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.text)
    }
}

/// Waits for `work` until `deadline`; a server that takes longer counts as down.
///
/// Only for operations that do not depend on the person who logs in. Otherwise a person who can
/// make an operation about themselves slow could have the server marked as down for everybody.
/// [`within_as`] is for operations that do depend on the person.
///
/// # Errors
/// Those of `work`, and the timeout.
pub async fn within<T>(
    deadline: Deadline,
    step: &'static str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    within_as(FailureKind::Down, deadline, step, work).await
}

/// Waits for `work` until `deadline`; a timeout is a failure of this `kind`.
///
/// # Errors
/// Those of `work`, and the timeout.
pub async fn within_as<T>(
    kind: FailureKind,
    deadline: Deadline,
    step: &'static str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut work = pin!(work);
    let mut left = deadline.remaining();
    if left.is_zero() {
        // The step before succeeded, but this process did not run again in time.
        return Err(Failure::local(step, ASLEEP));
    }
    let mut pulse = Pulse::begin(left);
    loop {
        let due = left.min(BEAT);
        if let Ok(result) = tokio::time::timeout(due, work.as_mut()).await {
            return result;
        }
        let before = std::mem::replace(&mut left, deadline.remaining());
        pulse.beat(due, before.saturating_sub(left));
        if left.is_zero() {
            return Err(timed_out(kind, step, pulse));
        }
    }
}

/// Returns the failure of a timeout. A process that did not run calls no server down.
fn timed_out(kind: FailureKind, step: &'static str, pulse: Pulse) -> Failure {
    match pulse.was_awake() {
        true => Failure::new(step, TIMED_OUT, kind),
        false => Failure::local(step, ASLEEP),
    }
}

/// Returns a server's text in quotes, so that nobody takes it for authchain's; empty if it is
/// empty.
pub fn server_text(text: &str) -> String {
    match text.trim_matches(['\0', ' ', '\n']) {
        "" => String::new(),
        text => quoted(text),
    }
}

/// Returns the system's text for an error, without its number.
pub fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    let end = (error.raw_os_error()).and_then(|_| text.find(" (os error"));
    let end = end.unwrap_or(text.len());
    let mut text = text.get(..end).unwrap_or(&text).to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    text
}

#[cfg(test)]
mod tests;
