//! The second stage of a login: the backends have been asked.

use super::asked::{Asked, FirstQuestion};
use crate::chain::decision::AuthDecision;
use crate::chain::walk::Walk;
use crate::tools::conversation::Conversation;
use crate::tools::deferred::Deferred;

/// A login about which the backends were asked, unless it was refused without them.
pub(super) struct Walked<'a> {
    pub(super) asked: Asked<'a>,
    /// The work that the backends have deferred until the login is refused.
    pub(super) deferred: Deferred,
    pub(super) decision: AuthDecision,
}

impl<'a> Walked<'a> {
    /// Asks the backends, in their order.
    pub(super) fn walk(asked: Asked<'a>, person: &mut dyn Conversation) -> Self {
        let deferred = Deferred::default();
        let decision = match asked.question() {
            Ok(FirstQuestion::Password(user, password)) => {
                Walk::new(asked.chain, &asked.route, user, &asked.context)
                    .authenticate(password, person, &deferred)
            }
            Ok(FirstQuestion::Key(user)) => {
                Walk::new(asked.chain, &asked.route, user, &asked.context).identify()
            }
            Err(decision) => *decision,
        };
        Self {
            asked,
            deferred,
            decision,
        }
    }
}
