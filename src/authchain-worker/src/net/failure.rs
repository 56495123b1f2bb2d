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

/// The text of a timeout that this process, not the server, is to blame for.
const ASLEEP: &str = "timed out while this machine left us no time to listen";

/// The longest text of a failure, in characters: there may be one for each server.
const MAX_TEXT: usize = 300;

/// The reason why a server gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step that failed.
    pub step: &'static str,
    /// The reason, for the log.
    pub text: String,
    /// The meaning for other servers.
    pub kind: FailureKind,
}

/// The meaning of a failure for other servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The server does not answer: later logins need not wait for it.
    Down,
    /// The server answers, but not in a way that helps, or this machine has no way to it; another
    /// server may do better.
    Trouble,
    /// This process could not ask, or hear: its limits, its sandbox or whoever stopped it are to
    /// blame. It says nothing about the server, and another may be within its reach.
    Local,
    /// The server was sent the person's password, so no other server is asked: one login must be
    /// one attempt, since a directory that locks accounts counts them.
    Spent,
    /// The settings are wrong, and no other server can help.
    Settings,
}

impl Failure {
    /// Returns the failure of a server that does not answer.
    pub fn down(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, FailureKind::Down)
    }

    /// Returns the failure of a socket. The server does not answer, or what it says is of no use,
    /// or else the error is one of this process: a family of addresses that it may not use, no
    /// permission, no descriptors, memory or ports left.
    ///
    /// A network without a route is no server that is down: that is known without waiting, so a
    /// mark would save nothing, and it would outlive the moment in which the route comes back.
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

    /// Returns the failure of this process, which says nothing about the server.
    pub fn local(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, FailureKind::Local)
    }

    /// Returns the failure of a server that answers, but not in a way that helps.
    pub fn trouble(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, FailureKind::Trouble)
    }

    /// Returns the failure of settings that are wrong.
    pub fn settings(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, FailureKind::Settings)
    }

    fn new(step: &'static str, text: impl Into<String>, kind: FailureKind) -> Self {
        let text = cut(&clean(&text.into()), MAX_TEXT);
        Self { step, text, kind }
    }

    /// Returns the failure with the name of the setting that limited the time, where it is that the
    /// time was over.
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

    /// Returns the failure as it counts once the person's password has been sent.
    #[must_use]
    pub fn spent(self) -> Self {
        let kind = match self.kind {
            FailureKind::Down | FailureKind::Trouble | FailureKind::Local => FailureKind::Spent,
            kind => kind,
        };
        Self { kind, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.text)
    }
}

/// Gives `work` until `deadline`; a server that takes longer counts as down.
///
/// Only for operations that do not depend on the person who logs in: somebody who can make an
/// operation about themselves slow could otherwise have the server marked as down for everybody.
/// For those, there is [`within_as`].
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

/// Gives `work` until `deadline`; a timeout is a failure of this `kind`.
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

/// Returns the failure of a timeout. A process that was kept from listening calls no server down.
fn timed_out(kind: FailureKind, step: &'static str, pulse: Pulse) -> Failure {
    match pulse.was_awake() {
        true => Failure::new(step, TIMED_OUT, kind),
        false => Failure::local(step, ASLEEP),
    }
}

/// Returns a server's own text, quoted so that it cannot be taken for ours; empty for an empty one.
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
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::task::Poll;
    use std::time::Duration;

    use authchain::tools::deadline::{Moment, system_clock};
    use nix::errno::Errno;

    #[test]
    fn a_failure_is_told_in_the_systems_words() {
        let refused = io::Error::from_raw_os_error(111);
        let failure = Failure::down("connect", io_text(&refused));
        assert_eq!(failure.to_string(), "connect: connection refused");
    }

    thread_local!(static AHEAD: Cell<Duration> = const { Cell::new(Duration::ZERO) });

    /// Returns a clock that jumps ahead while this thread is stopped.
    fn jumping() -> Moment {
        let now = system_clock();
        now.checked_add(AHEAD.get()).unwrap_or(now)
    }

    /// Returns the failure of a server that never answers, in a process that is stopped for
    /// `stopped` of the 200 ms it waits.
    fn silence(stopped: Duration) -> Failure {
        let deadline = Deadline::after(jumping, Duration::from_millis(200));
        let mut has_begun = false;
        let silent = poll_fn(|_| {
            if !std::mem::replace(&mut has_begun, true) {
                AHEAD.set(AHEAD.get() + stopped);
            }
            Poll::<Result<(), Failure>>::Pending
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let waiting = within(deadline, "connect", silent);
        runtime.unwrap().block_on(waiting).unwrap_err()
    }

    #[test]
    fn only_who_was_awake_says_that_a_server_is_down() {
        let heard = silence(Duration::ZERO);
        assert_eq!((heard.kind, &*heard.text), (FailureKind::Down, "timed out"));
        for stopped in [120, 180, 60_000].map(Duration::from_millis) {
            let late = silence(stopped);
            assert_eq!((late.kind, &*late.text), (FailureKind::Local, ASLEEP));
        }
    }

    #[test]
    fn what_this_machine_cannot_do_is_no_servers_fault() {
        let kind = |errno: Errno| {
            let error = io::Error::from(errno);
            Failure::of_socket("connect", &error).kind
        };
        for here in [
            Errno::EAFNOSUPPORT,
            Errno::EPERM,
            Errno::EACCES,
            Errno::EMFILE,
            Errno::ENOBUFS,
            Errno::ENOMEM,
            Errno::EADDRNOTAVAIL,
        ] {
            assert_eq!(kind(here), FailureKind::Local, "{here}");
        }
        for nowhere in [Errno::ENETUNREACH, Errno::ENETDOWN] {
            assert_eq!(kind(nowhere), FailureKind::Trouble, "{nowhere}");
        }
        for there in [Errno::ECONNREFUSED, Errno::EHOSTUNREACH] {
            assert_eq!(kind(there), FailureKind::Down);
        }
    }

    #[test]
    fn words_of_a_server_stay_within_their_quotes_wherever_the_text_is_cut() {
        let said = server_text(r#" x"; root: local: accepted (1 ms) "#);
        assert_eq!(said, r#""x\"; root: local: accepted (1 ms)""#);
        assert_eq!(server_text(" \0"), "");
        let both = format!("{} {}", "x".repeat(MAX_TEXT - 10), said);
        let text = Failure::trouble("bind", both).text;
        assert!(text.ends_with(r#""x\"; roo""#), "{text}");
    }

    #[test]
    fn no_text_breaks_or_fills_the_log() {
        let failure = Failure::trouble("x", format!("a\nb\x1b{}", "c".repeat(4096)));
        assert!(failure.text.starts_with("a\\nb\\u{1b}ccc"), "{failure}");
        assert_eq!(failure.text.chars().count(), MAX_TEXT);
    }

    #[test]
    fn a_timeout_names_the_setting_that_limited_it_and_nothing_else_does() {
        let timeout = silence(Duration::ZERO).limited_by("timeout");
        let timeout = timeout.limited_by("connect_timeout");
        assert_eq!(timeout.to_string(), "connect: timed out (timeout)");
        let refused = Failure::down("connect", "refused").limited_by("timeout");
        assert_eq!(refused.text, "refused");
    }

    #[test]
    fn once_the_password_is_sent_only_the_settings_matter_more() {
        let kind = |failure: Failure| failure.spent().kind;
        assert_eq!(kind(Failure::down("x", "")), FailureKind::Spent);
        assert_eq!(kind(Failure::trouble("x", "")), FailureKind::Spent);
        assert_eq!(kind(Failure::local("x", "")), FailureKind::Spent);
        assert_eq!(kind(Failure::settings("x", "")), FailureKind::Settings);
    }
}
