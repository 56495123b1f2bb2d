//! Messages from the module to a worker, one line each.

use std::borrow::Cow;

use serde::de::MapAccess;
use serde::{Deserialize, Serialize, Serializer, ser};
use zeroize::Zeroizing;

#[cfg(feature = "manage")]
use super::account_task::{AccountTask, AccountTaskLine, AccountTaskMembers};
use super::change::PasswordChange;
use super::groups::check_groups;
use super::members::{Direction, Members, Shape, Value};
use super::object::Object;
use super::wire_words::KINDS;
use super::{Bytes, Operation, ProtocolError, VERSION, lines};

/// A message from the module.
pub enum Message<'a> {
    /// The first: which backend this is, and how it is set up.
    Hello(Hello),
    /// The second: what to find out, and about whom.
    Question(Question<'a>),
    /// The second, from the command: what to do about the accounts of the source.
    #[cfg(feature = "manage")]
    Task(AccountTask),
    /// The person's answer to the worker's prompt.
    Answer(Bytes<'a>),
}

/// The first message: everything a worker needs that is not about the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Hello {
    /// The name of the backend in the configuration.
    pub backend: String,
    /// The `type` of the backend.
    pub kind: String,
    /// The settings of this backend type from the backend's section, with defaults filled in.
    pub settings: serde_json::Value,
    /// Servers that were down a moment ago. They are asked last; one that does not answer within
    /// [`probe_ms`](Self::probe_ms) is given up.
    pub avoid: Vec<String>,
    /// Servers that were down and may be back. They are tried first; one that is not connected
    /// within [`probe_ms`](Self::probe_ms) is given up, and the next server is tried.
    pub probe: Vec<String>,
    /// Maximum time to connect to one of these servers, in milliseconds; 0 if both lists are empty.
    pub probe_ms: u64,
}

/// A question about one person.
pub struct Question<'a> {
    /// The operation, which is the name of the member that holds the question.
    pub operation: Operation,
    /// The login name, in the form that [`Username`](crate::words::Username) allows.
    pub user: String,
    /// The typed password; present exactly if the operation is [`Operation::Authenticate`].
    pub password: Option<Bytes<'a>>,
    /// The change; present exactly if the operation is [`Operation::ChangePassword`].
    pub change: Option<PasswordChange<'a>>,
    /// The answer to the question that the module asked for the worker; only with
    /// [`Operation::Confirm`].
    pub answer: Option<Bytes<'a>>,
    /// `PAM_SERVICE`, such as `sshd`.
    pub service: String,
    /// `PAM_TTY`; empty if not set.
    pub tty: String,
    /// `PAM_RHOST` as the program set it, never resolved; empty if not set.
    pub rhost: String,
    /// `PAM_RUSER`; empty if not set.
    pub ruser: String,
    /// The groups to find out about, by name or decimal group id: in which of them the user is.
    pub groups: Vec<String>,
    /// Milliseconds until the verdict is due. The module waits a little longer.
    pub budget_ms: u64,
}

/// The members of a hello and of an answer, with the shapes of their values. A question has one
/// member, named after its operation, whose value is an object of [`QuestionMembers`].
const MEMBERS: &[(&str, Shape<MessageMember>)] = &[
    ("hello", Shape::Number),
    ("backend", Shape::Text),
    ("type", Shape::Text),
    ("settings", Shape::Special(MessageMember::Settings)),
    ("avoid", Shape::Texts),
    ("probe", Shape::Texts),
    ("probe_ms", Shape::Number),
    ("answer", Shape::Special(MessageMember::Answer)),
];

impl Message<'_> {
    /// Returns the message as a line, line feed included.
    ///
    /// # Errors
    /// When it is longer than [`MAX_LINE`](super::MAX_LINE), or asks about groups that a question
    /// cannot ask about ([`check_groups`]).
    pub fn to_line(&self) -> Result<Zeroizing<Vec<u8>>, ProtocolError> {
        match self {
            Self::Hello(hello) => lines::encode(&HelloRequestLine::of(hello)),
            Self::Question(question) => {
                check_groups(&question.groups)?;
                lines::encode(&QuestionLine(question))
            }
            #[cfg(feature = "manage")]
            Self::Task(task) => lines::encode(&AccountTaskLine(task)),
            Self::Answer(answer) => lines::encode(&AnswerLine { answer }),
        }
    }

    /// Reads a line, with or without its line feed.
    ///
    /// # Errors
    /// For anything that is not exactly one message of the right shape.
    pub fn parse(line: &[u8]) -> Result<Message<'static>, ProtocolError> {
        let mut members = Members::parse(line)?;
        match members.take_head(is_head)? {
            ("hello", Value::Number(version)) => {
                read_hello(version, &mut members).map(Message::Hello)
            }
            (_, Value::Special(MessageValue::Question(operation, members))) => {
                members.into_question(operation).map(Message::Question)
            }
            #[cfg(feature = "manage")]
            (_, Value::Special(MessageValue::Task(operation, members))) => {
                members.into_task(operation).map(Message::Task)
            }
            (_, Value::Special(MessageValue::Answer(bytes))) => Ok(Message::Answer(bytes)),
            _ => Err(ProtocolError::NoMessage),
        }
    }
}

/// Returns whether a member of this name tells the kind of the message.
fn is_head(name: &str) -> bool {
    ["hello", "answer"].contains(&name) || Operation::named(name).is_some()
}

/// The members of messages whose values [`Direction::read`] reads.
#[derive(Clone, Copy)]
enum MessageMember {
    Settings,
    Question(Operation),
    #[cfg(feature = "manage")]
    Task(Operation),
    Answer,
}

/// The values of [`MessageMember`].
enum MessageValue {
    Settings(serde_json::Value),
    Question(Operation, Box<QuestionMembers<'static>>),
    #[cfg(feature = "manage")]
    Task(Operation, Box<AccountTaskMembers<'static>>),
    Answer(Bytes<'static>),
}

impl Direction for MessageMember {
    type Special = MessageValue;

    fn member(name: &str) -> Option<(&'static str, Shape<Self>)> {
        if let Some(operation) = Operation::named(name) {
            #[cfg(feature = "manage")]
            if operation.is_account_task() {
                return Some((operation.word(), Shape::Special(Self::Task(operation))));
            }
            return Some((operation.word(), Shape::Special(Self::Question(operation))));
        }
        MEMBERS.iter().find(|(known, _)| *known == name).copied()
    }

    fn read<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<Option<MessageValue>, A::Error> {
        Ok(match self {
            // A null counts as missing here, as with texts and numbers.
            Self::Settings => map.next_value::<Option<_>>()?.map(MessageValue::Settings),
            Self::Answer => map.next_value::<Option<_>>()?.map(MessageValue::Answer),
            Self::Question(operation) => {
                let Object(members) = map.next_value()?;
                Some(MessageValue::Question(operation, Box::new(members)))
            }
            #[cfg(feature = "manage")]
            Self::Task(operation) => {
                let Object(members) = map.next_value()?;
                Some(MessageValue::Task(operation, Box::new(members)))
            }
        })
    }
}

#[derive(Serialize)]
struct HelloRequestLine<'a> {
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

impl<'a> HelloRequestLine<'a> {
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

fn read_hello(version: u64, members: &mut Members<MessageMember>) -> Result<Hello, ProtocolError> {
    if version != VERSION {
        return Err(ProtocolError::Version(version));
    }
    Ok(Hello {
        backend: members.text("backend")?,
        kind: members.text("type")?,
        settings: match members.special("settings") {
            Some(MessageValue::Settings(settings)) => settings,
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

/// An object with one member, which is named after the operation.
struct QuestionLine<'a>(&'a Question<'a>);

impl Serialize for QuestionLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = QuestionMembers::of(self.0).map_err(ser::Error::custom)?;
        serializer.collect_map([(self.0.operation.word(), members)])
    }
}

/// A question without its operation, as JSON; it borrows when written and owns when read.
#[derive(Serialize, Deserialize)]
// `Bytes` are read as owned, so no bound ties them to the line.
#[serde(bound(deserialize = ""))]
struct QuestionMembers<'a> {
    user: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<Bytes<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old_password: Option<Bytes<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    new_password: Option<Bytes<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Bytes<'a>>,
    service: Cow<'a, str>,
    #[serde(default)]
    tty: Cow<'a, str>,
    #[serde(default)]
    rhost: Cow<'a, str>,
    #[serde(default)]
    ruser: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    groups: Cow<'a, [String]>,
    budget_ms: u64,
}

impl<'a> QuestionMembers<'a> {
    fn of(question: &'a Question<'_>) -> Result<Self, ProtocolError> {
        let lend = |bytes: &'a Bytes<'_>| Bytes::Lent(bytes.secret());
        let change = question.change.as_ref();
        let kind = change.map(|change| KINDS.word(&change.kind)).transpose()?;
        Ok(Self {
            user: Cow::from(&question.user),
            password: question.password.as_ref().map(lend),
            kind: kind.map(Cow::from),
            old_password: change.and_then(|change| change.old.as_ref()).map(lend),
            new_password: change.and_then(|change| change.new.as_ref()).map(lend),
            answer: question.answer.as_ref().map(lend),
            service: Cow::from(&question.service),
            tty: Cow::from(&question.tty),
            rhost: Cow::from(&question.rhost),
            ruser: Cow::from(&question.ruser),
            groups: Cow::from(&question.groups),
            budget_ms: question.budget_ms,
        })
    }
}

impl QuestionMembers<'static> {
    fn into_question(self, operation: Operation) -> Result<Question<'static>, ProtocolError> {
        // `filter` drops, and so wipes, a password that the operation does not take.
        let password = self.password.filter(|_| operation.takes_password());
        if operation.takes_password() && password.is_none() {
            return Err(ProtocolError::Missing("password"));
        }
        let change = match operation {
            Operation::ChangePassword => Some(PasswordChange::of_members(
                self.kind.as_deref(),
                self.old_password,
                self.new_password,
            )?),
            _ => None,
        };
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
        check_groups(&self.groups)?;
        Ok(Question {
            operation,
            user: self.user.into_owned(),
            password,
            change,
            answer: self.answer.filter(|_| operation == Operation::Confirm),
            service: self.service.into_owned(),
            tty: self.tty.into_owned(),
            rhost: self.rhost.into_owned(),
            ruser: self.ruser.into_owned(),
            groups: self.groups.into_owned(),
            budget_ms: self.budget_ms,
        })
    }
}
