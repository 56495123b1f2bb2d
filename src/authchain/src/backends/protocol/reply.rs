//! What a worker says to the module.

use serde::{Deserialize, Serialize};

#[cfg(feature = "examine")]
use super::finding::{Finding, SEVERITIES};
use super::object::{maybe_object, parse};
use super::verdict::{REASONS, STATES, meaning, without_warning, word_of};
use super::{Conclusion, Operation, ProtocolError, VERSION, WireUser, WireVerdict, lines, quote};
use crate::words::{AccountStatus, Denial};

/// A line from the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The first: what it can be asked.
    Hello(Vec<Operation>),
    /// A question to the person, answered by [`Message::Answer`](super::Message::Answer).
    Prompt {
        /// Whether the answer is shown while it is typed.
        echo: bool,
        /// What the person reads.
        text: String,
    },
    /// A text for the person.
    Info(String),
    /// A text for the person about something that went wrong.
    Error(String),
    /// What one step on the way to one server came to.
    #[cfg(feature = "examine")]
    Finding(Finding),
    /// The last: what was found out.
    Verdict(Conclusion),
}

impl Reply {
    /// Returns the reply as a line, line feed included.
    ///
    /// # Errors
    /// When it is longer than [`MAX_LINE`](super::MAX_LINE).
    pub fn to_line(&self) -> Result<Vec<u8>, ProtocolError> {
        lines::line(&Raw::from(self)).map(|mut line| std::mem::take(&mut *line))
    }

    /// Reads a line, with or without its line feed.
    ///
    /// # Errors
    /// For anything that is not exactly one reply of the right shape.
    pub fn parse(line: &[u8]) -> Result<Self, ProtocolError> {
        let raw: Raw = parse(line)?;
        if raw.texts().any(|text| text.contains('\0')) {
            return Err(ProtocolError::Nul);
        }
        #[cfg(feature = "examine")]
        if raw.finding.is_some() {
            return raw.into_finding();
        }
        match raw {
            Raw {
                hello: Some(theirs),
                prompt: None,
                info: None,
                error: None,
                verdict: None,
                ..
            } => raw.into_hello(theirs),
            Raw {
                hello: None,
                prompt: Some(style),
                info: None,
                error: None,
                verdict: None,
                ..
            } => prompt(&style, raw.text),
            Raw {
                hello: None,
                prompt: None,
                info: Some(text),
                error: None,
                verdict: None,
                ..
            } => Ok(Self::Info(text)),
            Raw {
                hello: None,
                prompt: None,
                info: None,
                error: Some(text),
                verdict: None,
                ..
            } => Ok(Self::Error(text)),
            Raw {
                hello: None,
                prompt: None,
                info: None,
                error: None,
                verdict: Some(_),
                ..
            } => raw.into_conclusion().map(Self::Verdict),
            _ => Err(ProtocolError::NoMessage),
        }
    }
}

fn prompt(style: &str, text: Option<String>) -> Result<Reply, ProtocolError> {
    let echo = match style {
        "echo_on" => true,
        "echo_off" => false,
        _ => return Err(ProtocolError::Value("prompt", quote(style))),
    };
    let text = text.ok_or(ProtocolError::Missing("text"))?;
    Ok(Reply::Prompt { echo, text })
}

/// The object on the line: every member of every reply.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Raw {
    #[serde(skip_serializing_if = "Option::is_none")]
    hello: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    can: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[cfg(feature = "examine")]
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<String>,
    #[cfg(feature = "examine")]
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[cfg(feature = "examine")]
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[cfg(feature = "examine")]
    #[serde(skip_serializing_if = "Option::is_none")]
    took_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(
        deserialize_with = "maybe_object",
        skip_serializing_if = "Option::is_none"
    )]
    user: Option<WireUser>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    down: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl From<&Reply> for Raw {
    fn from(reply: &Reply) -> Self {
        let mut raw = Self::default();
        match reply {
            Reply::Hello(can) => {
                raw.hello = Some(VERSION);
                raw.can = Some(
                    can.iter()
                        .map(|operation| operation.word().to_owned())
                        .collect(),
                );
            }
            Reply::Prompt { echo, text } => {
                raw.prompt = Some(if *echo { "echo_on" } else { "echo_off" }.to_owned());
                raw.text = Some(text.clone());
            }
            Reply::Info(text) => raw.info = Some(text.clone()),
            Reply::Error(text) => raw.error = Some(text.clone()),
            #[cfg(feature = "examine")]
            Reply::Finding(finding) => {
                raw.finding = Some(word_of(SEVERITIES, &finding.severity).to_owned());
                raw.server = Some(finding.server.clone());
                raw.step = Some(finding.step.clone());
                raw.took_us = Some(u64::try_from(finding.took.as_micros()).unwrap_or(u64::MAX));
                raw.text = Some(finding.text.clone());
            }
            Reply::Verdict(conclusion) => {
                raw.down.clone_from(&conclusion.down);
                raw.notes.clone_from(&conclusion.notes);
                raw.set_verdict(&conclusion.verdict);
            }
        }
        raw
    }
}

impl Raw {
    fn set_verdict(&mut self, verdict: &WireVerdict) {
        let word = match verdict {
            WireVerdict::Accepted(user, status) => {
                self.set_account(user, status.as_ref());
                "accepted"
            }
            WireVerdict::MustChange(user, status) => {
                self.set_account(user, status.as_ref());
                "must_change"
            }
            WireVerdict::Denied(denial) => {
                self.reason = Some(word_of(REASONS, &denial.reason).to_owned());
                self.detail.clone_from(&denial.detail);
                "denied"
            }
            WireVerdict::Unknown => "unknown",
            WireVerdict::Unavailable(detail) => {
                self.detail = Some(detail.clone());
                "unavailable"
            }
            WireVerdict::Found(user) => {
                self.user = Some(user.clone());
                "found"
            }
            WireVerdict::Account(user, status) => {
                self.set_account(user, Some(status));
                "account"
            }
        };
        self.verdict = Some(word.to_owned());
    }

    fn set_account(&mut self, user: &WireUser, status: Option<&AccountStatus>) {
        self.user = Some(user.clone());
        self.status = status.map(|status| word_of(STATES, &without_warning(status)).to_owned());
        if let Some(AccountStatus::Valid { warning }) = status {
            self.warning.clone_from(warning);
        }
    }

    /// Returns every string of a reply.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let single = [
            &self.prompt,
            &self.text,
            &self.info,
            &self.error,
            #[cfg(feature = "examine")]
            &self.finding,
            #[cfg(feature = "examine")]
            &self.server,
            #[cfg(feature = "examine")]
            &self.step,
            &self.verdict,
            &self.reason,
            &self.detail,
            &self.status,
            &self.warning,
        ];
        let lists = [&self.down, &self.notes];
        (single.into_iter().flatten())
            .chain(lists.into_iter().flatten())
            .chain(self.user.iter().flat_map(WireUser::texts))
            .map(String::as_str)
    }

    fn into_hello(self, theirs: u32) -> Result<Reply, ProtocolError> {
        if theirs != VERSION {
            return Err(ProtocolError::Version(theirs));
        }
        let can = self.can.ok_or(ProtocolError::Missing("can"))?;
        // Operations that only a later version of the protocol has are left out.
        let known = Operation::ALL.iter().copied();
        let known = known.filter(|operation| can.iter().any(|word| word == operation.word()));
        Ok(Reply::Hello(known.collect()))
    }

    #[cfg(feature = "examine")]
    fn into_finding(self) -> Result<Reply, ProtocolError> {
        let others = [&self.prompt, &self.info, &self.error, &self.verdict];
        if self.hello.is_some() || others.into_iter().any(Option::is_some) {
            return Err(ProtocolError::NoMessage);
        }
        let took = self.took_us.ok_or(ProtocolError::Missing("took_us"))?;
        Ok(Reply::Finding(Finding {
            severity: meaning(SEVERITIES, "finding", self.finding)?,
            server: self.server.ok_or(ProtocolError::Missing("server"))?,
            step: self.step.ok_or(ProtocolError::Missing("step"))?,
            took: std::time::Duration::from_micros(took),
            text: self.text.ok_or(ProtocolError::Missing("text"))?,
        }))
    }

    fn into_conclusion(mut self) -> Result<Conclusion, ProtocolError> {
        let down = std::mem::take(&mut self.down);
        let notes = std::mem::take(&mut self.notes);
        let verdict = self.into_verdict()?;
        Ok(Conclusion {
            verdict,
            down,
            notes,
        })
    }

    fn into_verdict(mut self) -> Result<WireVerdict, ProtocolError> {
        let user = self.user.take().ok_or(ProtocolError::Missing("user"));
        match self.verdict.as_deref().unwrap_or_default() {
            "accepted" => {
                let is_valid = |status: &_| matches!(status, AccountStatus::Valid { .. });
                let status = self.status_beside("accepted", is_valid)?;
                Ok(WireVerdict::Accepted(user?, status))
            }
            "must_change" => {
                let must_change = |status: &_| *status == AccountStatus::MustChangePassword;
                let status = self.status_beside("must_change", must_change)?;
                Ok(WireVerdict::MustChange(user?, status))
            }
            "found" => Ok(WireVerdict::Found(user?)),
            "denied" => Ok(WireVerdict::Denied(Denial {
                reason: meaning(REASONS, "reason", self.reason)?,
                detail: self.detail,
            })),
            "unknown" => Ok(WireVerdict::Unknown),
            "unavailable" => {
                let detail = self.detail.ok_or(ProtocolError::Missing("detail"))?;
                Ok(WireVerdict::Unavailable(detail))
            }
            "account" => Ok(WireVerdict::Account(user?, self.status()?)),
            other => Err(ProtocolError::Value("verdict", quote(other))),
        }
    }

    fn status(self) -> Result<AccountStatus, ProtocolError> {
        Ok(match meaning(STATES, "status", self.status)? {
            AccountStatus::Valid { .. } => AccountStatus::Valid {
                warning: self.warning,
            },
            other => other,
        })
    }

    /// Returns the state of an account that was let in as `verdict`, where the reply has one; it
    /// must be one that `agrees`.
    fn status_beside(
        self,
        verdict: &'static str,
        agrees: impl FnOnce(&AccountStatus) -> bool,
    ) -> Result<Option<AccountStatus>, ProtocolError> {
        if self.status.is_none() {
            return Ok(None);
        }
        let status = self.status()?;
        match agrees(&status) {
            true => Ok(Some(status)),
            false => Err(ProtocolError::Contradiction(
                verdict,
                word_of(STATES, &without_warning(&status)),
            )),
        }
    }
}
