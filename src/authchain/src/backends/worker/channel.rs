//! One end of a stream socket, with a deadline on everything.

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};

use super::fault::WorkerFault;
use crate::backends::protocol::{LineBuffer, Reply};
use crate::tools::deadline::{Deadline, poll_timeout};

/// Most lines that a worker may send: hello and verdict, one for each question to the person, a few
/// texts. The deadline ends every exchange, but the time a person takes to type does not count.
const MAX_REPLIES: usize = 64;

/// The module's end of the socket.
pub(super) struct Channel {
    socket: Socket,
    lines: LineBuffer,
    replies: usize,
    limit: usize,
}

impl Channel {
    /// Returns a channel, and the other end for the worker.
    pub(super) fn pair() -> nix::Result<(Self, OwnedFd)> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::Stream, None, flags)?;
        let channel = Self {
            socket: Socket(above_streams(ours)?),
            lines: LineBuffer::default(),
            replies: 0,
            limit: MAX_REPLIES,
        };
        Ok((channel, above_streams(theirs)?))
    }

    #[cfg(feature = "examine")]
    pub(super) fn allow_replies(&mut self, limit: usize) {
        self.limit = limit;
    }

    pub(super) fn send(&mut self, line: &[u8], deadline: Deadline) -> Result<(), WorkerFault> {
        let mut rest = line;
        while !rest.is_empty() {
            let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
            match send(self.socket.0.as_raw_fd(), rest, flags) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::EAGAIN) => self.wait(PollFlags::POLLOUT, deadline)?,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(fault(errno)),
            }
        }
        Ok(())
    }

    pub(super) fn receive(&mut self, deadline: Deadline) -> Result<Reply, WorkerFault> {
        loop {
            if let Some(line) = self.lines.next_line().map_err(WorkerFault::Protocol)? {
                self.replies = self.replies.saturating_add(1);
                if self.replies > self.limit {
                    return Err(WorkerFault::Unexpected(format!(
                        "more than {} lines",
                        self.limit
                    )));
                }
                return Reply::parse(line).map_err(WorkerFault::Protocol);
            }
            match self.lines.read_from(&mut self.socket) {
                Ok(0) => return Err(WorkerFault::Ended(None)),
                Ok(_) => {}
                Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                    Some(Errno::EAGAIN) => self.wait(PollFlags::POLLIN, deadline)?,
                    Some(Errno::EINTR) => {}
                    errno => return Err(fault(errno.unwrap_or(Errno::EIO))),
                },
            }
        }
    }

    /// Waits until the socket is ready for `what`, but not beyond the deadline.
    ///
    /// An answer that arrived before the deadline counts even if it is read after it: the caller of
    /// su can stop this process until the deadline is over, and that must not look as if the worker
    /// had been silent.
    fn wait(&self, what: PollFlags, deadline: Deadline) -> Result<(), WorkerFault> {
        loop {
            let remaining = deadline.remaining();
            let mut fds = [PollFd::new(self.socket.0.as_fd(), what)];
            match poll(&mut fds, poll_timeout(remaining)) {
                Ok(0) if remaining.is_zero() => return Err(WorkerFault::TimedOut),
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(()),
                Err(errno) => return Err(WorkerFault::Socket(errno)),
            }
        }
    }
}

/// Translates an error of the socket; a broken one means that the worker has ended.
fn fault(errno: Errno) -> WorkerFault {
    match errno {
        Errno::EPIPE | Errno::ECONNRESET => WorkerFault::Ended(None),
        _ => WorkerFault::Socket(errno),
    }
}

/// Moves the socket beyond stdin, stdout and stderr, which some hosts have closed: else what
/// another thread prints meanwhile would end up in the socket.
fn above_streams(fd: OwnedFd) -> nix::Result<OwnedFd> {
    if fd.as_raw_fd() > 2 {
        return Ok(fd);
    }
    // std duplicates to 3 at least, and with CLOEXEC.
    let errno = |error: io::Error| Errno::from_raw(error.raw_os_error().unwrap_or_default());
    fd.try_clone().map_err(errno)
}

struct Socket(OwnedFd);

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(recv(self.0.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?)
    }
}
