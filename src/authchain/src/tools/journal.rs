//! The log: one line an event, to the system's logger, never in the way of a login.

use std::fmt;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, send, socket,
};
use syslog::{Facility, LogFormat};

pub use syslog::Severity;

/// Where the system's logger listens.
pub const DEFAULT_SOCKET: &str = "/dev/log";

/// Longest line sent; longer ones are cut, so that a datagram always fits (RFC 3164 §4.1 allows
/// 1024 bytes a packet, every logger in use takes far more).
const MAX_LINE: usize = 2048;

/// Longest value of a field, in characters.
const MAX_FIELD: usize = 256;

/// The most that is quoted of what somebody else says, in characters as they are written.
const MAX_QUOTE: usize = 200;

/// How long a logger that is busy is waited for, in milliseconds. One that never answers costs a
/// login this much a line; one that somebody floods while they guess still hears of it.
const PATIENCE_MS: u8 = 100;

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
}

impl Syslog {
    /// A journal on the socket at `path`, whose lines carry `process` as the program's name.
    pub fn new(path: PathBuf, process: &str) -> Self {
        Self {
            socket: path,
            format: PamFormat {
                process: field(process),
                pid: std::process::id(),
            },
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
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = socket(AddressFamily::Unix, kind, flags, None)?;
        connect(fd.as_raw_fd(), &UnixAddr::new(&self.socket)?)?;
        let transmit = || send(fd.as_raw_fd(), packet, MsgFlags::MSG_NOSIGNAL).map(|_| ());
        match transmit() {
            Err(Errno::EAGAIN) => {
                let mut waited_for = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
                poll(&mut waited_for, PATIENCE_MS)?;
                transmit()
            }
            outcome => outcome,
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

/// `<priority>program[pid]: text`, without a time of our own.
///
/// The crate's formatters stamp lines in UTC, which loggers that believe the stamp read as local
/// time; every logger adds its own where there is none. Asking libc for the local time would open
/// the file that the caller's `TZ` names.
struct PamFormat {
    process: String,
    pid: u32,
}

impl LogFormat<&str> for PamFormat {
    fn format<W: Write>(&self, out: &mut W, severity: Severity, text: &str) -> syslog::Result<()> {
        let priority = Facility::LOG_AUTHPRIV as u8 | severity as u8;
        write!(out, "<{priority}>{}[{}]: {text}", self.process, self.pid)
            .map_err(syslog::Error::Write)
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

/// `text`, which somebody else chose, in double quotes: cleaned, cut, and with its own quotes and
/// backslashes escaped, so that it cannot end where it likes and go on in our words.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    let mut room = MAX_QUOTE;
    for c in text.chars() {
        let written: String = match c {
            '"' | '\\' => ['\\', c].iter().collect(),
            c if is_invisible(c) => c.escape_default().collect(),
            c => c.into(),
        };
        match room.checked_sub(written.chars().count()) {
            Some(left) => room = left,
            None => {
                out.push('…');
                break;
            }
        }
        out.push_str(&written);
    }
    out.push('"');
    out
}

/// The first `length` characters of `text`, and perhaps one more: a quote that was cut off ends there, or
/// what follows would seem to be part of it and what others are quoted with not.
pub fn cut(text: &str, length: usize) -> String {
    let mut out = String::with_capacity(text.len().min(length.saturating_add(1)));
    let (mut is_in_quote, mut is_escaped) = (false, false);
    for c in text.chars().take(length) {
        out.push(c);
        (is_in_quote, is_escaped) = match c {
            '"' if !is_escaped => (!is_in_quote, false),
            '\\' if is_in_quote && !is_escaped => (true, true),
            _ => (is_in_quote, false),
        };
    }
    if is_escaped {
        out.pop();
    }
    if is_in_quote {
        out.push('"');
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
    use std::os::unix::net::UnixDatagram;

    fn listen() -> (tempfile::TempDir, PathBuf, UnixDatagram) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let socket = UnixDatagram::bind(&path).unwrap();
        (dir, path, socket)
    }

    #[test]
    fn a_line_carries_priority_program_pid_and_prefix() {
        let (_dir, path, logger) = listen();
        let syslog = Syslog::new(path, "sshd");
        PamJournal::new(&syslog, "sshd", Phase::Auth).write(Severity::LOG_NOTICE, "hello");
        let mut buffer = [0; 4096];
        let n = logger.recv(&mut buffer).unwrap();
        let pid = std::process::id();
        assert_eq!(
            std::str::from_utf8(&buffer[..n]).unwrap(),
            format!("<85>sshd[{pid}]: pam_authchain(sshd:auth): hello")
        );
    }

    #[test]
    fn a_logger_that_wants_a_stream_gets_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let logger = std::os::unix::net::UnixListener::bind(&path).unwrap();
        Syslog::new(path, "sshd").write(Severity::LOG_NOTICE, "hello");
        let mut text = String::new();
        let (mut stream, _) = logger.accept().unwrap();
        std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
        assert_eq!(text, format!("<85>sshd[{}]: hello\0", std::process::id()));
    }

    #[test]
    fn a_field_cannot_push_the_next_one_off_the_line() {
        assert_eq!(field(&"x".repeat(5000)).len(), MAX_FIELD);
    }

    #[test]
    fn a_missing_logger_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        Syslog::new(dir.path().join("nobody"), "su").write(Severity::LOG_ERR, "lost");
    }

    #[test]
    fn a_hung_logger_loses_the_line_and_not_the_login() {
        let (_dir, path, _logger) = listen();
        let syslog = Syslog::new(path, "su");
        // Linux keeps a queue of 10 datagrams by default (net.unix.max_dgram_qlen), some 500 at most.
        for _ in 0..15 {
            syslog.write(Severity::LOG_ERR, "nobody reads this");
        }
    }

    #[test]
    fn somebody_elses_words_cannot_leave_their_quotes() {
        assert_eq!(quoted("x; root: local"), r#""x; root: local""#);
        assert_eq!(quoted(r#"x"; root: \"#), r#""x\"; root: \\""#);
        assert_eq!(quoted("a\nb"), r#""a\nb""#);
        for filling in ["x", "\"", "\\", "\u{202e}"] {
            let long = quoted(&filling.repeat(5000));
            assert!(long.chars().count() <= MAX_QUOTE + 3, "{long}");
            assert!(long.ends_with("…\""), "{long}");
            for length in 0..long.chars().count() + 2 {
                let cut = cut(&long, length);
                let bare = cut.replace("\\\\", "").replace("\\\"", "");
                assert_eq!(
                    bare.matches('"').count(),
                    if length == 0 { 0 } else { 2 },
                    "{cut}"
                );
            }
        }
        assert_eq!(cut(r#"a "b" c"#, 5), r#"a "b""#);
        assert_eq!(cut(r#"a "b" c"#, 4), r#"a "b""#);
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
