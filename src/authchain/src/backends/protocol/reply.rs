//! Replies from a worker to the module, one line each.

use std::time::Duration;

use serde::Serialize;

use super::finding::ServerFinding;
use super::members::{Members, Value};
#[cfg(feature = "manage")]
use super::reply_members::ReplyValue;
use super::reply_members::{ReplyMember, has_nul, is_head};
use super::verdict_line::{VerdictLine, read_conclusion};
use super::wire_words::{ECHOES, SEVERITIES};
use super::{Conclusion, Operation, ProtocolError, VERSION, lines};
#[cfg(feature = "manage")]
use crate::backends::accounts::{Listed, ListedGroup, ListedPerson};

/// A reply from the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
// With `manage`, the entries of lists are large, too.
#[cfg_attr(
    not(feature = "manage"),
    expect(
        clippy::large_enum_variant,
        reason = "there is one at a time, and most are verdicts"
    )
)]
pub enum Reply {
    /// The first: the questions that the worker can be asked.
    Hello(Vec<Operation>),
    /// A question to the person, answered by [`Message::Answer`](super::Message::Answer).
    Prompt {
        /// True if the answer is shown while it is typed.
        echo: bool,
        /// The text that the person reads.
        text: String,
    },
    /// A text for the person.
    Info(String),
    /// A text for the person about something that went wrong.
    Error(String),
    /// The result of one step of the examination of one server.
    Finding(ServerFinding),
    /// An entry of the list that was asked for.
    #[cfg(feature = "manage")]
    Listed(Listed),
    /// The last: the verdict.
    Verdict(Conclusion),
}

impl Reply {
    /// Returns the reply as a line, line feed included.
    ///
    /// # Errors
    /// When it is longer than [`MAX_LINE`](super::MAX_LINE), or means something that the protocol
    /// has no value for.
    pub fn to_line(&self) -> Result<Vec<u8>, ProtocolError> {
        let mut line = match self {
            Self::Hello(can) => lines::encode(&HelloReplyLine {
                hello: VERSION,
                can: can.iter().map(|operation| operation.word()).collect(),
            }),
            Self::Prompt { echo, text } => lines::encode(&PromptLine {
                prompt: ECHOES.word(echo)?,
                text,
            }),
            Self::Info(info) => lines::encode(&InfoLine { info }),
            Self::Error(error) => lines::encode(&ErrorLine { error }),
            Self::Finding(finding) => lines::encode(&FindingLine::of(finding)?),
            #[cfg(feature = "manage")]
            Self::Listed(Listed::Person(person)) => lines::encode(&PersonLine { person }),
            #[cfg(feature = "manage")]
            Self::Listed(Listed::Group(group)) => lines::encode(&GroupLine { group }),
            Self::Verdict(conclusion) => lines::encode(&VerdictLine::of(conclusion)?),
        }?;
        Ok(std::mem::take(&mut *line))
    }

    /// Reads a line, with or without its line feed.
    ///
    /// # Errors
    /// For anything that is not exactly one reply of the right shape.
    pub fn parse(line: &[u8]) -> Result<Self, ProtocolError> {
        let mut members = Members::parse(line)?;
        if members.values().any(has_nul) {
            return Err(ProtocolError::Nul);
        }
        match members.take_head(is_head)? {
            ("hello", Value::Number(version)) => read_hello(version, &mut members),
            ("prompt", Value::Text(word)) => Ok(Self::Prompt {
                echo: ECHOES.meaning(&word)?,
                text: members.text("text")?,
            }),
            ("info", Value::Text(text)) => Ok(Self::Info(text)),
            ("error", Value::Text(text)) => Ok(Self::Error(text)),
            ("finding", Value::Text(word)) => read_finding(&word, &mut members).map(Self::Finding),
            ("verdict", Value::Text(word)) => {
                read_conclusion(&word, &mut members).map(Self::Verdict)
            }
            #[cfg(feature = "manage")]
            (_, Value::Special(ReplyValue::Listed(entry))) => Ok(Self::Listed(entry)),
            _ => Err(ProtocolError::NoMessage),
        }
    }
}

#[cfg(feature = "manage")]
#[derive(Serialize)]
struct PersonLine<'a> {
    person: &'a ListedPerson,
}

#[cfg(feature = "manage")]
#[derive(Serialize)]
struct GroupLine<'a> {
    group: &'a ListedGroup,
}

#[derive(Serialize)]
struct HelloReplyLine {
    hello: u64,
    can: Vec<&'static str>,
}

fn read_hello(version: u64, members: &mut Members<ReplyMember>) -> Result<Reply, ProtocolError> {
    if version != VERSION {
        return Err(ProtocolError::Version(version));
    }
    let can = members.texts("can").ok_or(ProtocolError::Missing("can"))?;
    // Operations that only a later version of the protocol has are left out.
    let known = Operation::ALL.iter().copied();
    let known = known.filter(|operation| can.iter().any(|word| word == operation.word()));
    Ok(Reply::Hello(known.collect()))
}

#[derive(Serialize)]
struct PromptLine<'a> {
    prompt: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct InfoLine<'a> {
    info: &'a str,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    error: &'a str,
}

#[derive(Serialize)]
struct FindingLine<'a> {
    text: &'a str,
    finding: &'static str,
    server: &'a str,
    step: &'a str,
    took_us: u64,
}

impl<'a> FindingLine<'a> {
    fn of(finding: &'a ServerFinding) -> Result<Self, ProtocolError> {
        Ok(Self {
            text: &finding.text,
            finding: SEVERITIES.word(&finding.severity)?,
            server: &finding.server,
            step: &finding.step,
            took_us: u64::try_from(finding.took.as_micros()).unwrap_or(u64::MAX),
        })
    }
}

fn read_finding(
    word: &str,
    members: &mut Members<ReplyMember>,
) -> Result<ServerFinding, ProtocolError> {
    let took = members.number("took_us");
    let took = took.ok_or(ProtocolError::Missing("took_us"))?;
    Ok(ServerFinding {
        severity: SEVERITIES.meaning(word)?,
        server: members.text("server")?,
        step: members.text("step")?,
        took: Duration::from_micros(took),
        text: members.text("text")?,
    })
}
