//! A second factor that answers as a test wrote, and a person who types what is on a list.

use std::cell::Cell;
use std::rc::Rc;
use std::time::SystemTime;

use super::scripted::Scripted;
use crate::factors::{Confirmation, Confirming, Enrolment, EnrolmentNumber, Factor};
use crate::tools::conversation::Conversation;
use crate::words::{BackendError, ConversationError, Secret, Username};

/// The answer of a scripted factor about one person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FactorAnswer {
    Confirms,
    Refuses,
    /// It cannot verify or count.
    FailsToVerify,
    NotEnrolled,
    /// Everybody is taken for enrolled, and it says of each person that they are not.
    SaysNotEnrolled,
    /// It cannot find out whether the person is enrolled.
    FailsToTell,
}

/// A factor that answers as the test wrote, and counts what it verifies. A right code is `123456`.
#[derive(Debug, Clone)]
pub(super) struct ScriptedFactor {
    pub(super) name: &'static str,
    pub(super) answer: FactorAnswer,
    /// The question that is asked before any backend is.
    pub(super) question: Option<String>,
    /// The people who are enrolled; everybody if it is empty.
    pub(super) enrolled: Vec<&'static str>,
    /// The number of times that people were enrolled anew.
    pub(super) enrolments: u8,
    verified: Rc<Cell<usize>>,
}

impl ScriptedFactor {
    pub(super) fn new(name: &'static str, answer: FactorAnswer) -> Self {
        Self {
            name,
            answer,
            question: Some(format!("{name} code: ")),
            enrolled: Vec::new(),
            enrolments: 0,
            verified: Rc::default(),
        }
    }

    /// Returns how many answers were verified.
    pub(super) fn verified(&self) -> usize {
        self.verified.get()
    }
}

impl Factor for ScriptedFactor {
    fn name(&self) -> &str {
        self.name
    }

    fn enrolment(&self, user: &Username) -> Result<Option<Box<dyn Enrolment>>, BackendError> {
        let is_listed = self.enrolled.is_empty() || self.enrolled.contains(&user.as_str());
        match self.answer {
            FactorAnswer::NotEnrolled => Ok(None),
            FactorAnswer::FailsToTell => Err(BackendError::Failed("cannot tell".to_owned())),
            _ if is_listed => Ok(Some(Box::new(self.clone()))),
            _ => Ok(None),
        }
    }

    fn question(&self) -> Option<&str> {
        self.question.as_deref()
    }

    fn is_presumed(&self) -> bool {
        self.answer == FactorAnswer::SaysNotEnrolled
    }

    fn enrol(
        &self,
        _: &Username,
        _: &Secret,
        person: &mut dyn Conversation,
        _: &dyn Fn() -> SystemTime,
    ) -> Result<Confirmation, BackendError> {
        let answer = person.prompt_echo_off("new code: ");
        let answer = answer.map_err(BackendError::Conversation)?;
        Ok(match answer.expose() {
            b"123456" => Confirmation::Confirmed(Some("newly enrolled".to_owned())),
            _ => Confirmation::Refused("not enrolled".to_owned()),
        })
    }
}

impl Enrolment for ScriptedFactor {
    fn number(&self) -> EnrolmentNumber {
        [self.enrolments; 32]
    }

    fn split(&self, password: &Secret) -> Option<(Secret, Secret)> {
        let (rest, code) = password.expose().split_last_chunk::<6>()?;
        Some((Secret::new(rest.to_vec()), Secret::new(code.to_vec())))
    }

    fn confirm(&self, confirming: Confirming<'_>) -> Result<Confirmation, BackendError> {
        self.verified.set(self.verified.get() + 1);
        let typed;
        let answer = match confirming.answer {
            Some(answer) => answer,
            None => {
                let answer = confirming.person.prompt_echo_off("own question: ");
                typed = answer.map_err(BackendError::Conversation)?;
                &typed
            }
        };
        match (self.answer, answer.expose()) {
            (FactorAnswer::Confirms, b"123456") => Ok(Confirmation::Confirmed(None)),
            (FactorAnswer::SaysNotEnrolled, _) => Ok(Confirmation::NotEnrolled),
            (FactorAnswer::FailsToVerify, _) => Err(BackendError::Failed("full".to_owned())),
            _ => Ok(Confirmation::Refused("wrong code".to_owned())),
        }
    }
}

/// A person who types a password and then the answers on the list.
pub(super) struct CodeTypist {
    pub(super) password: &'static str,
    pub(super) answers: Vec<&'static str>,
    /// The questions that were asked.
    pub(super) asked: Vec<String>,
    /// A backend, and how often it had been asked before each code.
    pub(super) watched: Option<Scripted>,
    pub(super) asked_before: Vec<usize>,
}

impl CodeTypist {
    pub(super) fn new(password: &'static str, answers: &[&'static str]) -> Self {
        Self {
            password,
            answers: answers.to_vec(),
            asked: Vec::new(),
            watched: None,
            asked_before: Vec::new(),
        }
    }
}

impl Conversation for CodeTypist {
    fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
        self.asked.push("password".to_owned());
        Ok(Secret::new(self.password.into()))
    }

    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.asked.push(text.to_owned());
        self.asked_before
            .extend(self.watched.iter().map(Scripted::asked));
        let answer = self.answers.pop().ok_or(ConversationError::NoAnswer)?;
        Ok(Secret::new(answer.into()))
    }

    fn prompt_echo_on(&mut self, _text: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }

    fn text_info(&mut self, _text: &str) {}

    fn error_msg(&mut self, _text: &str) {}
}
