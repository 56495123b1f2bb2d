//! The first stage of a login: the person has been asked for the password.

use crate::chain::decision::{AuthDecision, Decision, Outcome};
use crate::chain::links::Chain;
use crate::chain::route::Route;
use crate::chain::stand_in::is_stand_in;
use crate::tools::conversation::Conversation;
use crate::tools::request::Context;
use crate::words::{ConversationError, Denial, DenialReason, InvalidUsername, Secret, Username};

/// A login whose password was asked for.
pub(super) struct Asked<'a> {
    pub(super) chain: &'a Chain,
    /// The backends that are asked, and what the rules say before.
    pub(super) route: Route<'a>,
    /// The surroundings, with the time budget that began when the password had been typed.
    pub(super) context: Context<'a>,
    /// The password, or the reason why there is none.
    pub(super) password: Result<Secret, ConversationError>,
    pub(super) user: Result<Username, InvalidUsername>,
}

impl<'a> Asked<'a> {
    /// Chooses the rule, and asks for the password.
    pub(super) fn ask(
        chain: &'a Chain,
        name: &[u8],
        context: &Context<'a>,
        person: &mut dyn Conversation,
    ) -> Self {
        let user = Username::parse(name);
        let route = match &user {
            Ok(user) => chain.route(user, context),
            Err(_) => chain.whole_route(),
        };
        let password = person.authtok();
        Self {
            chain,
            route,
            // The time somebody takes to type does not count against the backends.
            context: context.restarted(),
            password,
            user,
        }
    }

    /// Returns the user and the password to ask the backends about.
    ///
    /// # Errors
    /// The decision, where no backend may be asked.
    pub(super) fn question(&self) -> Result<(&Username, &Secret), Box<AuthDecision>> {
        let refused = |name, outcome| Box::new(Decision::without_steps(name, outcome));
        let denied = |reason: DenialReason| Outcome::Denied(Denial::from(reason));
        let if_local = || self.chain.if_local(self.user.as_ref().ok()?.clone());
        let password = (self.password.as_ref())
            .map_err(|error| refused(if_local(), Outcome::Conversation(*error)))?;
        let user =
            (self.user.as_ref()).map_err(|invalid| Box::new(Decision::invalid_name(*invalid)))?;
        if password.is_empty() && !self.context.allow_empty_password {
            return Err(refused(if_local(), denied(DenialReason::EmptyPassword)));
        }
        if is_stand_in(password.expose()) {
            // Looking the name up for the log would take longer than a wrong password does.
            return Err(refused(None, denied(DenialReason::StandInPassword)));
        }
        if let Some(objection) = &self.route.objection {
            let decision = refused(if_local(), denied(DenialReason::NotPermitted));
            return Err(Box::new(objection.clone().against(*decision)));
        }
        Ok((user, password))
    }
}
