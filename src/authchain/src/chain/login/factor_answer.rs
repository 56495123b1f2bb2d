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
                           PasswordAuthentication; mail servers: code = \"appended\")";

impl<'s> SecondFactor<'s, '_> {
    /// Verifies the answer to the factor's question, which is put now if it was not put before.
    pub(super) fn verify(
        &mut self,
        demand: &Demand,
        factor: &dyn Factor,
        enrolment: &dyn Enrolment,
    ) -> Result<Confirmation, BackendError> {
        let early = self.early_answer(demand, factor.name());
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
        enrolment.confirm(Confirming {
            answer,
            context: &self.asked.context,
            person: self.person,
        })
    }

    /// Returns the answer to a factor's question, or why there is none, where the question is not
    /// put now: the code behind the password, or the answer before any backend was asked.
    fn early_answer(&self, demand: &Demand, factor: &str) -> Option<Result<&'s Secret, String>> {
        let asked = self.asked;
        let code = asked.code.as_ref().filter(|code| code.factor == factor);
        match (&asked.credential, demand.code) {
            (Credential::Password(_, Some(code)), _) => Some(Ok(code)),
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
