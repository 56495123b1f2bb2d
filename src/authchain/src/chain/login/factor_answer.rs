//! The answer to the question of a second factor.

use super::asked::Credential;
use super::second_factor::SecondFactor;
use crate::config::rules::Demand;
use crate::config::settings::{CodeEntry, Enrol};
use crate::factors::{Confirmation, Confirming, Enrolment, Factor};
use crate::tools::conversation::Conversation;
use crate::tools::deferred::WorkFirst;
use crate::words::{BackendError, ConversationError, Secret, Username};

/// The reason, for the log, why a host that answers each question with the password is refused.
const SAME_ANSWER: &str = "the program answered the question for the code with the password, so it \
                           cannot ask (sshd: KbdInteractiveAuthentication yes, and no \
                           PasswordAuthentication; mail servers: code = \"appended\" with totp, app passwords \
                           otherwise)";

/// The conversation of a factor that asks questions itself.
struct FactorConversation<'p> {
    person: &'p mut dyn Conversation,
    /// The password, which is the answer of a program that cannot ask.
    password: Option<&'p Secret>,
    /// True if the person is shown no texts: they would tell that the password was right.
    is_silent: bool,
    /// True if an answer was the password. The factor does not get it.
    has_repeated: bool,
}

impl FactorConversation<'_> {
    /// Returns the answer, or an error if it is the password again.
    fn unless_password(
        &mut self,
        answer: Result<Secret, ConversationError>,
    ) -> Result<Secret, ConversationError> {
        let answer = answer?;
        match self.password {
            Some(password) if password.expose() == answer.expose() => {
                self.has_repeated = true;
                Err(ConversationError::NoAnswer)
            }
            _ => Ok(answer),
        }
    }
}

impl Conversation for FactorConversation<'_> {
    fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }

    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        let answer = self.person.prompt_echo_off(text);
        self.unless_password(answer)
    }

    fn prompt_echo_on(&mut self, text: &str) -> Result<Secret, ConversationError> {
        let answer = self.person.prompt_echo_on(text);
        self.unless_password(answer)
    }

    fn text_info(&mut self, text: &str) {
        if !self.is_silent {
            self.person.text_info(text);
        }
    }

    fn error_msg(&mut self, text: &str) {
        if !self.is_silent {
            self.person.error_msg(text);
        }
    }
}

impl<'s> SecondFactor<'s, '_> {
    /// Verifies the answer to the factor's question, which is put now if it was not put before.
    pub(super) fn verify(
        &mut self,
        demand: &Demand,
        factor: &dyn Factor,
        enrolment: &dyn Enrolment,
    ) -> Result<Confirmation, BackendError> {
        let early = self.early_answer(demand, factor);
        let late;
        let answer = match (factor.question(), early) {
            (None, _) => Ok(None),
            (Some(_), Some(early)) => early.map(Some),
            (Some(question), None) => {
                late = self.ask(question);
                late.as_ref().map(Some).map_err(ToString::to_string)
            }
        };
        let answer = match answer {
            Ok(answer) => answer,
            // A wrong password and no answer must look the same.
            Err(why) => return Ok(Confirmation::Refused(why)),
        };
        let password = self.asked.password().map(Secret::expose);
        if answer.is_some_and(|answer| password == Some(answer.expose())) {
            return Ok(Confirmation::Refused(SAME_ANSWER.to_owned()));
        }
        let mut person = FactorConversation {
            person: self.person,
            password: self.asked.password(),
            is_silent: factor.question().is_some(),
            has_repeated: false,
        };
        let said = enrolment.confirm(Confirming {
            answer,
            context: &self.asked.context,
            person: &mut person,
        });
        match person.has_repeated {
            true => Ok(Confirmation::Refused(SAME_ANSWER.to_owned())),
            false => said,
        }
    }

    /// Returns the answer that is there already (the code behind the password, or the answer that
    /// was given before any backend was asked), or why there can be none; `None` if the question is
    /// to be put now.
    fn early_answer(
        &self,
        demand: &Demand,
        factor: &dyn Factor,
    ) -> Option<Result<&'s Secret, String>> {
        let asked = self.asked;
        let code = asked.code.as_ref();
        let code = code.filter(|code| code.factor == factor.name());
        match (&asked.credential, demand.code) {
            // Only a factor that can split a password has taken this code off.
            (Credential::Password(_, Some(code)), _) if !factor.is_presumed() => Some(Ok(code)),
            (_, CodeEntry::Appended) => Some(Err("no code behind the password".to_owned())),
            (_, CodeEntry::Asked) => {
                code.map(|code| code.answer.as_ref().map_err(ToString::to_string))
            }
        }
    }

    /// Lets a person enrol, where a rule says so; others are asked for a code in vain.
    pub(super) fn enrol(
        &mut self,
        demand: &Demand,
        factor: &dyn Factor,
        user: &Username,
    ) -> Result<Confirmation, BackendError> {
        let nothing = Secret::new(Vec::new());
        match (demand.enrol, demand.code) {
            (Enrol::Oneself, CodeEntry::Asked) => {
                let password = self.asked.password().unwrap_or(&nothing);
                let clock = || self.asked.context.wall_clock();
                factor.enrol(user, password, self.person, &clock)
            }
            (_, code) => {
                if code == CodeEntry::Asked && self.asked.code.is_none() {
                    let _ = factor.question().map(|question| self.ask(question));
                }
                Ok(Confirmation::Refused("not enrolled".to_owned()))
            }
        }
    }

    /// Asks for a code, once the work is done that a refusal owes: the time until the question must
    /// not tell whether the password was right.
    pub(super) fn ask(&mut self, question: &str) -> Result<Secret, ConversationError> {
        match self.asked.password() {
            Some(password) => WorkFirst {
                conversation: self.person,
                deferred: self.deferred,
                password,
            }
            .prompt_echo_off(question),
            None => self.person.prompt_echo_off(question),
        }
    }
}
