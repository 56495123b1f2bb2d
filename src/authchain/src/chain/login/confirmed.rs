//! The third stage of a login: nothing more can change the decision.

use super::asked::Asked;
use super::walked::Walked;
use crate::chain::decision::AuthDecision;
use crate::tools::deferred::Deferred;

/// A login that is decided.
pub(super) struct Confirmed<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) deferred: Deferred,
    pub(super) decision: AuthDecision,
}

impl<'a> Confirmed<'a> {
    /// Looks for what speaks against a person whom a backend has accepted.
    pub(super) fn confirm(walked: Walked<'a>) -> Self {
        Self {
            asked: walked.asked,
            deferred: walked.deferred,
            decision: walked.decision,
        }
    }
}
