//! The last reply, as a line: the verdict, the state of the servers, and lines for the log.

use serde::Serialize;

#[cfg(feature = "manage")]
use super::account_end::AccountEnd;
use super::members::Members;
use super::reply_members::{ReplyMember, ReplyValue};
use super::wire_words::{REASONS, REFUSALS, STATES};
use super::{Conclusion, ProtocolError, ServersFound, WireRefusal, WireUser, WireVerdict, quote};
#[cfg(feature = "manage")]
use crate::backends::accounts::ListEnd;
use crate::words::{AccountStatus, Denial};

/// The members of a reply with a verdict; which of them it has depends on the verdict.
#[derive(Default, Serialize)]
pub(super) struct VerdictLine<'a> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
    #[cfg(feature = "manage")]
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[cfg(feature = "manage")]
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
    #[cfg(feature = "manage")]
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a serde_json::Value>,
}

impl<'a> VerdictLine<'a> {
    /// Returns the members for `conclusion`.
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
            unanswered: Some(true).filter(|_| servers.unanswered),
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
                ..line.with_status(denial.state.as_ref())?
            }),
            WireVerdict::Unavailable(detail)
            | WireVerdict::Failed(detail)
            | WireVerdict::Unsure(detail) => Ok(Self {
                detail: Some(detail),
                ..line
            }),
            WireVerdict::MayChange(_, text) | WireVerdict::Changed(text) => Ok(Self {
                text: text.as_deref(),
                ..line
            }),
            WireVerdict::Refused(refusal) => Ok(Self {
                reason: Some(REFUSALS.word(&refusal.reason)?),
                text: Some(&refusal.text),
                ..line
            }),
            WireVerdict::Unknown | WireVerdict::Found(_) => Ok(line),
            #[cfg(feature = "manage")]
            WireVerdict::Registered(_) => Ok(line),
            #[cfg(feature = "manage")]
            WireVerdict::Carried(end) => Ok(Self {
                count: end.list_end().map(|end| end.count),
                more: Some(true).filter(|_| end.list_end().is_some_and(|end| end.more)),
                schema: end.schema(),
                ..line
            }),
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

/// Reads the rest of a reply whose head is the verdict `word`.
pub(super) fn read_conclusion(
    word: &str,
    members: &mut Members<ReplyMember>,
) -> Result<Conclusion, ProtocolError> {
    Ok(Conclusion {
        verdict: read_verdict(word, members)?,
        servers: ServersFound {
            down: members.texts("down").unwrap_or_default(),
            up: members.texts("up").unwrap_or_default(),
            open_ms: members.number("open_ms").unwrap_or_default(),
            again: members.is_true("again"),
            unanswered: members.is_true("unanswered"),
        },
        notes: members.texts("notes").unwrap_or_default(),
    })
}

fn read_verdict(
    word: &str,
    members: &mut Members<ReplyMember>,
) -> Result<WireVerdict, ProtocolError> {
    Ok(match word {
        "accepted" => {
            let is_valid = |status: &_| matches!(status, AccountStatus::Valid { .. });
            let status = status_beside("accepted", members, is_valid)?;
            WireVerdict::Accepted(read_user(members)?, status)
        }
        "must_change" => {
            let must_change = |status: &_| *status == AccountStatus::MustChangePassword;
            let status = status_beside("must_change", members, must_change)?;
            WireVerdict::MustChange(read_user(members)?, status)
        }
        "denied" => WireVerdict::Denied(Denial {
            reason: REASONS.meaning(&members.text("reason")?)?,
            detail: members.maybe_text("detail"),
            state: status_beside("denied", members, AccountStatus::forbids_login)?,
        }),
        "may_change" => WireVerdict::MayChange(maybe_user(members), members.maybe_text("text")),
        "changed" => WireVerdict::Changed(members.maybe_text("text")),
        "refused" => WireVerdict::Refused(WireRefusal {
            reason: REFUSALS.meaning(&members.text("reason")?)?,
            text: members.text("text")?,
        }),
        "unsure" => WireVerdict::Unsure(members.text("detail")?),
        "unknown" => WireVerdict::Unknown,
        "unavailable" => WireVerdict::Unavailable(members.text("detail")?),
        "failed" => WireVerdict::Failed(members.text("detail")?),
        "found" => WireVerdict::Found(read_user(members)?),
        "account" => {
            let user = read_user(members)?;
            WireVerdict::Account(user, read_status(&members.text("status")?, members)?)
        }
        #[cfg(feature = "manage")]
        "registered" => WireVerdict::Registered(read_user(members)?),
        #[cfg(feature = "manage")]
        "edited" => WireVerdict::Carried(AccountEnd::Edited),
        #[cfg(feature = "manage")]
        "removed" => WireVerdict::Carried(AccountEnd::Removed),
        #[cfg(feature = "manage")]
        "listed" => {
            let count = members.number("count");
            WireVerdict::Carried(AccountEnd::Listed(ListEnd {
                count: count.ok_or(ProtocolError::Missing("count"))?,
                more: members.is_true("more"),
            }))
        }
        #[cfg(feature = "manage")]
        "described" => match members.special("schema") {
            Some(ReplyValue::Schema(schema)) => WireVerdict::Carried(AccountEnd::Described(schema)),
            _ => return Err(ProtocolError::Missing("schema")),
        },
        other => return Err(ProtocolError::Value("verdict", quote(other))),
    })
}

fn read_user(members: &mut Members<ReplyMember>) -> Result<WireUser, ProtocolError> {
    maybe_user(members).ok_or(ProtocolError::Missing("user"))
}

fn maybe_user(members: &mut Members<ReplyMember>) -> Option<WireUser> {
    match members.special("user") {
        Some(ReplyValue::User(user)) => Some(user),
        _ => None,
    }
}

/// Reads the account status beside `verdict`, `None` if the reply has none. A status that `agrees`
/// does not accept contradicts the verdict.
fn status_beside(
    verdict: &'static str,
    members: &mut Members<ReplyMember>,
    agrees: impl FnOnce(&AccountStatus) -> bool,
) -> Result<Option<AccountStatus>, ProtocolError> {
    let Some(word) = members.maybe_text("status") else {
        return Ok(None);
    };
    let status = read_status(&word, members)?;
    match agrees(&status) {
        true => Ok(Some(status)),
        false => Err(ProtocolError::Contradiction(verdict, word_of(&status)?)),
    }
}

fn read_status(
    word: &str,
    members: &mut Members<ReplyMember>,
) -> Result<AccountStatus, ProtocolError> {
    Ok(match STATES.meaning(word)? {
        AccountStatus::Valid { .. } => AccountStatus::Valid {
            warning: members.maybe_text("warning"),
        },
        other => other,
    })
}
