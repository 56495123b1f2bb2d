//! The trait of everything that the session can ask.

use std::pin::Pin;

use authchain::backends::protocol::{Operation, Question};
use authchain_sandbox::confine::Access;

use crate::answer::Answer;
use crate::dialogue::Dialogue;

/// An answer that is being looked for. On the heap: what is awaited in place lies in the frame of
/// everything around it, and all the pages of a frame are had from the kernel when it is entered, a
/// fifth of the pages of a start.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

/// A backend that is ready to be asked: its files are read, its settings understood.
pub trait Kind {
    /// Returns what it needs once the process is confined.
    fn access(&self) -> Access;

    /// Returns what it can be asked.
    fn can(&self) -> &'static [Operation];

    /// Finds out what was asked. The future is dropped unfinished when the time is up, or when
    /// nobody waits for the answer any more.
    fn answer<'a>(
        &'a mut self,
        question: &'a Question<'_>,
        dialogue: &'a mut Dialogue<'_>,
    ) -> Answering<'a>;
}
