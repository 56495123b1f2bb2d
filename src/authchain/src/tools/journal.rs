//! The log: one line an event, to the system's logger, never in the way of a login.

use std::fmt;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, sendto, socket};
use syslog::{Facility, LogFormat};

pub use syslog::Severity;

/// Where the system's logger listens.
pub const DEFAULT_SOCKET: &str = "/dev/log";

/// Longest line sent; longer ones are cut, so that a datagram always fits (RFC 3164 §4.1 allows
/// 1024 bytes a packet, every logger in use takes far more).
const MAX_LINE: usize = 2048;

/// Something that lines can be written to.
pub trait Journal {
    /// Writes one line. It cannot fail: a logger that is away must not keep anybody out.
    fn write(&self, severity: Severity, line: &str);
}

/// The system's logger, reached anew for each line.
///
/// A connection kept open dies with the daemon and would have to live inside the host program
/// between two calls; opening one costs about 20 µs. The socket never blocks: where the logger is
/// hung, the line is lost, not the login.
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

    fn send(&self, packet: &[u8]) -> nix::Result<()> {
        let address = UnixAddr::new(&self.socket)?;
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
        sendto(fd.as_raw_fd(), packet, &address, MsgFlags::MSG_NOSIGNAL)?;
        Ok(())
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

/// `text` as the value of a `key=value` field: cleaned, and with blanks written out too, so that
/// no value can look like a field of its own.
pub fn field(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
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
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
    fn a_missing_logger_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        Syslog::new(dir.path().join("nobody"), "su").write(Severity::LOG_ERR, "lost");
    }

    #[test]
    fn a_hung_logger_loses_the_line_and_not_the_login() {
        let (_dir, path, _logger) = listen();
        let syslog = Syslog::new(path, "su");
        for _ in 0..2000 {
            syslog.write(Severity::LOG_ERR, "nobody reads this");
        }
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
