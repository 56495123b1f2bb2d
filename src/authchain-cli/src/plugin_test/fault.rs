//! Faults of an exchange with a plugin, and what to do about them.

use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

use authchain::backends::protocol::ProtocolError;

/// A fault of an exchange.
#[derive(Debug)]
pub(crate) enum TalkFault {
    /// The plugin could not be started.
    NotStarted(String),
    /// It says in place of hello that it cannot serve.
    CannotServe(String),
    /// It ended or hung up without an answer.
    Ended(Option<ExitStatus>),
    /// It said nothing for this long.
    Silent(Duration),
    /// It sent a line that is not of the protocol.
    NotALine(ProtocolError),
    /// It sent a line that is not allowed at this point.
    Unexpected(String),
    /// It asked the person, and nobody was there to answer.
    Unanswered(String),
    /// The socket failed.
    Socket(std::io::Error),
}

impl TalkFault {
    /// Returns what to do about it.
    pub(crate) fn cure(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => {
                "the program and its folders must be root's or your own, executable, and \
                 not writable by others"
            }
            Self::CannotServe(_) => {
                "mend what it names; files that it reads need --read and modes that let the \
                 worker's user read them, servers need --network"
            }
            Self::Ended(_) => {
                "see what it writes to standard error with --unconfined; if it works there, it \
                 needs --read, --network, or a system call that plugins may not make"
            }
            Self::Silent(_) => "answer each question in time, and flush after each line",
            Self::NotALine(_) => {
                "write nothing but one JSON object a line to standard output, with the members \
                 of docs/PROTOCOL.md"
            }
            Self::Unexpected(_) => "see docs/PROTOCOL.md for what may be said at this point",
            Self::Unanswered(_) => "run this on a terminal, or give the answers on standard input",
            Self::Socket(_) => "try again",
        }
    }
}

impl fmt::Display for TalkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(why) => write!(f, "cannot be started: {why}"),
            Self::CannotServe(why) => write!(f, "says that it cannot serve: {why}"),
            Self::Ended(None) => f.write_str("hung up without an answer"),
            Self::Ended(Some(status)) => write!(f, "ended without an answer: {status}"),
            Self::Silent(time) => write!(f, "no answer within {} ms", time.as_millis()),
            Self::NotALine(error) => write!(f, "not a line of the protocol: {error}"),
            Self::Unexpected(what) => write!(f, "{what}"),
            Self::Unanswered(question) => write!(f, "asks {question:?}, and nobody answers"),
            Self::Socket(error) => write!(f, "socket: {error}"),
        }
    }
}
