//! A worker process, as seen by the module: started, spoken to, ended.

mod channel;
mod child;
mod reaper;

use std::fmt;
use std::path::Path;

use nix::errno::Errno;

use self::channel::Channel;
use self::child::Child;
pub use self::reaper::Reaper;
use super::protocol::{Message, ProtocolError, Reply};
use crate::tools::deadline::Deadline;
use crate::tools::trusted_file::FileError;
use crate::words::BackendError;

/// A worker that lives as long as this value.
///
/// Nothing of it is left when its reaper is gone: no process, zombie, descriptor or changed signal
/// mask.
pub(super) struct Worker<'r> {
    // Dropped in this order: the closed socket is what tells a worker to end.
    channel: Channel,
    child: Child,
    reaper: &'r Reaper,
}

impl<'r> Worker<'r> {
    /// Starts the program at `path`, which is to become `user`.
    pub(super) fn start(path: &Path, user: &str, reaper: &'r Reaper) -> Result<Self, Fault> {
        let (channel, theirs) = Channel::pair().map_err(Fault::Start)?;
        reaper.block().map_err(Fault::Start)?;
        let child = Child::start(path, user, &theirs)?;
        Ok(Self {
            channel,
            child,
            reaper,
        })
    }

    /// Allows so many lines from the worker, more than one question needs.
    #[cfg(feature = "examine")]
    pub(super) fn allow_replies(&mut self, limit: usize) {
        self.channel.allow_replies(limit);
    }

    /// Says something.
    pub(super) fn send(&mut self, message: &Message<'_>, deadline: Deadline) -> Result<(), Fault> {
        let line = message.to_line().map_err(Fault::Unsayable)?;
        let sent = self.channel.send(&line, deadline);
        sent.map_err(|fault| self.explained(fault))
    }

    /// Waits for what the worker says next.
    pub(super) fn receive(&mut self, deadline: Deadline) -> Result<Reply, Fault> {
        let reply = self.channel.receive(deadline);
        reply.map_err(|fault| self.explained(fault))
    }

    /// Ends the worker without waiting until it has ended: the reaper waits.
    pub(super) fn leave(self) {
        let Self {
            channel,
            child,
            reaper,
        } = self;
        drop(channel);
        let _ = child.kill();
        reaper.take(child);
    }

    /// Adds how the worker ended to a fault, for the log: a worker that hung up has usually ended.
    fn explained(&mut self, fault: Fault) -> Fault {
        match fault {
            Fault::Ended(_) => Fault::Ended(self.child.how_it_ended()),
            other => other,
        }
    }
}

/// What can be wrong with a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Its program may not be used.
    Program(FileError),
    /// It could not be started.
    Start(Errno),
    /// It ended, or hung up, before it had answered.
    Ended(Option<String>),
    /// The time was over before it had answered.
    Silent,
    /// The socket to it failed.
    Socket(Errno),
    /// What it said is not of the protocol.
    Protocol(ProtocolError),
    /// It sent something that is not allowed at this point.
    OutOfPlace(String),
    /// The message for it is too long for the protocol.
    Unsayable(ProtocolError),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(error) => write!(f, "worker {error}"),
            Self::Start(errno) => write!(f, "worker: cannot be started: {}", errno.desc()),
            Self::Ended(None) => f.write_str("worker: ended without an answer"),
            Self::Ended(Some(how)) => write!(f, "worker: ended without an answer: {how}"),
            Self::Silent => f.write_str("worker: no answer in time"),
            Self::Socket(errno) => write!(f, "worker: {}", errno.desc()),
            Self::Protocol(error) => write!(f, "worker: {error}"),
            Self::OutOfPlace(what) => write!(f, "worker: {what}"),
            Self::Unsayable(error) => write!(f, "the question is {error}"),
        }
    }
}

/// Whatever is wrong with a worker says nothing about the servers: the caller of su can stop it,
/// starve it, and kill it while it still has the caller's real user id.
impl From<Fault> for BackendError {
    fn from(fault: Fault) -> Self {
        Self::Failed(match fault {
            Fault::Protocol(_) | Fault::OutOfPlace(_) => format!("not a valid answer: {fault}"),
            _ => fault.to_string(),
        })
    }
}
