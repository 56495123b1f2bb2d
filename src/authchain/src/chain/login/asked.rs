//! The first stage of a login: the person has been asked for the password.

use crate::chain::decision::{AuthDecision, Decision, Outcome};
use crate::chain::links::Chain;
use crate::chain::route::Route;
use crate::chain::stand_in::is_stand_in;
use crate::config::settings::{CodeEntry, Enrol, PublicKey};
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
    pub(super) credential: Credential,
    pub(super) user: Result<Username, InvalidUsername>,
    /// The code, where everybody who types this name is asked for one.
    pub(super) code: Option<TypedCode>,
}

/// The answer to the question for a code.
pub(super) struct TypedCode {
    /// The name of the factor.
    pub(super) factor: String,
    /// The answer, or the reason why there is none.
    pub(super) answer: Result<Secret, ConversationError>,
}

/// The proof that the person has given first.
pub(super) enum Credential {
    /// A password, and the code that was behind it where a rule says that there is one.
    Password(Secret, Option<Secret>),
    /// A public key, which sshd has verified.
    Key,
    /// Nothing: the person could not be asked for a password.
    Missing(ConversationError),
}

/// The first question to the backends.
pub(super) enum FirstQuestion<'q> {
    /// The question whether this is the person's password.
    Password(&'q Username, &'q Secret),
    /// The request for the person whose key was verified.
    Key(&'q Username),
}

impl<'a> Asked<'a> {
    /// Chooses the rule, and asks for the password, unless a key stands for it, and for a code. The
    /// questions depend on the name alone.
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
        // A key alone lets nobody in.
        let is_enrolled = |user| {
            chain
                .factors
                .is_enrolled(&route.demand, &route.names_of(user))
        };
        let key_counts = context.has_publickey
            && route.demand.publickey == PublicKey::Counts
            && user.as_ref().is_ok_and(is_enrolled);
        let credential = match key_counts.then_some(Credential::Key) {
            Some(key) => key,
            None => match person.authtok(route.password_prompt().as_deref()) {
                Ok(password) => Credential::Password(password, None),
                Err(error) => Credential::Missing(error),
            },
        };
        let asked = Self {
            chain,
            route,
            // The time somebody takes to type does not count against the backends.
            context: context.restarted(),
            credential,
            user,
            code: None,
        };
        asked.split_code_off().with_code(person)
    }

    /// Asks for the code before any backend is asked, so that the time until the question does not
    /// tell whether the password was right. Where a backend asks for a second factor itself, only
    /// its answer shows whether there is a question.
    fn with_code(self, person: &mut dyn Conversation) -> Self {
        let has_missed = matches!(self.credential, Credential::Missing(_));
        if has_missed || self.route.links.iter().any(|link| link.mfa) {
            return self;
        }
        let demand = &self.route.demand;
        let factors = &self.chain.factors;
        let names = (self.user.as_ref().ok()).map(|user| self.route.names_of(user));
        let factor = names.and_then(|names| {
            // Whoever may enrol now has no code yet.
            let has_code = demand.enrol == Enrol::Root || factors.is_enrolled(demand, &names);
            let factor = factors.asked_for(demand, &names, &self.context);
            factor.filter(|_| has_code)
        });
        let code = factor.and_then(|factor| {
            Some(TypedCode {
                factor: factor.name().to_owned(),
                answer: person.prompt_echo_off(factor.question()?),
            })
        });
        Self {
            code,
            context: self.context.restarted(),
            ..self
        }
    }

    /// Returns the password that was typed, without a code.
    pub(super) fn password(&self) -> Option<&Secret> {
        match &self.credential {
            Credential::Password(password, _) => Some(password),
            Credential::Key | Credential::Missing(_) => None,
        }
    }

    /// Returns the question to ask the backends.
    ///
    /// # Errors
    /// The decision, where no backend may be asked.
    pub(super) fn question(&self) -> Result<FirstQuestion<'_>, Box<AuthDecision>> {
        let refused = |name, outcome| Box::new(Decision::without_steps(name, outcome));
        let denied = |reason: DenialReason| Outcome::Denied(Denial::from(reason));
        let if_local = || self.chain.if_local(self.user.as_ref().ok()?.clone());
        if let Credential::Missing(error) = self.credential {
            return Err(refused(if_local(), Outcome::Conversation(error)));
        }
        if let Some(TypedCode {
            answer: Err(error), ..
        }) = &self.code
        {
            return Err(refused(if_local(), Outcome::Conversation(*error)));
        }
        let user =
            (self.user.as_ref()).map_err(|invalid| Box::new(Decision::invalid_name(*invalid)))?;
        if let Some(password) = self.password() {
            if password.is_empty() && !self.context.allow_empty_password {
                return Err(refused(if_local(), denied(DenialReason::EmptyPassword)));
            }
            if is_stand_in(password.expose()) {
                // Looking the name up for the log would take longer than a wrong password does.
                return Err(refused(None, denied(DenialReason::StandInPassword)));
            }
        }
        if let Some(objection) = &self.route.objection {
            let decision = refused(if_local(), denied(DenialReason::NotPermitted));
            return Err(Box::new(objection.clone().against(*decision)));
        }
        Ok(match self.password() {
            Some(password) => FirstQuestion::Password(user, password),
            None => FirstQuestion::Key(user),
        })
    }

    /// Takes the code off the end of the password of somebody who is enrolled, where the rule says
    /// that codes are appended. Nobody else's password is touched: their directory may want a code
    /// of its own there.
    fn split_code_off(self) -> Self {
        let Self {
            chain,
            route,
            user: Ok(user),
            credential: Credential::Password(password, None),
            ..
        } = &self
        else {
            return self;
        };
        if route.demand.code != CodeEntry::Appended {
            return self;
        }
        let Some((password, code)) =
            chain
                .factors
                .split(&route.demand, &route.names_of(user), password)
        else {
            return self;
        };
        Self {
            credential: Credential::Password(password, Some(code)),
            ..self
        }
    }
}
