//! What the module says to a worker.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::object::{maybe_object, parse};
use super::{Bytes, Operation, ProtocolError, VERSION, lines};

/// A line from the module.
pub enum Message<'a> {
    /// The first: which backend this is, and how it is set up.
    Hello(Hello),
    /// The second: what to find out, and about whom.
    Question(Question<'a>),
    /// What the person answered to the worker's prompt.
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
    /// Servers known to be down: they are not to be asked.
    pub avoid: Vec<String>,
    /// Servers that were down and may be back: they are asked first, each for [`probe_ms`] at
    /// most, and left for the others if they do not answer in that time.
    ///
    /// [`probe_ms`]: Self::probe_ms
    pub probe: Vec<String>,
    /// How long a server in [`probe`](Self::probe) may take to answer at all.
    pub probe_ms: u64,
}

/// A question about one person.
pub struct Question<'a> {
    /// What is asked.
    pub operation: Operation,
    /// The name, as parsed by [`Username`](crate::words::Username).
    pub user: String,
    /// What was typed; with [`Operation::Authenticate`] only, and always there.
    pub password: Option<Bytes<'a>>,
    /// The PAM service, such as `sshd`.
    pub service: String,
    /// The terminal; empty where the host said nothing.
    pub tty: String,
    /// The remote host as the host names it, never resolved; empty where it said nothing.
    pub rhost: String,
    /// Who asks, where the host knows.
    pub ruser: String,
    /// Milliseconds until the verdict is due. The module waits a little longer.
    pub budget_ms: u64,
}

impl Message<'_> {
    /// Returns the message as a line, line feed included.
    ///
    /// # Errors
    /// When it is longer than [`MAX_LINE`](super::MAX_LINE).
    pub fn to_line(&self) -> Result<Zeroizing<Vec<u8>>, ProtocolError> {
        match self {
            Self::Hello(hello) => lines::line(&Raw::from(hello)),
            Self::Answer(bytes) => lines::line(&Raw {
                answer: Some(bytes.lend()),
                ..Raw::default()
            }),
            Self::Question(question) => lines::line(&Raw::from(question)),
        }
    }

    /// Reads a line, with or without its line feed.
    ///
    /// # Errors
    /// For anything that is not exactly one message of the right shape.
    pub fn parse(line: &[u8]) -> Result<Message<'static>, ProtocolError> {
        let raw: Raw<'static> = parse(line)?;
        match raw {
            Raw {
                hello: Some(VERSION),
                authenticate: None,
                lookup: None,
                account: None,
                #[cfg(feature = "examine")]
                    examine: None,
                answer: None,
                ..
            } => raw.into_hello(),
            Raw {
                hello: Some(theirs),
                ..
            } if theirs != VERSION => Err(ProtocolError::Version(theirs)),
            Raw {
                hello: None,
                answer: Some(bytes),
                authenticate: None,
                lookup: None,
                account: None,
                #[cfg(feature = "examine")]
                    examine: None,
                ..
            } => Ok(Message::Answer(bytes)),
            Raw {
                hello: None,
                answer: None,
                authenticate,
                lookup,
                account,
                #[cfg(feature = "examine")]
                examine,
                ..
            } => question(&mut [
                authenticate,
                lookup,
                account,
                #[cfg(feature = "examine")]
                examine,
            ]),
            _ => Err(ProtocolError::NoMessage),
        }
    }
}

/// Returns the one question among those there may be, in the order of [`Operation::ALL`].
fn question(asked: &mut [Option<RawQuestion<'static>>]) -> Result<Message<'static>, ProtocolError> {
    let mut asked = (Operation::ALL.iter().zip(asked))
        .filter_map(|(operation, raw)| raw.take().map(|raw| (*operation, raw)));
    let (Some((operation, raw)), None) = (asked.next(), asked.next()) else {
        return Err(ProtocolError::NoMessage);
    };
    raw.into_question(operation).map(Message::Question)
}

impl<'a> Bytes<'a> {
    fn lend(&'a self) -> Self {
        Self::Lent(self.secret())
    }
}

/// The object on the line: every member of every message.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, bound(deserialize = ""))]
struct Raw<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    hello: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    avoid: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    probe: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe_ms: Option<u64>,
    #[serde(
        deserialize_with = "maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    authenticate: Option<RawQuestion<'a>>,
    #[serde(
        deserialize_with = "maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    lookup: Option<RawQuestion<'a>>,
    #[serde(
        deserialize_with = "maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    account: Option<RawQuestion<'a>>,
    #[cfg(feature = "examine")]
    #[serde(
        deserialize_with = "maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    examine: Option<RawQuestion<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Bytes<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = ""))]
struct RawQuestion<'a> {
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<Bytes<'a>>,
    service: String,
    #[serde(default)]
    tty: String,
    #[serde(default)]
    rhost: String,
    #[serde(default)]
    ruser: String,
    budget_ms: u64,
}

impl From<&Hello> for Raw<'_> {
    fn from(hello: &Hello) -> Self {
        let hello = hello.clone();
        Self {
            hello: Some(VERSION),
            backend: Some(hello.backend),
            kind: Some(hello.kind),
            settings: Some(hello.settings),
            avoid: hello.avoid,
            probe_ms: (!hello.probe.is_empty()).then_some(hello.probe_ms),
            probe: hello.probe,
            ..Self::default()
        }
    }
}

impl<'a> From<&'a Question<'_>> for Raw<'a> {
    fn from(question: &'a Question<'_>) -> Self {
        let raw = Some(RawQuestion {
            user: question.user.clone(),
            password: question.password.as_ref().map(Bytes::lend),
            service: question.service.clone(),
            tty: question.tty.clone(),
            rhost: question.rhost.clone(),
            ruser: question.ruser.clone(),
            budget_ms: question.budget_ms,
        });
        let mut message = Self::default();
        match question.operation {
            Operation::Authenticate => message.authenticate = raw,
            Operation::Lookup => message.lookup = raw,
            Operation::Account => message.account = raw,
            #[cfg(feature = "examine")]
            Operation::Examine => message.examine = raw,
        }
        message
    }
}

impl Raw<'static> {
    fn into_hello(self) -> Result<Message<'static>, ProtocolError> {
        Ok(Message::Hello(Hello {
            backend: self.backend.ok_or(ProtocolError::Missing("backend"))?,
            kind: self.kind.ok_or(ProtocolError::Missing("type"))?,
            settings: self.settings.ok_or(ProtocolError::Missing("settings"))?,
            avoid: self.avoid,
            probe: self.probe,
            probe_ms: self.probe_ms.unwrap_or_default(),
        }))
    }
}

impl RawQuestion<'static> {
    fn into_question(self, operation: Operation) -> Result<Question<'static>, ProtocolError> {
        let password = match operation {
            Operation::Authenticate if self.password.is_none() => {
                return Err(ProtocolError::Missing("password"));
            }
            Operation::Authenticate => self.password,
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
        Ok(Question {
            operation,
            user: self.user,
            password,
            service: self.service,
            tty: self.tty,
            rhost: self.rhost,
            ruser: self.ruser,
            budget_ms: self.budget_ms,
        })
    }
}
