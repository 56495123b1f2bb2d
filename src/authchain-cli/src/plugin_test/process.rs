//! A running plugin, and our end of its socket.

use std::io::{ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use authchain::backends::protocol::{LineBuffer, Message, Reply};
use authchain::tools::deadline::{Deadline, system_clock};
use nix::poll::{PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::fault::TalkFault;

/// Most lines that a plugin may send, entries of lists aside.
const MAX_LINES: usize = 64;

/// The time in which a plugin that hung up is expected to end.
const A_MOMENT: Duration = Duration::from_millis(200);

/// A plugin that was started. Dropping it kills its process group.
pub(crate) struct PluginProcess {
    child: Child,
    socket: Option<UnixStream>,
    lines: LineBuffer,
    heard: usize,
}

impl PluginProcess {
    pub(crate) fn new(child: Child, socket: UnixStream) -> Self {
        Self {
            child,
            socket: Some(socket),
            lines: LineBuffer::default(),
            heard: 0,
        }
    }

    /// Sends a message.
    pub(crate) fn send(&mut self, message: &Message<'_>) -> Result<(), TalkFault> {
        let line = message.to_line().map_err(TalkFault::NotALine)?;
        self.send_bytes(&line)
    }

    /// Sends bytes that need not be a message.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), TalkFault> {
        let Some(socket) = &mut self.socket else {
            return Err(TalkFault::Ended(None));
        };
        // A plugin that does not read must not stop us for ever.
        let patience = socket.set_write_timeout(Some(Duration::from_secs(5)));
        patience
            .and_then(|()| socket.write_all(bytes))
            .map_err(|error| self.fault(error))
    }

    /// Waits for the next reply.
    pub(crate) fn receive(
        &mut self,
        deadline: Deadline,
        budget: Duration,
    ) -> Result<Reply, TalkFault> {
        loop {
            if let Some(line) = self.lines.next_line().map_err(TalkFault::NotALine)? {
                let reply = Reply::parse(line).map_err(TalkFault::NotALine)?;
                let counts = !matches!(reply, Reply::Listed(_));
                self.heard = self.heard.saturating_add(counts.into());
                if self.heard > MAX_LINES {
                    let text = format!("sends more than {MAX_LINES} lines");
                    return Err(TalkFault::Unexpected(text));
                }
                return Ok(reply);
            }
            let remaining = deadline.remaining();
            if remaining.is_zero() {
                return Err(TalkFault::Silent(budget));
            }
            let Some(socket) = &mut self.socket else {
                return Err(TalkFault::Ended(None));
            };
            let waited = socket.set_read_timeout(Some(remaining));
            match waited.and_then(|()| self.lines.read_from(socket)) {
                Ok(0) => return Err(TalkFault::Ended(self.ends_within(A_MOMENT))),
                Ok(_) => {}
                Err(error) if is_in_time(&error) => {}
                Err(error) => return Err(self.fault(error)),
            }
        }
    }

    /// Closes the socket, as the end of a host does.
    pub(crate) fn hang_up(&mut self) {
        self.socket = None;
    }

    /// Kills it and what it has started.
    pub(crate) fn kill(&mut self) {
        let group = i32::try_from(self.child.id()).map(Pid::from_raw);
        if let (Ok(group), Ok(None)) = (group, self.child.try_wait()) {
            let _ = killpg(group, Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Returns how it ended; `None` if it does not within `time`.
    pub(crate) fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let deadline = Deadline::after(system_clock, time);
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if deadline.remaining().is_zero() {
                return None;
            }
            let _ = poll(&mut [], PollTimeout::from(2_u8));
        }
    }

    fn fault(&mut self, error: std::io::Error) -> TalkFault {
        match error.kind() {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
                TalkFault::Ended(self.ends_within(A_MOMENT))
            }
            _ => TalkFault::Socket(error),
        }
    }
}

impl Drop for PluginProcess {
    fn drop(&mut self) {
        self.hang_up();
        self.kill();
    }
}

/// Returns whether an error of reading only means that nothing has come yet.
fn is_in_time(error: &std::io::Error) -> bool {
    [
        ErrorKind::WouldBlock,
        ErrorKind::TimedOut,
        ErrorKind::Interrupted,
    ]
    .contains(&error.kind())
}
