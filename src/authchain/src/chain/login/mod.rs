//! A login, in four stages. Each is a type, and is made from the stage before it.
//!
//! | stage | what has been done |
//! |---|---|
//! | [`Asked`] | the person was asked for the password |
//! | [`Walked`] | the backends were asked about it |
//! | [`Confirmed`] | the rule was chosen again, and the second factors were asked |
//! | [`Settled`] | the decision is in the log, and a refusal has taken its time |

mod asked;
mod confirmed;
mod factor_answer;
mod not_confirmed;
mod second_factor;
mod settled;
mod walked;

use self::asked::Asked;
use self::confirmed::Confirmed;
use self::settled::Settled;
use self::walked::Walked;
use super::decision::AuthDecision;
use super::links::Chain;
use crate::tools::conversation::Conversation;
use crate::tools::one_error::OneError;
use crate::tools::request::Context;

impl Chain {
    /// Decides whether the person is who they say they are.
    ///
    /// The password is asked for once, before anything is looked up: a prompt must not tell which
    /// names exist.
    ///
    /// `report` is called with the decision before a refusal spends its time, so that the attempt
    /// is in the log if the caller of su kills the process then.
    pub fn authenticate(
        &self,
        name: &[u8],
        context: &Context<'_>,
        conversation: &mut dyn Conversation,
        report: impl FnOnce(&AuthDecision),
    ) -> AuthDecision {
        let mut person = OneError::new(conversation);
        let asked = Asked::ask(self, name, context, &mut person);
        let walked = Walked::walk(asked, &mut person);
        let confirmed = Confirmed::confirm(walked, &mut person);
        Settled::settle(confirmed, &mut person, report).decision
    }
}
