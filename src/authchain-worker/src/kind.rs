//! The trait of a backend, as the session uses it.

use std::pin::Pin;

use authchain::backends::protocol::{AccountTask, Operation, Question};
use authchain_sandbox::confine::Access;

use crate::answer::Answer;
use crate::dialogue::Dialogue;

/// The operations of a backend that can change passwords.
pub const WITH_CHANGE: &[Operation] = &[
    Operation::Authenticate,
    Operation::Lookup,
    Operation::Account,
    Operation::ChangePassword,
    Operation::Examine,
];

/// The operations of a backend that cannot change passwords.
pub const WITHOUT_CHANGE: &[Operation] = &[
    Operation::Authenticate,
    Operation::Lookup,
    Operation::Account,
    Operation::Examine,
];

/// The future of an answer. It is on the heap: a future that is awaited in place lies in the stack
/// frames of its callers, and the kernel provides all pages of a frame when it is entered. This
/// saves a fifth of the pages of a worker's start.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

/// A backend that is ready to be asked: its files are read, its settings understood.
pub trait Kind {
    /// Returns the access that the backend needs in the confined process.
    fn access(&self) -> Access;

    /// Returns the operations that the backend has.
    fn can(&self) -> &'static [Operation];

    /// Answers the question. The future is dropped unfinished when the time is up, or when nobody
    /// waits for the answer any more.
    fn answer<'a>(
        &'a mut self,
        question: &'a Question<'_>,
        dialogue: &'a mut Dialogue<'_>,
    ) -> Answering<'a>;

    /// Carries out a task about accounts, as [`answer`](Self::answer) answers a question.
    fn carry_out<'a>(
        &'a mut self,
        task: &'a AccountTask,
        _dialogue: &'a mut Dialogue<'_>,
    ) -> Answering<'a> {
        let word = task.operation().word();
        Box::pin(async move { Answer::failed(format!("this worker cannot {word}")) })
    }
}
