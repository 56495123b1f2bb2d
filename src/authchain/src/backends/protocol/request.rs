//! Messages: the lines from the module to a worker.

use std::borrow::Cow;

use serde::de::MapAccess;
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use super::members::{Direction, Members, Shape, Value};
use super::object::Object;
use super::{Bytes, Operation, ProtocolError, VERSION, lines};

/// A line from the module.
pub enum Message<'a> {
    /// The first: which backend this is, and how it is set up.
    Hello(Hello),
    /// The second: what to find out, and about whom.
    Question(Question<'a>),
    /// The person's answer to the worker's prompt.
    Answer(Bytes<'a>),
}

/// The first message: everything a worker needs that is not about the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Hello {
    /// The name of the backend in the configuration.
    pub backend: String,
    /// Its `type`.
    pub kind: String,
    /// The keys of its section that belong to its type, defaults filled in.
    pub settings: serde_json::Value,
    /// Servers that were down a moment ago: they are asked last, each for [`probe_ms`] at most.
    ///
    /// [`probe_ms`]: Self::probe_ms
    pub avoid: Vec<String>,
    /// Servers that were down and may be back: they are asked first, each for [`probe_ms`] at
    /// most, and left for the others if they are not connected in that time.
    ///
    /// [`probe_ms`]: Self::probe_ms
    pub probe: Vec<String>,
    /// The longest time, in milliseconds, that connecting to one of these servers may take.
    pub probe_ms: u64,
}

/// A question about one person.
pub struct Question<'a> {
    /// The operation that is asked for.
    pub operation: Operation,
    /// The name, as parsed by [`Username`](crate::words::Username).
    pub user: String,
    /// The password that was typed; with [`Operation::Authenticate`] only, and always there.
    pub password: Option<Bytes<'a>>,
    /// The PAM service, such as `sshd`.
    pub service: String,
    /// The terminal; empty where the host said nothing.
    pub tty: String,
    /// The remote host as the host names it, never resolved; empty where it said nothing.
    pub rhost: String,
    /// The remote or calling user (`PAM_RUSER`), where the host knows.
    pub ruser: String,
    /// Milliseconds until the verdict is due. The module waits a little longer.
    pub budget_ms: u64,
}

/// The members of a hello and of an answer. Those of a question are the words of [`Operation`], and
/// each holds an object with [`QuestionMembers`].
const MEMBERS: &[(&str, Shape<Messages>)] = &[
    ("hello", Shape::Number),
    ("backend", Shape::Text),
    ("type", Shape::Text),
    ("settings", Shape::Own(Messages::Settings)),
    ("avoid", Shape::Texts),
    ("probe", Shape::Texts),
    ("probe_ms", Shape::Number),
    ("answer", Shape::Own(Messages::Answer)),
];

impl Message<'_> {
    /// Returns the message as a line, line feed included.
    ///
    /// # Errors
    /// When it is longer than [`MAX_LINE`](super::MAX_LINE).
    pub fn to_line(&self) -> Result<Zeroizing<Vec<u8>>, ProtocolError> {
        match self {
            Self::Hello(hello) => lines::line(&HelloMessageLine::of(hello)),
            Self::Question(question) => lines::line(&QuestionLine(question)),
            Self::Answer(answer) => lines::line(&AnswerLine { answer }),
        }
    }

    /// Reads a line, with or without its line feed.
    ///
    /// # Errors
    /// For anything that is not exactly one message of the right shape.
    pub fn parse(line: &[u8]) -> Result<Message<'static>, ProtocolError> {
        let mut members = Members::parse(line)?;
        match members.take_head(is_head)? {
            ("hello", Value::Number(version)) => hello(version, &mut members).map(Message::Hello),
            (_, Value::Own(Own::Question(operation, members))) => {
                members.into_question(operation).map(Message::Question)
            }
            (_, Value::Own(Own::Answer(bytes))) => Ok(Message::Answer(bytes)),
            _ => Err(ProtocolError::NoMessage),
        }
    }
}

/// Returns whether a member of this name says which message it is.
fn is_head(name: &str) -> bool {
    ["hello", "answer"].contains(&name) || Operation::named(name).is_some()
}

/// The members that only messages have.
#[derive(Clone, Copy)]
enum Messages {
    Settings,
    Question(Operation),
    Answer,
}

enum Own {
    Settings(serde_json::Value),
    Question(Operation, QuestionMembers<'static>),
    Answer(Bytes<'static>),
}

impl Direction for Messages {
    type Own = Own;

    fn member(name: &str) -> Option<(&'static str, Shape<Self>)> {
        if let Some(operation) = Operation::named(name) {
            return Some((operation.word(), Shape::Own(Self::Question(operation))));
        }
        MEMBERS.iter().find(|(known, _)| *known == name).copied()
    }

    fn read<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<Option<Own>, A::Error> {
        Ok(match self {
            Self::Settings => map.next_value::<Option<_>>()?.map(Own::Settings),
            Self::Answer => map.next_value::<Option<_>>()?.map(Own::Answer),
            Self::Question(operation) => {
                let Object(members) = map.next_value()?;
                Some(Own::Question(operation, members))
            }
        })
    }
}

#[derive(Serialize)]
struct HelloMessageLine<'a> {
    hello: u64,
    backend: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    settings: &'a serde_json::Value,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    avoid: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    probe: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    probe_ms: Option<u64>,
}

impl<'a> HelloMessageLine<'a> {
    fn of(hello: &'a Hello) -> Self {
        Self {
            hello: VERSION,
            backend: &hello.backend,
            kind: &hello.kind,
            settings: &hello.settings,
            avoid: &hello.avoid,
            probe: &hello.probe,
            probe_ms: match hello.avoid.is_empty() && hello.probe.is_empty() {
                true => None,
                false => Some(hello.probe_ms),
            },
        }
    }
}

fn hello(version: u64, members: &mut Members<Messages>) -> Result<Hello, ProtocolError> {
    if version != VERSION {
        return Err(ProtocolError::Version(version));
    }
    Ok(Hello {
        backend: members.text("backend")?,
        kind: members.text("type")?,
        settings: match members.own("settings") {
            Some(Own::Settings(settings)) => settings,
            _ => return Err(ProtocolError::Missing("settings")),
        },
        avoid: members.texts("avoid").unwrap_or_default(),
        probe: members.texts("probe").unwrap_or_default(),
        probe_ms: members.number("probe_ms").unwrap_or_default(),
    })
}

#[derive(Serialize)]
struct AnswerLine<'a> {
    answer: &'a Bytes<'a>,
}

/// An object with one member, whose name is the operation's word.
struct QuestionLine<'a>(&'a Question<'a>);

impl Serialize for QuestionLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = QuestionMembers::of(self.0);
        serializer.collect_map([(self.0.operation.word(), members)])
    }
}

/// The members of the object that holds a question.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = ""))]
struct QuestionMembers<'a> {
    user: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<Bytes<'a>>,
    service: Cow<'a, str>,
    #[serde(default)]
    tty: Cow<'a, str>,
    #[serde(default)]
    rhost: Cow<'a, str>,
    #[serde(default)]
    ruser: Cow<'a, str>,
    budget_ms: u64,
}

impl<'a> QuestionMembers<'a> {
    fn of(question: &'a Question<'_>) -> Self {
        let lend = |bytes: &'a Bytes<'_>| Bytes::Lent(bytes.secret());
        Self {
            user: Cow::from(&question.user),
            password: question.password.as_ref().map(lend),
            service: Cow::from(&question.service),
            tty: Cow::from(&question.tty),
            rhost: Cow::from(&question.rhost),
            ruser: Cow::from(&question.ruser),
            budget_ms: question.budget_ms,
        }
    }
}

impl QuestionMembers<'static> {
    fn into_question(self, operation: Operation) -> Result<Question<'static>, ProtocolError> {
        // A password that the operation has no use for is wiped here.
        let password = self.password.filter(|_| operation.takes_password());
        if operation.takes_password() && password.is_none() {
            return Err(ProtocolError::Missing("password"));
        }
        let texts = [
            &self.user,
            &self.service,
            &self.tty,
            &self.rhost,
            &self.ruser,
        ];
        if texts.iter().any(|text| text.contains('\0')) {
            return Err(ProtocolError::Nul);
        }
        Ok(Question {
            operation,
            user: self.user.into_owned(),
            password,
            service: self.service.into_owned(),
            tty: self.tty.into_owned(),
            rhost: self.rhost.into_owned(),
            ruser: self.ruser.into_owned(),
            budget_ms: self.budget_ms,
        })
    }
}
