//! The change of a password, by rpc.yppasswdd on the master.
//!
//! The old password is verified here first, so that a wrong one is never sent: the daemon would not
//! say that it is wrong, and takes the password of its own root for right.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::{Bytes, PasswordChange, RefusalReason, WireVerdict};
use authchain::words::{DenialReason, Secret};

use super::client::Client;
use super::entries::{self, Credential};
use super::inquiry::NisInquiry;
use super::maps::malformed;
use super::master::Master;
use super::new_hash::{NoNewHash, new_hash};
use super::person::NisPerson;
use super::proof::prove;
use super::yppasswd;
use super::yppasswdd::{STEP, Yppasswdd};
use crate::answer::Answer;
use crate::change_gate;
use crate::clock::now;
use crate::net::failure::Failure;

const NEEDS_OLD: &str = "The old password is needed.";
const NOT_CHANGED: &str = "NIS password could not be changed.";
const TOO_LONG: &str = "The new password is too long.";
const SOON: &str = "The new password counts as soon as the NIS servers have it.";

/// Refuses root's change of a password without the old one, which the daemon demands of everybody.
pub(super) fn refusal_without_old(asked: Option<&PasswordChange<'_>>) -> Option<Answer> {
    let is_missing = asked.is_some_and(|change| change.old.is_none());
    is_missing.then(|| Answer::refused(RefusalReason::NeedsOldPassword, NEEDS_OLD))
}

/// Changes the password of a person, or says whether it may be changed.
pub(super) async fn change(
    inquiry: &NisInquiry<'_>,
    mut client: Client<'_>,
    person: &NisPerson,
    credential: &Credential,
) -> Result<Answer, Failure> {
    let Some((change, old)) = (inquiry.question.change.as_ref())
        .and_then(|change| Some((change, change.old.as_ref()?.secret())))
    else {
        return Ok(Answer::denied(DenialReason::EmptyPassword, "none sent"));
    };
    // Asked before the hash is computed, which may take all the time that the server has.
    let master = Master::find(inquiry.settings, &mut client).await?;
    if let Err(verdict) = prove(inquiry, &mut client, old, &credential.stored).await {
        return Ok(verdict.into());
    }
    if let Some(refusal) = refusal_by_age(change.kind, credential) {
        return Ok(refusal);
    }
    drop(client);
    // Every server names the same master, and is not to be called down for it.
    let daemon = reach(inquiry, &master).await.map_err(Failure::spent)?;
    match change.new.as_ref().map(Bytes::secret) {
        None => Ok(WireVerdict::MayChange(None, None).into()),
        Some(new) => update(inquiry, daemon, person, (old, &credential.stored), new).await,
    }
}

/// Returns the refusal by the dates of the password, which mean nothing to root.
fn refusal_by_age(kind: ChangeKind, credential: &Credential) -> Option<Answer> {
    let (ageing, now) = (&credential.ageing, now());
    let is_too_young = ageing.days_until_change(now).is_some();
    match kind {
        ChangeKind::ByRoot => None,
        _ => change_gate::refusal(&ageing.status(now), kind, is_too_young),
    }
}

/// Connects to rpc.yppasswdd on the master.
async fn reach(inquiry: &NisInquiry<'_>, master: &Master<'_>) -> Result<Yppasswdd, Failure> {
    let usual = inquiry.settings.server_timeout.duration();
    let deadline = inquiry.whole.within(usual);
    let connecting = async {
        let addresses = master
            .addresses(inquiry.settings, inquiry.dns, deadline)
            .await?;
        Yppasswdd::open(inquiry.settings, &addresses, deadline).await
    };
    (connecting.await).map_err(|failure| failure.limited_by("server_timeout"))
}

/// Makes the daemon change the password, and says what came of it.
async fn update(
    inquiry: &NisInquiry<'_>,
    daemon: Yppasswdd,
    person: &NisPerson,
    (old, stored): (&Secret, &Secret),
    new: &Secret,
) -> Result<Answer, Failure> {
    let hash = match new_hash(inquiry.whole, new, stored) {
        Ok(hash) => hash,
        Err(NoNewHash::TooLong) => return Ok(Answer::refused(RefusalReason::Quality, TOO_LONG)),
        Err(error) => return Ok(Answer::failed(inquiry.about_server(error))),
    };
    let line = entries::line(&person.value, &inquiry.question.user);
    let line = line.map_err(|fault| malformed("passwd map", fault))?;
    let arguments = yppasswd::change(old, &line, &hash);
    let updating = daemon.update(arguments, inquiry.whole);
    match updating
        .await
        .map_err(|failure| failure.limited_by("timeout"))?
    {
        0 => Ok(WireVerdict::Changed(Some(SOON.to_owned())).into()),
        answer => {
            let note = format!("{STEP}: the answer is {answer}; the log of the master may say why");
            let refusal = Answer::refused(RefusalReason::Unexplained, NOT_CHANGED);
            Ok(refusal.with_note(Some(note)))
        }
    }
}
