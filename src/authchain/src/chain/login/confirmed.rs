//! The third stage of a login: the rule was chosen again, and the second factors were asked.

use super::asked::Asked;
use super::second_factor::SecondFactor;
use super::walked::Walked;
use crate::chain::decision::{AuthDecision, Outcome};
use crate::chain::route::Allowed;
use crate::chain::ruling::BackendView;
use crate::tools::conversation::Conversation;
use crate::tools::deferred::Deferred;

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
    let person = match &decision.outcome {
        Outcome::Answered(accepted) => BackendView::Found(&accepted.user),
        Outcome::Unknown => BackendView::Unknown,
        _ => return (decision, None),
    };
    let Ok(user) = &asked.user else {
        return (decision, None);
    };
    match asked.chain.confirm(user, person, &asked.context) {
        Ok(allowed) => (decision.by(Ok(&allowed)), Some(allowed)),
        Err(objection) => (decision.by(Err(objection)), None),
    }
}
