//! The last stage of a login: the decision is in the log, and a refusal has taken its time.

use super::confirmed::Confirmed;
use crate::chain::decision::{AuthDecision, Finding};
use crate::chain::links::Link;
use crate::tools::one_error::OneError;
use crate::words::Secret;

/// A login that is over.
pub(super) struct Settled {
    pub(super) decision: AuthDecision,
}

impl Settled {
    /// Reports the decision, spends the time of a refusal, and tells the person a backend's error.
    pub(super) fn settle(
        confirmed: Confirmed<'_>,
        person: &mut OneError<'_>,
        report: impl FnOnce(&AuthDecision),
    ) -> Self {
        report(&confirmed.decision);
        if let Some(password) = confirmed.asked.password() {
            spend_time_of_refusal(&confirmed, password);
        }
        let decision = confirmed.decision;
        // Whoever is barred is told so in place of the backend's error.
        if decision.is_refusal() && decision.barred().is_none() {
            person.tell();
        }
        Self { decision }
    }
}

/// Spends the time of a refusal: computes the hashes that backends have deferred, and one for each
/// local backend that was not asked, so that the time does not tell where the chain ended. An empty
/// password costs nothing, whatever the name; nor does a name that nobody can have.
fn spend_time_of_refusal(confirmed: &Confirmed<'_>, password: &Secret) {
    let decision = &confirmed.decision;
    let was_asked = |link: &Link| {
        decision.steps.iter().any(|step| {
            step.backend == link.backend.name() && !matches!(step.finding, Finding::NotAsked(_))
        })
    };
    let is_empty = password.is_empty() && decision.steps.is_empty();
    if !decision.is_refusal() || is_empty || decision.invalid.is_some() {
        return;
    }
    confirmed.deferred.run(password);
    for link in &confirmed.asked.route.links {
        if link.backend.nature().refusal_costs_hash && !was_asked(link) {
            link.backend.burn_refusal_time(password);
        }
    }
}
