//! The log: one line an event, to the system's logger, never in the way of a login.

use std::fmt;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll, ppoll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, send, socket,
};
use nix::sys::time::{TimeSpec, TimeValLike};
use syslog::{Facility, LogFormat};

use super::deadline::{Clock, Deadline, poll_timeout, system_clock};

pub use syslog::Severity;

/// Where the system's logger listens.
pub const DEFAULT_SOCKET: &str = "/dev/log";

/// What stands before every line: ours, never the program's, whose name is that of the file it was started
/// from, a link named `sshd` for one. Which program asks for whom, the prefix and the line say.
const TAG: &str = "authchain";

/// Longest line sent; longer ones are cut, so that a datagram always fits (RFC 3164 §4.1 allows
/// 1024 bytes a packet, every logger in use takes far more).
const MAX_LINE: usize = 2048;

/// Longest value of a field, in characters.
const MAX_FIELD: usize = 256;

/// How long a logger that is busy is tried. One that never answers costs a login this much a line; one
/// that somebody floods while they guess has many free places in this time, and one of them is ours.
const PATIENCE: Duration = Duration::from_millis(100);

/// Something that lines can be written to.
pub trait Journal {
    /// Writes one line. It cannot fail: a logger that is away must not keep anybody out.
    fn write(&self, severity: Severity, line: &str);
}

/// The system's logger, reached anew for each line.
///
/// A connection kept open dies with the daemon and would have to live inside the host program
/// between two calls; opening one costs about 20 µs. Where the logger is hung, the line is lost, not
/// the login.
pub struct Syslog {
    socket: PathBuf,
    format: PamFormat,
    clock: Clock,
}

impl Syslog {
    /// A journal on the socket at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self {
            socket: path,
            format: PamFormat {
                pid: std::process::id(),
            },
            clock: system_clock,
        }
    }

    /// Sends a line over a datagram socket, or over a stream where the logger has one, as syslog(3)
    /// does.
    fn send(&self, packet: &[u8]) -> nix::Result<()> {
        match self.send_over(SockType::Datagram, packet) {
            Err(Errno::EPROTOTYPE) => {
                // On a stream a NUL ends the line.
                self.send_over(SockType::Stream, &[packet, b"\0"].concat())
            }
            outcome => outcome,
        }
    }

    fn send_over(&self, kind: SockType, packet: &[u8]) -> nix::Result<()> {
        let deadline = Deadline::after(self.clock, PATIENCE);
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = socket(AddressFamily::Unix, kind, flags, None)?;
        let address = UnixAddr::new(&self.socket)?;
        persist(
            deadline,
            || connect(fd.as_raw_fd(), &address),
            // A stream whose backlog is full says so, and not when it has room again.
            |_| {
                let _ = ppoll(&mut [], Some(TimeSpec::milliseconds(1)), None);
            },
        )?;
        persist(
            deadline,
            || send(fd.as_raw_fd(), packet, MsgFlags::MSG_NOSIGNAL).map(drop),
            |remaining| {
                let mut room = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
                let _ = poll(&mut room, poll_timeout(remaining));
            },
        )
    }
}

/// Tries until it is done, impossible, or `deadline` is over, and has `wait` wait for room in between:
/// whoever floods the logger fights for the same place, and may be faster more than once.
fn persist(
    deadline: Deadline,
    mut attempt: impl FnMut() -> nix::Result<()>,
    mut wait: impl FnMut(Duration),
) -> nix::Result<()> {
    loop {
        let outcome = attempt();
        let remaining = deadline.remaining();
        match outcome {
            Err(Errno::EINTR) if !remaining.is_zero() => {}
            Err(Errno::EAGAIN) if !remaining.is_zero() => wait(remaining),
            outcome => return outcome,
        }
    }
}

impl Journal for Syslog {
    fn write(&self, severity: Severity, line: &str) {
        let mut packet = Vec::with_capacity(256);
        let text = clean(line);
        if self
            .format
            .format(&mut packet, severity, text.as_str())
            .is_ok()
        {
            packet.truncate(MAX_LINE);
            // Nobody is left to tell when the log cannot be written.
            let _ = self.send(&packet);
        }
    }
}

/// `<priority>authchain[pid]: text`, without a time of our own.
///
/// The crate's formatters stamp lines in UTC, which loggers that believe the stamp read as local
/// time; every logger adds its own where there is none. Asking libc for the local time would open
/// the file that the caller's `TZ` names.
struct PamFormat {
    pid: u32,
}

impl LogFormat<&str> for PamFormat {
    fn format<W: Write>(&self, out: &mut W, severity: Severity, text: &str) -> syslog::Result<()> {
        let priority = Facility::LOG_AUTHPRIV as u8 | severity as u8;
        write!(out, "<{priority}>{TAG}[{}]: {text}", self.pid).map_err(syslog::Error::Write)
    }
}

/// `text` with everything that could end or recolour a log line written out visibly.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// `text` as the value of a `key=value` field: blanks, `=` and invisible characters become `_`, so that
/// no value can look like a field of its own. A longer one is cut, so that it cannot push the
/// fields behind it off the end of the line.
pub fn field(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_FIELD));
    for c in text.chars().take(MAX_FIELD) {
        if c.is_whitespace() || is_invisible(c) || c == '=' {
            out.push('_');
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters, and the invisible ones that break lines or turn the writing direction.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// The phases of a login, as they stand in a log line's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// `pam_authenticate`
    Auth,
    /// `pam_acct_mgmt`
    Account,
    /// `pam_setcred`
    Setcred,
    /// `pam_open_session` and `pam_close_session`
    Session,
    /// `pam_chauthtok`
    Chauthtok,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auth => "auth",
            Self::Account => "account",
            Self::Setcred => "setcred",
            Self::Session => "session",
            Self::Chauthtok => "chauthtok",
        })
    }
}

/// A journal whose every line begins `pam_authchain(service:phase): `.
pub struct PamJournal<'a> {
    inner: &'a dyn Journal,
    prefix: String,
}

impl<'a> PamJournal<'a> {
    /// Lines for one call of one service.
    pub fn new(inner: &'a dyn Journal, service: &str, phase: Phase) -> Self {
        Self {
            inner,
            prefix: format!("pam_authchain({}:{phase}): ", field(service)),
        }
    }
}

impl Journal for PamJournal<'_> {
    fn write(&self, severity: Severity, line: &str) {
        self.inner
            .write(severity, &format!("{}{line}", self.prefix));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::net::Shutdown;
    use std::os::unix::net::UnixDatagram;
    use std::path::Path;
    use std::sync::OnceLock;
    use std::thread;

    use super::super::deadline::Moment;

    fn listen() -> (tempfile::TempDir, PathBuf, UnixDatagram) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let socket = UnixDatagram::bind(&path).unwrap();
        (dir, path, socket)
    }

    #[test]
    fn a_line_carries_priority_tag_pid_and_prefix() {
        let (_dir, path, logger) = listen();
        let syslog = Syslog::new(path);
        PamJournal::new(&syslog, "sshd", Phase::Auth).write(Severity::LOG_NOTICE, "hello");
        let mut buffer = [0; 4096];
        let n = logger.recv(&mut buffer).unwrap();
        let pid = std::process::id();
        assert_eq!(
            std::str::from_utf8(&buffer[..n]).unwrap(),
            format!("<85>authchain[{pid}]: pam_authchain(sshd:auth): hello")
        );
    }

    #[test]
    fn a_logger_that_wants_a_stream_gets_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let logger = std::os::unix::net::UnixListener::bind(&path).unwrap();
        Syslog::new(path).write(Severity::LOG_NOTICE, "hello");
        let mut text = String::new();
        let (mut stream, _) = logger.accept().unwrap();
        std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
        assert_eq!(
            text,
            format!("<85>authchain[{}]: hello\0", std::process::id())
        );
    }

    #[test]
    fn a_field_cannot_push_the_next_one_off_the_line() {
        assert_eq!(field(&"x".repeat(5000)).len(), MAX_FIELD);
    }

    #[test]
    fn a_missing_logger_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        Syslog::new(dir.path().join("nobody")).write(Severity::LOG_ERR, "lost");
    }

    #[test]
    fn a_hung_logger_loses_the_line_and_not_the_login() {
        let (_dir, path, _logger) = listen();
        let syslog = Syslog::new(path);
        // Linux keeps a queue of 10 datagrams by default (net.unix.max_dgram_qlen), some 500 at most.
        for _ in 0..15 {
            syslog.write(Severity::LOG_ERR, "nobody reads this");
        }
    }

    fn still() -> Moment {
        static BEGIN: OnceLock<Moment> = OnceLock::new();
        *BEGIN.get_or_init(system_clock)
    }

    /// Takes every place in the logger's queue, and every one that becomes free, until nobody reads.
    fn flood(path: &Path) {
        let socket = UnixDatagram::unbound().unwrap();
        socket.connect(path).unwrap();
        while socket.send(b"flood").is_ok() {}
    }

    /// Reads until so many lines of ours have come, or nothing more will; says how many came.
    fn lines_heard(logger: &UnixDatagram, awaited: usize) -> usize {
        let mut heard = 0;
        let mut buffer = [0; 4096];
        while heard < awaited {
            match logger.recv(&mut buffer).unwrap() {
                0 => break,
                n => heard += usize::from(buffer[..n].starts_with(b"<")),
            }
        }
        heard
    }

    #[test]
    fn a_line_gets_through_however_often_a_flooder_is_faster() {
        const LINES: usize = 200;
        let (_dir, path, logger) = listen();
        let mut syslog = Syslog::new(path.clone());
        // It is not to be a matter of time here.
        syslog.clock = still;
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| flood(&path));
            }
            let reader = scope.spawn(|| lines_heard(&logger, LINES));
            for _ in 0..LINES {
                syslog.write(Severity::LOG_NOTICE, "somebody guesses");
            }
            // Whatever was lost, nobody is to wait for it.
            logger.shutdown(Shutdown::Read).unwrap();
            assert_eq!(reader.join().unwrap(), LINES);
        });
    }

    thread_local!(static NOW: Cell<Option<Moment>> = const { Cell::new(None) });

    /// What comes of a logger that answers like this, one after the other, where each wait takes
    /// 30 ms; and how often it was tried.
    fn tried(answers: &[Errno]) -> (nix::Result<()>, usize) {
        let clock: Clock = || NOW.get().unwrap_or_else(still);
        NOW.set(Some(still()));
        let mut answers = answers.iter();
        let mut tries = 0;
        let outcome = persist(
            Deadline::after(clock, PATIENCE),
            || {
                tries += 1;
                answers.next().map_or(Ok(()), |errno| Err(*errno))
            },
            |_| {
                let later = NOW.get().unwrap().checked_add(Duration::from_millis(30));
                NOW.set(later);
            },
        );
        (outcome, tries)
    }

    #[test]
    fn a_busy_logger_is_tried_until_the_time_is_over_and_no_longer() {
        assert_eq!(tried(&[]), (Ok(()), 1));
        assert_eq!(tried(&[Errno::EAGAIN; 4]), (Ok(()), 5));
        assert_eq!(tried(&[Errno::EAGAIN; 9]), (Err(Errno::EAGAIN), 5));
        assert_eq!(tried(&[Errno::EINTR; 9]), (Ok(()), 10), "no failure");
        assert_eq!(tried(&[Errno::ECONNREFUSED]), (Err(Errno::ECONNREFUSED), 1));
    }

    #[test]
    fn nothing_a_stranger_types_starts_a_second_line_or_field() {
        assert_eq!(clean("a\nb\x1b[31m\u{202e}"), "a\\nb\\u{1b}[31m\\u{202e}");
        assert_eq!(
            field("al ice rhost=198.51.100.1\n"),
            "al_ice_rhost_198.51.100.1_"
        );
    }
}
