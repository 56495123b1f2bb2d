//! The third stage of a login: the rule was chosen again, and the second factors were asked.

use std::borrow::Cow;

use super::asked::Asked;
use super::second_factor::SecondFactor;
use super::walked::Walked;
use crate::chain::decision::{Accepted, AuthDecision, Outcome};
use crate::chain::route::{Allowed, Objection};
use crate::chain::ruling::BackendView;
use crate::tools::conversation::Conversation;
use crate::tools::deferred::Deferred;
use crate::words::{BackendError, User, Username};

/// A login that is decided: nothing more can change the decision.
pub(super) struct Confirmed<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) deferred: Deferred,
    pub(super) decision: AuthDecision,
}

impl<'a> Confirmed<'a> {
    /// Chooses the rule again for a person whom a backend has accepted, or whom none knows: a rule
    /// may deny the login because of a group that only a backend could tell. Then asks for a second
    /// factor, where one is needed.
    ///
    /// Whoever is refused is asked alike, in vain, so that the question does not tell whether the
    /// password was right.
    pub(super) fn confirm(walked: Walked<'a>, person: &mut dyn Conversation) -> Self {
        let Walked {
            asked,
            deferred,
            decision,
        } = walked;
        let (decision, allowed) = choose_again(&asked, decision);
        let mut factor = SecondFactor::new(&asked, &deferred, person);
        let decision = match (&decision.outcome, allowed) {
            (Outcome::Answered(accepted), Some(allowed)) => {
                let accepted = accepted.clone();
                factor.confirm(decision, &accepted, &allowed)
            }
            (Outcome::Denied(_) | Outcome::Unknown, _) => factor.ask_in_vain(decision),
            _ => decision,
        };
        Self {
            asked,
            deferred,
            decision,
        }
    }
}

/// Returns the decision by the rule that fits now, and the rule if it allows the login.
fn choose_again(asked: &Asked<'_>, decision: AuthDecision) -> (AuthDecision, Option<Allowed>) {
    let Ok(user) = &asked.user else {
        return (decision, None);
    };
    let confirm = |person: BackendView<'_>| asked.chain.confirm(user, person, &asked.context);
    let chosen = match &decision.outcome {
        Outcome::Answered(accepted) => {
            judged(asked, user, accepted).and_then(|person| confirm(BackendView::Found(&person)))
        }
        Outcome::Unknown => confirm(BackendView::Unknown),
        _ => return (decision, None),
    };
    match chosen {
        Ok(allowed) => (decision.by(Ok(&allowed)), Some(allowed)),
        Err(objection) => (decision.by(Err(objection)), None),
    }
}

/// Returns the person as the backend that judges the account describes them, where that matters: an
/// app password tells no groups, and is good only for the user id for which it was made.
fn judged<'p>(
    asked: &Asked<'_>,
    user: &Username,
    accepted: &'p Accepted,
) -> Result<Cow<'p, User>, Objection> {
    let person = &accepted.user;
    let link = asked.chain.link_named(&person.backend);
    let knows_no_account = link.is_some_and(|link| link.backend.nature().is_for_programs);
    if !knows_no_account {
        return Ok(Cow::Borrowed(person));
    }
    let made_for = uid_to_compare(asked, user, person).map_err(Objection::NotFoundOut)?;
    if made_for.is_none() && !asked.route.asks_for_groups {
        return Ok(Cow::Borrowed(person));
    }
    let holder = asked.chain.holder(&asked.route, user, &asked.context);
    let holder = holder.map_err(Objection::NotFoundOut)?;
    match (made_for, holder.uid) {
        (Some(made_for), uid) if uid != Some(made_for) => {
            let uid = uid.map_or("none".to_owned(), |uid| uid.to_string());
            Err(Objection::Denied(format!(
                "the app password is for user id {made_for}, the account has {uid}"
            )))
        }
        // The rule must still ask the backend that has accepted.
        _ => Ok(Cow::Owned(User {
            backend: person.backend.clone(),
            ..holder
        })),
    }
}

/// Returns the user id of an app password that the account must have; `None` if the password is
/// bound to none, or to the system's user of the name, with whom it was compared already.
fn uid_to_compare(
    asked: &Asked<'_>,
    user: &Username,
    person: &User,
) -> Result<Option<u32>, BackendError> {
    let identities = &asked.chain.identities;
    let Some(uid) = person.uid else {
        return Ok(None);
    };
    let is_known = identities.local_uid(user)?.is_some() || identities.system_user(user)?.is_some();
    Ok((!is_known).then_some(uid))
}
