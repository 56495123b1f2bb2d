//! A verdict as a line: its members, written and read.

use serde::Serialize;

use super::members::Members;
use super::reply_members::Replies;
use super::wire_words::{REASONS, STATES};
use super::{Conclusion, ProtocolError, ServersFound, WireUser, WireVerdict, quote};
use crate::words::{AccountStatus, Denial};

/// The members of a verdict.
#[derive(Default, Serialize)]
pub(super) struct VerdictLine<'a> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a WireUser>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    down: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    up: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    open_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
}

impl<'a> VerdictLine<'a> {
    /// Returns the members that say this.
    pub(super) fn of(conclusion: &'a Conclusion) -> Result<Self, ProtocolError> {
        let Conclusion {
            verdict, servers, ..
        } = conclusion;
        let line = Self {
            verdict: verdict.word(),
            user: verdict.user(),
            down: &servers.down,
            up: &servers.up,
            open_ms: Some(servers.open_ms).filter(|_| !servers.up.is_empty()),
            again: Some(true).filter(|_| servers.again),
            notes: &conclusion.notes,
            ..Self::default()
        };
        match verdict {
            WireVerdict::Accepted(_, status) | WireVerdict::MustChange(_, status) => {
                line.with_status(status.as_ref())
            }
            WireVerdict::Account(_, status) => line.with_status(Some(status)),
            WireVerdict::Denied(denial) => Ok(Self {
                reason: Some(REASONS.word(&denial.reason)?),
                detail: denial.detail.as_deref(),
                ..line
            }),
            WireVerdict::Unavailable(detail) | WireVerdict::Failed(detail) => Ok(Self {
                detail: Some(detail),
                ..line
            }),
            WireVerdict::Unknown | WireVerdict::Found(_) => Ok(line),
        }
    }

    fn with_status(self, status: Option<&'a AccountStatus>) -> Result<Self, ProtocolError> {
        Ok(Self {
            status: status.map(word_of).transpose()?,
            warning: match status {
                Some(AccountStatus::Valid { warning }) => warning.as_deref(),
                _ => None,
            },
            ..self
        })
    }
}

fn word_of(status: &AccountStatus) -> Result<&'static str, ProtocolError> {
    match status {
        AccountStatus::Valid { .. } => STATES.word(&AccountStatus::Valid { warning: None }),
        other => STATES.word(other),
    }
}

/// Reads what a verdict with this word says.
pub(super) fn conclusion(
    word: &str,
    members: &mut Members<Replies>,
) -> Result<Conclusion, ProtocolError> {
    Ok(Conclusion {
        verdict: verdict(word, members)?,
        servers: ServersFound {
            down: members.texts("down").unwrap_or_default(),
            up: members.texts("up").unwrap_or_default(),
            open_ms: members.number("open_ms").unwrap_or_default(),
            again: members.is_true("again"),
        },
        notes: members.texts("notes").unwrap_or_default(),
    })
}

fn verdict(word: &str, members: &mut Members<Replies>) -> Result<WireVerdict, ProtocolError> {
    Ok(match word {
        "accepted" => {
            let is_valid = |status: &_| matches!(status, AccountStatus::Valid { .. });
            let status = status_beside("accepted", members, is_valid)?;
            WireVerdict::Accepted(user(members)?, status)
        }
        "must_change" => {
            let must_change = |status: &_| *status == AccountStatus::MustChangePassword;
            let status = status_beside("must_change", members, must_change)?;
            WireVerdict::MustChange(user(members)?, status)
        }
        "denied" => WireVerdict::Denied(Denial {
            reason: REASONS.meaning(&members.text("reason")?)?,
            detail: members.maybe_text("detail"),
        }),
        "unknown" => WireVerdict::Unknown,
        "unavailable" => WireVerdict::Unavailable(members.text("detail")?),
        "failed" => WireVerdict::Failed(members.text("detail")?),
        "found" => WireVerdict::Found(user(members)?),
        "account" => {
            let user = user(members)?;
            WireVerdict::Account(user, status(&members.text("status")?, members)?)
        }
        other => return Err(ProtocolError::Value("verdict", quote(other))),
    })
}

fn user(members: &mut Members<Replies>) -> Result<WireUser, ProtocolError> {
    members.own("user").ok_or(ProtocolError::Missing("user"))
}

/// Returns the state of an account that was let in as `verdict`, where the reply has one; it must
/// be one that `agrees`.
fn status_beside(
    verdict: &'static str,
    members: &mut Members<Replies>,
    agrees: impl FnOnce(&AccountStatus) -> bool,
) -> Result<Option<AccountStatus>, ProtocolError> {
    let Some(word) = members.maybe_text("status") else {
        return Ok(None);
    };
    let status = status(&word, members)?;
    match agrees(&status) {
        true => Ok(Some(status)),
        false => Err(ProtocolError::Contradiction(verdict, word_of(&status)?)),
    }
}

fn status(word: &str, members: &mut Members<Replies>) -> Result<AccountStatus, ProtocolError> {
    Ok(match STATES.meaning(word)? {
        AccountStatus::Valid { .. } => AccountStatus::Valid {
            warning: members.maybe_text("warning"),
        },
        other => other,
    })
}
