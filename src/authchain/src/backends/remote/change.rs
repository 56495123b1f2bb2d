//! The change of a password, which a worker makes on the servers.

use super::talk::{AskedChange, WorkerQuestion, one_line};
use super::{MAX_PASSWORD, Remote};
use crate::backends::password_change::{
    Change, ChangeKind, ChangePassword, ChangeRefusal, ChangeVerdict,
};
use crate::backends::protocol::{Operation, RefusalReason, WireRefusal, WireVerdict};
use crate::words::{BackendError, Denial, DenialReason, Secret};

impl ChangePassword for Remote {
    fn finds_by_password(&self) -> bool {
        self.finds_by_password
    }

    fn preliminary(&self, change: &Change<'_>) -> Result<ChangeVerdict, BackendError> {
        if change.old.is_none() && change.kind != ChangeKind::ByRoot {
            return Ok(ChangeVerdict::OldPasswordNeeded);
        }
        if let Some(denial) = too_long(change) {
            return Ok(denial);
        }
        match self.ask(question(change, None))? {
            WireVerdict::MayChange(None, text) => Ok(granted(text)),
            WireVerdict::MayChange(Some(user), text) => {
                let text = text.map(|text| one_line(&text));
                Ok(ChangeVerdict::Proven(Box::new(user.of(&self.name)), text))
            }
            verdict => refusal(verdict),
        }
    }

    fn update(&self, change: &Change<'_>, new: &Secret) -> Result<ChangeVerdict, BackendError> {
        if let Some(denial) = too_long(change) {
            return Ok(denial);
        }
        let mut asked = question(change, Some(new));
        match self.verdict(&mut asked) {
            Ok(WireVerdict::Changed(text)) => Ok(granted(text)),
            Ok(verdict) => refusal(verdict),
            // The worker may have sent the new password before it was lost.
            Err(BackendError::Failed(why)) if asked.is_sent => Ok(unsure(why)),
            Err(error) => Err(error),
        }
    }
}

fn question<'a>(change: &'a Change<'_>, new: Option<&'a Secret>) -> WorkerQuestion<'a, 'a> {
    WorkerQuestion {
        change: Some(AskedChange {
            kind: change.kind,
            old: change.old,
            new,
        }),
        ..WorkerQuestion::without_person(Operation::ChangePassword, &change.request)
    }
}

/// Returns the denial of an old password that is too long for a question.
fn too_long(change: &Change<'_>) -> Option<ChangeVerdict> {
    let length = change.old.map_or(0, |old| old.expose().len());
    (length > MAX_PASSWORD).then(|| {
        ChangeVerdict::Denied(Denial {
            detail: Some(format!("it is longer than {MAX_PASSWORD} bytes")),
            ..DenialReason::BadCredential.into()
        })
    })
}

fn granted(text: Option<String>) -> ChangeVerdict {
    ChangeVerdict::Granted(text.map(|text| one_line(&text)))
}

fn unsure(why: String) -> ChangeVerdict {
    ChangeVerdict::Refused(ChangeRefusal::Unsure(why))
}

/// Returns the meaning of a verdict that grants nothing.
fn refusal(verdict: WireVerdict) -> Result<ChangeVerdict, BackendError> {
    match verdict {
        WireVerdict::Denied(denial) => Ok(ChangeVerdict::Denied(denial)),
        WireVerdict::Refused(refusal) => Ok(refused(&refusal)),
        WireVerdict::Unsure(why) => Ok(unsure(why)),
        WireVerdict::Unknown => Ok(ChangeVerdict::Unknown),
        WireVerdict::Unavailable(why) => Err(BackendError::Unavailable(why)),
        WireVerdict::Failed(why) => Err(BackendError::Failed(why)),
        _ => Err(BackendError::Failed(
            "not a valid answer: another verdict".to_owned(),
        )),
    }
}

fn refused(refusal: &WireRefusal) -> ChangeVerdict {
    let text = one_line(&refusal.text);
    ChangeVerdict::Refused(match refusal.reason {
        RefusalReason::NeedsOldPassword => return ChangeVerdict::OldPasswordNeeded,
        RefusalReason::TooYoung | RefusalReason::Quality | RefusalReason::InHistory => {
            ChangeRefusal::Quality(text)
        }
        RefusalReason::NotPermitted => ChangeRefusal::NotPermitted(text),
        RefusalReason::Unexplained => ChangeRefusal::Unexplained(text),
        #[cfg(feature = "manage")]
        RefusalReason::Exists | RefusalReason::Invalid | RefusalReason::NotSupported => {
            ChangeRefusal::Unexplained(text)
        }
        RefusalReason::NotExpired => ChangeRefusal::NotExpired,
        RefusalReason::AccountExpired => ChangeRefusal::AccountExpired,
        RefusalReason::PasswordExpired => ChangeRefusal::PasswordExpired,
    })
}
