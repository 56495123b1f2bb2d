//! The dialogue of a backend with the person, while it looks for the answer to a question.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use authchain::backends::accounts::Listed;
use authchain::backends::protocol::{Bytes, Message, Question, Reply, ServerFinding};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::words::Secret;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Most replies that wait until the module has read those before: more than there are texts or
/// findings. Only a list waits for room.
const WAITING: usize = 4_096;

/// The exchange of texts with the person while one question is open.
pub struct Dialogue<'d> {
    said: Sender<Reply>,
    heard: &'d mut Receiver<Message<'static>>,
    budget: &'d Budget,
}

impl<'d> Dialogue<'d> {
    /// Opens a dialogue. Returns it and the receiver of its replies, which ends when the dialogue
    /// is dropped.
    pub fn open(
        heard: &'d mut Receiver<Message<'static>>,
        budget: &'d Budget,
    ) -> (Self, Receiver<Reply>) {
        let (said, replies) = channel(WAITING);
        let dialogue = Self {
            said,
            heard,
            budget,
        };
        (dialogue, replies)
    }

    /// Tells the person something.
    pub fn info(&self, text: impl Into<String>) {
        self.say(Reply::Info(text.into()));
    }

    /// Tells the person that something went wrong.
    pub fn error(&self, text: impl Into<String>) {
        self.say(Reply::Error(text.into()));
    }

    /// Tells the administrator the result of one step of the examination of one server.
    pub fn finding(&self, finding: ServerFinding) {
        self.say(Reply::Finding(finding));
    }

    /// Tells the command an entry of a list, and waits while too many have not been read.
    pub async fn listed(&self, entry: Listed) {
        // The receiver may be gone.
        let _ = self.said.send(Reply::Listed(entry)).await;
    }

    /// Asks the person, and waits for the answer. It is shown while it is typed if `echo` is set.
    /// The budget of the question begins anew with the answer.
    ///
    /// # Errors
    /// When no answer comes. No later message is read then, and the question is over.
    pub async fn prompt(
        &mut self,
        echo: bool,
        text: impl Into<String>,
    ) -> Result<Secret, NoAnswer> {
        // A message that came before the prompt is no answer.
        if !self.heard.is_empty() {
            self.heard.close();
            return Err(NoAnswer);
        }
        let text = text.into();
        self.say(Reply::Prompt { echo, text });
        self.budget.pause();
        let heard = self.heard.recv().await;
        self.budget.restart();
        match heard {
            Some(Message::Answer(Bytes::Owned(secret))) => Ok(secret),
            _ => {
                self.heard.close();
                Err(NoAnswer)
            }
        }
    }

    fn say(&self, reply: Reply) {
        // The receiver may be gone. No backend says as much as would fill the channel.
        let _ = self.said.try_send(reply);
    }
}

/// The error of a prompt without an answer: the module has gone, or sent another message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the person did not answer")
    }
}

impl std::error::Error for NoAnswer {}

/// The time that a question may take. The time in which a person types does not count.
#[derive(Debug)]
pub struct Budget {
    whole: Duration,
    /// The moment in which it is over; `None` while a person types.
    due: Cell<Option<Deadline>>,
    /// The number of times that `due` was changed.
    changes: Cell<u32>,
}

impl Budget {
    /// Begins the budget of `question`.
    pub fn of(question: &Question<'_>) -> Self {
        Self::of_ms(question.budget_ms)
    }

    /// Begins a budget of so many milliseconds.
    pub fn of_ms(budget_ms: u64) -> Self {
        Self::whole(Duration::from_millis(budget_ms))
    }

    /// Begins a budget of this length.
    pub(crate) fn whole(whole: Duration) -> Self {
        Self {
            whole,
            due: Cell::new(Some(Deadline::after(system_clock, whole))),
            changes: Cell::new(0),
        }
    }

    fn pause(&self) {
        self.set(None);
    }

    fn restart(&self) {
        self.set(Some(Deadline::after(system_clock, self.whole)));
    }

    fn set(&self, due: Option<Deadline>) {
        self.due.set(due);
        self.changes.set(self.changes.get().wrapping_add(1));
    }

    /// Does `work` until the budget is spent; `None` if it is not done by then.
    pub async fn spend<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            let seen = self.changes.get();
            let left = self.due.get().map(|due| due.remaining());
            let mut timer = pin!(left.map(tokio::time::sleep));
            let stop = poll_fn(|context| {
                if let Poll::Ready(done) = work.as_mut().poll(context) {
                    return Poll::Ready(Stop::Done(done));
                }
                if self.changes.get() != seen {
                    return Poll::Ready(Stop::Changed);
                }
                match timer.as_mut().as_pin_mut() {
                    Some(timer) => timer.poll(context).map(|()| Stop::Over),
                    None => Poll::Pending,
                }
            });
            match stop.await {
                Stop::Done(done) => return Some(done),
                Stop::Over => return None,
                Stop::Changed => {}
            }
        }
    }
}

/// The reason why the work is not waited for any longer.
enum Stop<T> {
    Done(T),
    Over,
    /// The budget has another end than before.
    Changed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::backends::protocol::Operation;

    fn question(operation: Operation, budget_ms: u64) -> Question<'static> {
        Question {
            operation,
            user: "alice".to_owned(),
            password: None,
            change: None,
            answer: None,
            service: "sshd".to_owned(),
            tty: String::new(),
            rhost: String::new(),
            ruser: String::new(),
            groups: Vec::new(),
            budget_ms,
        }
    }

    fn answer(text: &str) -> Message<'static> {
        Message::Answer(Bytes::Owned(Secret::new(text.as_bytes().to_vec())))
    }

    /// Returns the result of a prompt within a budget of 20 ms, and the replies. The person does
    /// `reply` after `pause`.
    fn prompted(
        before: Option<Message<'static>>,
        pause: Duration,
        reply: impl FnOnce(Sender<Message<'static>>),
    ) -> (Option<Result<Secret, NoAnswer>>, Vec<Reply>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(async {
            let (sender, mut heard) = channel(4);
            if let Some(message) = before {
                sender.try_send(message).unwrap();
            }
            let budget = Budget::of(&question(Operation::Authenticate, 20));
            let (mut dialogue, mut said) = Dialogue::open(&mut heard, &budget);
            let asking = async move { dialogue.prompt(false, "Code: ").await };
            let typing = async {
                tokio::time::sleep(pause).await;
                reply(sender);
            };
            let (typed, ()) = tokio::join!(budget.spend(asking), typing);
            let said = std::iter::from_fn(|| said.try_recv().ok()).collect();
            (typed, said)
        })
    }

    #[test]
    fn a_prompt_brings_what_the_person_typed_however_long_that_took() {
        let (typed, said) = prompted(None, Duration::from_millis(60), |sender| {
            sender.try_send(answer("123456")).unwrap();
        });
        assert_eq!(typed.unwrap().unwrap().expose(), b"123456");
        let text = "Code: ".to_owned();
        assert_eq!(said, [Reply::Prompt { echo: false, text }]);
    }

    #[test]
    fn what_is_no_answer_to_a_prompt_ends_the_question() {
        let (gone, _) = prompted(None, Duration::ZERO, drop);
        assert_eq!(gone.unwrap().err(), Some(NoAnswer));
        let (another, _) = prompted(None, Duration::ZERO, |sender| {
            let question = question(Operation::Lookup, 20);
            sender.try_send(Message::Question(question)).unwrap();
        });
        assert_eq!(another.unwrap().err(), Some(NoAnswer));
        let (early, said) = prompted(Some(answer("123456")), Duration::ZERO, drop);
        assert_eq!(early.unwrap().err(), Some(NoAnswer));
        assert_eq!(said, [], "nobody is asked once the module is out of step");
    }

    #[test]
    fn a_budget_ends_what_is_not_done_in_time() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let budget = Budget::of(&question(Operation::Lookup, 10));
        let never = budget.spend(std::future::pending::<()>());
        assert_eq!(runtime.unwrap().block_on(never), None);
    }
}
