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
        Outcome::Answered(accepted) => with_groups(asked, user, accepted)
            .map_err(Objection::NotFoundOut)
            .and_then(|person| confirm(BackendView::Found(&person))),
        Outcome::Unknown => confirm(BackendView::Unknown),
        _ => return (decision, None),
    };
    match chosen {
        Ok(allowed) => (decision.by(Ok(&allowed)), Some(allowed)),
        Err(objection) => (decision.by(Err(objection)), None),
    }
}

/// Returns the person with the groups that decide which rule fits. An app password does not tell
/// them: where they decide, whoever judges the account is asked.
fn with_groups<'p>(
    asked: &Asked<'_>,
    user: &Username,
    accepted: &'p Accepted,
) -> Result<Cow<'p, User>, BackendError> {
    let link = asked.chain.link_named(&accepted.user.backend);
    let knows_no_account = link.is_some_and(|link| link.backend.nature().is_for_programs);
    match knows_no_account && asked.route.asks_for_groups {
        true => (asked.chain)
            .holder(&asked.route, user, &asked.context)
            .map(Cow::Owned),
        false => Ok(Cow::Borrowed(&accepted.user)),
    }
}
