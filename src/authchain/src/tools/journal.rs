//! The log: one line for each event, sent to the system's logger. No login waits long for it.

mod text;

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, poll, ppoll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, send, socket,
};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::unistd::{geteuid, getuid};
use syslog::{Facility, LogFormat};

use super::deadline::{Clock, Deadline, poll_timeout, system_clock};

pub use syslog::Severity;
pub use text::{clean, cut, field, quoted};

/// The socket of the system's logger.
pub const DEFAULT_SOCKET: &str = "/dev/log";

/// The tag of every line. It is not the name of the host program, because the caller of su could
/// start su by a link named `sshd`. The PAM service and the user stand in the prefix and in the
/// line.
const TAG: &str = "authchain";

/// Maximum length of a line that is sent, in bytes; longer ones are cut. RFC 3164 §4.1 allows 1024
/// bytes a packet, but every logger in use takes far more.
const MAX_LINE: usize = 2048;

/// The time for which a busy logger is tried. A logger that hangs costs a login this much for each
/// line. If somebody floods it to hide their guesses, many places in its queue become free in this
/// time, and we get one of them.
const PATIENCE: Duration = Duration::from_millis(100);

/// Maximum length of a line that the kernel's log takes whole, in bytes (`PRINTKRB_RECORD_MAX`,
/// less the kernel's own part).
const MAX_KERNEL_LINE: usize = 900;

/// The kernel's log, which only root can write and nobody can fill. Loggers read it, too.
const KERNEL_LOG: &str = "/dev/kmsg";

/// A log that lines can be written to.
pub trait Journal {
    /// Writes one line. It cannot fail: a logger that is away must not keep anybody out.
    fn write(&self, severity: Severity, line: &str);
}

/// The system's logger. Each line opens a new connection.
///
/// A connection that is kept open breaks when the logger restarts, and would have to be kept in the
/// host program between two calls. A new connection costs about 20 µs. If the logger hangs, the
/// line goes to the kernel's log, and is lost if that cannot be written either; the login goes on.
pub struct Syslog {
    socket: PathBuf,
    format: PamFormat,
    clock: Clock,
    /// The time for which a busy logger is tried before the line goes to the kernel's log.
    patience: Duration,
    kernel_log: PathBuf,
}

impl Syslog {
    /// Builds a journal on the socket at `path`.
    ///
    /// In su, the caller may flood the logger and kill this process while it waits. There the line
    /// goes to the kernel's log at once if the logger is busy.
    pub fn new(path: PathBuf) -> Self {
        let has_caller = getuid() != geteuid();
        Self {
            socket: path,
            format: PamFormat {
                pid: std::process::id(),
            },
            clock: system_clock,
            patience: if has_caller { Duration::ZERO } else { PATIENCE },
            kernel_log: PathBuf::from(KERNEL_LOG),
        }
    }

    /// Sends a line over a datagram socket, or over a stream socket if the logger listens on one,
    /// as syslog(3) does.
    fn send(&self, packet: &[u8], patience: Duration) -> nix::Result<()> {
        match self.send_over(SockType::Datagram, packet, patience) {
            Err(Errno::EPROTOTYPE) => {
                // On a stream a NUL ends the line.
                self.send_over(SockType::Stream, &[packet, b"\0"].concat(), patience)
            }
            outcome => outcome,
        }
    }

    /// Writes a line to the kernel's log, with a newline: without one, the kernel waits for the
    /// rest of the line, and no logger reads it (seen on Linux 6.18).
    fn send_to_kernel(&self, packet: &[u8]) -> io::Result<()> {
        let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_NOFOLLOW).bits();
        let mut options = OpenOptions::new();
        let mut log = options
            .write(true)
            .custom_flags(flags)
            .open(&self.kernel_log)?;
        let line = packet.get(..MAX_KERNEL_LINE).unwrap_or(packet);
        log.write_all(&[line, b"\n"].concat())
    }

    fn send_over(&self, kind: SockType, packet: &[u8], patience: Duration) -> nix::Result<()> {
        let deadline = Deadline::after(self.clock, patience);
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = socket(AddressFamily::Unix, kind, flags, None)?;
        let address = UnixAddr::new(&self.socket)?;
        retry(
            deadline,
            || connect(fd.as_raw_fd(), &address),
            // poll(2) does not tell when the backlog of a stream socket has room again.
            |_| {
                let _ = ppoll(&mut [], Some(TimeSpec::milliseconds(1)), None);
            },
        )?;
        retry(
            deadline,
            || send(fd.as_raw_fd(), packet, MsgFlags::MSG_NOSIGNAL).map(drop),
            |remaining| {
                let mut room = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
                let _ = poll(&mut room, poll_timeout(remaining));
            },
        )
    }
}

/// Calls `attempt` until it succeeds, fails for good, or `deadline` is over; `wait` waits for room
/// after each EAGAIN. One wait may not be enough: a process that floods the logger may take the
/// free place first.
fn retry(
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
            // ENOMEM: the caller's control group may leave no memory for the packet.
            let full = [Errno::EAGAIN, Errno::ENOBUFS, Errno::ENOMEM];
            let sent = self.send(&packet, self.patience);
            let is_busy = sent.is_err_and(|errno| full.contains(&errno));
            if is_busy && self.send_to_kernel(&packet).is_err() && self.patience < PATIENCE {
                // Should that fail too, there is nowhere left to report it.
                let _ = self.send(&packet, PATIENCE);
            }
        }
    }
}

/// `<priority>authchain[pid]: text`, without a time of our own.
///
/// The formatters of the crate `syslog` write the time in UTC, which some loggers read as local
/// time. Every logger adds the time to a line that has none. Asking libc for the local time would
/// open the file that the caller's `TZ` names.
struct PamFormat {
    pid: u32,
}

impl LogFormat<&str> for PamFormat {
    fn format<W: Write>(&self, out: &mut W, severity: Severity, text: &str) -> syslog::Result<()> {
        let priority = Facility::LOG_AUTHPRIV as u8 | severity as u8;
        write!(out, "<{priority}>{TAG}[{}]: {text}", self.pid).map_err(syslog::Error::Write)
    }
}

/// The phases of a login, as the prefix of a log line names them.
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
    /// Builds the journal for one call of one service.
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
mod tests;
