//! Faults between this process and a worker.

use std::fmt;

use nix::errno::Errno;

use crate::backends::protocol::ProtocolError;
use crate::tools::trusted_file::FileError;
use crate::words::BackendError;

/// A fault of a worker, or of the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backends) enum WorkerFault {
    /// Its program may not be used.
    Program(FileError),
    /// It could not be started.
    Start(Errno),
    /// It ended, or hung up, before it had answered.
    Ended(Option<String>),
    /// The time was over before it had answered.
    TimedOut,
    /// The socket to it failed.
    Socket(Errno),
    /// It has sent a line that is not of the protocol.
    Protocol(ProtocolError),
    /// It has sent a line that is not allowed at this point.
    Unexpected(String),
    /// The protocol has no line for the message to it.
    Unsent(ProtocolError),
}

impl fmt::Display for WorkerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(error) => write!(f, "worker {error}"),
            Self::Start(Errno::EAGAIN) => f.write_str(
                "worker: cannot be started: the limit on processes is reached; raise \
                 RLIMIT_NPROC, in a unit LimitNPROC or TasksMax",
            ),
            Self::Start(errno) => write!(f, "worker: cannot be started: {}", errno.desc()),
            Self::Ended(None) => f.write_str("worker: ended without an answer"),
            Self::Ended(Some(how)) => write!(f, "worker: ended without an answer: {how}"),
            Self::TimedOut => f.write_str("worker: no answer in time"),
            Self::Socket(errno) => write!(f, "worker: {}", errno.desc()),
            Self::Protocol(error) => write!(f, "worker: {error}"),
            Self::Unexpected(what) => write!(f, "worker: {what}"),
            Self::Unsent(error) => write!(f, "the question is {error}"),
        }
    }
}

/// Whatever is wrong with a worker says nothing about the servers: the caller of su can stop it,
/// starve it, and kill it while it still has the caller's real user id.
impl From<WorkerFault> for BackendError {
    fn from(fault: WorkerFault) -> Self {
        Self::Failed(match fault {
            WorkerFault::Protocol(_) | WorkerFault::Unexpected(_) => {
                format!("not a valid answer: {fault}")
            }
            _ => fault.to_string(),
        })
    }
}
