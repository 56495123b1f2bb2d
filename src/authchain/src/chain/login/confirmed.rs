//! The third stage of a login: nothing more can change the decision.

use super::asked::Asked;
use super::walked::Walked;
use crate::chain::decision::{AuthDecision, Outcome};
use crate::chain::ruling::BackendView;
use crate::tools::deferred::Deferred;

/// A login that is decided.
pub(super) struct Confirmed<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) deferred: Deferred,
    pub(super) decision: AuthDecision,
}

impl<'a> Confirmed<'a> {
    /// Chooses the rule again for a person whom a backend has accepted, or whom none knows: a rule
    /// may deny the login because of a group that only a backend could tell.
    pub(super) fn confirm(walked: Walked<'a>) -> Self {
        let Walked {
            asked,
            deferred,
            decision,
        } = walked;
        let person = match &decision.outcome {
            Outcome::Answered(accepted) => Some(BackendView::Found(&accepted.user)),
            Outcome::Unknown => Some(BackendView::Unknown),
            _ => None,
        };
        let decision = match (&asked.user, person) {
            (Ok(user), Some(person)) => {
                let chosen = asked.chain.confirm(user, person, &asked.context);
                decision.by(chosen)
            }
            _ => decision,
        };
        Self {
            asked,
            deferred,
            decision,
        }
    }
}
