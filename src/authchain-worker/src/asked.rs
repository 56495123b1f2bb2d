//! A message that asks a backend for something: a question about a person, or a task about
//! accounts.

use authchain::backends::protocol::{AccountTask, AccountWork, Message, Operation, Question};

use crate::answer::Answer;
use crate::dialogue::Dialogue;
use crate::kind::Kind;

/// A question or a task.
pub(crate) enum Asked {
    /// A question about a person.
    Question(Box<Question<'static>>),
    /// A task about accounts.
    Task(AccountTask),
}

impl Asked {
    /// Returns what a message asks for; `None` if it is a hello or an answer.
    pub(crate) fn of(message: Message<'static>) -> Option<Self> {
        match message {
            Message::Question(question) => Some(Self::Question(Box::new(question))),
            Message::Task(task) => Some(Self::Task(task)),
            Message::Hello(_) | Message::Answer(_) => None,
        }
    }

    /// Returns the operation.
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Question(question) => question.operation,
            Self::Task(task) => task.operation(),
        }
    }

    /// Returns the milliseconds until the verdict is due.
    pub(crate) fn budget_ms(&mut self) -> &mut u64 {
        match self {
            Self::Question(question) => &mut question.budget_ms,
            Self::Task(task) => &mut task.budget_ms,
        }
    }

    /// Returns whether a server may be told to change something.
    pub(crate) fn is_to_change(&self) -> bool {
        match self {
            Self::Question(question) => {
                (question.change.as_ref()).is_some_and(|change| change.new.is_some())
            }
            Self::Task(task) => !matches!(task.work, AccountWork::List(_) | AccountWork::Describe),
        }
    }

    /// Puts it to the backend, and waits for the answer.
    pub(crate) async fn put_to(&self, kind: &mut dyn Kind, dialogue: &mut Dialogue<'_>) -> Answer {
        match self {
            Self::Question(question) => kind.answer(question, dialogue).await,
            Self::Task(task) => kind.carry_out(task, dialogue).await,
        }
    }
}
