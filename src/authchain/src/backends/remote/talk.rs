//! A talk with a worker, from hello to verdict.

use std::time::Duration;

use super::setup::WorkerSetup;
use crate::backends::password_change::ChangeKind;
use crate::backends::protocol::{
    Bytes, Conclusion, Hello, Message, Operation, PasswordChange, Question, RefusalReason, Reply,
    WireRefusal, WireVerdict, check_answered, check_names,
};
use crate::backends::worker::{Worker, WorkerFault};
use crate::tools::conversation::Conversation;
use crate::tools::deadline::Deadline;
use crate::tools::journal::{clean, cut};
use crate::tools::request::Request;
use crate::words::{BackendError, Secret};

/// The time by which the worker's budget is shorter than our wait, so that the worker is the one to
/// report the timeout: it knows which server it waited for.
const MARGIN: Duration = Duration::from_millis(100);

/// Most characters of a worker's text that a person gets to see.
const MAX_TEXT: usize = 1024;

/// A question to a worker, with the conversation if the person takes part in it.
pub(super) struct WorkerQuestion<'a, 'p> {
    pub(super) operation: Operation,
    pub(super) request: &'a Request<'a>,
    pub(super) password: Option<&'a Secret>,
    pub(super) change: Option<AskedChange<'a>>,
    /// The answer for a plugin that is a second factor.
    pub(super) answer: Option<&'a Secret>,
    pub(super) person: Option<&'p mut dyn Conversation>,
    /// True once the question may have reached a worker.
    pub(super) is_sent: bool,
    /// True if the worker cannot be asked the question.
    pub(super) is_lacking: bool,
}

/// The change of a password that a worker is asked to make, or without `new` to allow.
#[derive(Clone, Copy)]
pub(super) struct AskedChange<'a> {
    pub(super) kind: ChangeKind,
    pub(super) old: Option<&'a Secret>,
    pub(super) new: Option<&'a Secret>,
}

impl<'a> WorkerQuestion<'a, '_> {
    /// Builds a question in which the person takes no part.
    pub(super) fn without_person(operation: Operation, request: &'a Request<'a>) -> Self {
        Self {
            operation,
            request,
            password: None,
            change: None,
            answer: None,
            person: None,
            is_sent: false,
            is_lacking: false,
        }
    }

    fn tell(&mut self, text: &str, how: impl FnOnce(&mut dyn Conversation, &str)) {
        if let Some(person) = self.person.as_deref_mut() {
            if !self.request.context.silent {
                how(person, &readable(text));
            }
        }
    }

    pub(super) fn to_message(&self, budget: Duration) -> Message<'a> {
        let context = self.request.context;
        Message::Question(Question {
            operation: self.operation,
            user: self.request.user.as_str().to_owned(),
            password: self.password.map(Bytes::Lent),
            change: self.change.map(|change| PasswordChange {
                kind: change.kind,
                old: change.old.map(Bytes::Lent),
                new: change.new.map(Bytes::Lent),
            }),
            answer: self.answer.map(Bytes::Lent),
            service: context.service.to_owned(),
            tty: context.tty.to_owned(),
            rhost: context.rhost.to_owned(),
            ruser: context.ruser.to_owned(),
            groups: self.request.groups.to_vec(),
            budget_ms: millis(budget),
        })
    }
}

/// Starts a worker, asks it the question, and ends it.
pub(super) fn talk(
    setup: &WorkerSetup,
    hello: Hello,
    asked: &mut WorkerQuestion<'_, '_>,
    is_same_name: impl Fn(&str) -> bool,
) -> Result<Conclusion, BackendError> {
    let mut deadline = asked.request.deadline;
    let mut worker = setup.start()?;
    let first = greet(&mut worker, hello, deadline)?;
    if let Some(refusal) = welcome(first, asked)? {
        worker.leave();
        return Ok(refusal);
    }
    let budget = budget_within(deadline.remaining());
    let sent = worker.send(&asked.to_message(budget), deadline);
    asked.is_sent |= !matches!(sent, Err(WorkerFault::Unsent(_)));
    sent?;
    loop {
        match worker.receive(deadline)? {
            Reply::Verdict(conclusion) => {
                check(asked, &conclusion.verdict, is_same_name)?;
                worker.leave();
                return Ok(conclusion);
            }
            Reply::Prompt { echo, text } => {
                let answer = prompt(asked, echo, &text)?;
                // The time somebody takes to type does not count against the worker's deadline.
                deadline = deadline.restarted();
                worker.send(&Message::Answer(Bytes::Lent(&answer)), deadline)?;
            }
            Reply::Info(text) => asked.tell(&text, |person, text| person.text_info(text)),
            Reply::Error(text) => asked.tell(&text, |person, text| person.error_msg(text)),
            Reply::Hello(_) => return Err(unexpected("a second hello").into()),
            Reply::Finding(_) => return Err(unexpected("a finding").into()),
            #[cfg(feature = "manage")]
            Reply::Listed(_) => return Err(unexpected("an entry of a list").into()),
        }
    }
}

/// Returns the error for a verdict that answers nothing. `otherwise` says what is wrong with any
/// verdict but *unavailable* and *failed*.
#[cfg(feature = "manage")]
pub(super) fn fault_of(verdict: WireVerdict, otherwise: &str) -> BackendError {
    match verdict {
        WireVerdict::Unavailable(why) => BackendError::Unavailable(why),
        WireVerdict::Failed(why) => BackendError::Failed(why),
        _ => unexpected(otherwise).into(),
    }
}

/// Says hello, and waits for the worker's first line.
pub(super) fn greet(
    worker: &mut Worker<'_>,
    hello: Hello,
    deadline: Deadline,
) -> Result<Reply, WorkerFault> {
    worker.send(&Message::Hello(hello), deadline)?;
    worker.receive(deadline)
}

/// Checks the worker's first line: its hello, or instead a verdict that says why the worker cannot
/// work.
fn welcome(
    reply: Reply,
    asked: &mut WorkerQuestion<'_, '_>,
) -> Result<Option<Conclusion>, WorkerFault> {
    match reply {
        Reply::Hello(can) if can.contains(&asked.operation) => Ok(None),
        Reply::Hello(_) => {
            asked.is_lacking = true;
            without(asked.operation).map(Some)
        }
        Reply::Verdict(
            conclusion @ Conclusion {
                verdict: WireVerdict::Unavailable(_) | WireVerdict::Failed(_),
                ..
            },
        ) => Ok(Some(conclusion)),
        Reply::Verdict(_) => Err(unexpected("a verdict before its hello")),
        Reply::Prompt { .. } => Err(unexpected("a prompt before its hello")),
        Reply::Info(_) | Reply::Error(_) => Err(unexpected("a text before its hello")),
        Reply::Finding(_) => Err(unexpected("a finding before its hello")),
        #[cfg(feature = "manage")]
        Reply::Listed(_) => Err(unexpected("an entry of a list before its hello")),
    }
}

/// Returns the answer of a worker that cannot be asked the question. A plugin that says nothing of
/// people or accounts knows nobody, and one that changes no passwords refuses to.
fn without(operation: Operation) -> Result<Conclusion, WorkerFault> {
    let verdict = match operation {
        Operation::Lookup | Operation::Account => WireVerdict::Unknown,
        Operation::ChangePassword => WireVerdict::Refused(WireRefusal {
            reason: RefusalReason::NotPermitted,
            text: "Passwords of this source are not changed here.".to_owned(),
        }),
        _ => return Err(unexpected(&format!("cannot {}", operation.word()))),
    };
    Ok(verdict.into())
}

/// Checks that the verdict answers this question and is about this person.
fn check(
    asked: &WorkerQuestion<'_, '_>,
    verdict: &WireVerdict,
    is_same_name: impl Fn(&str) -> bool,
) -> Result<(), WorkerFault> {
    if !asked.operation.can_have(verdict) {
        let word = asked.operation.word();
        return Err(unexpected(&format!("another verdict than {word} has")));
    }
    let is_to_change = (asked.change).is_some_and(|change| change.new.is_some());
    match verdict {
        WireVerdict::MayChange(..) if is_to_change => {
            return Err(unexpected("no change where one was asked for"));
        }
        WireVerdict::Changed(_) | WireVerdict::Unsure(_) if !is_to_change => {
            return Err(unexpected("a change that nobody asked for"));
        }
        _ => {}
    }
    let Some(user) = verdict.user() else {
        return Ok(());
    };
    if !is_same_name(&user.name) {
        return Err(unexpected("a verdict about another name"));
    }
    let checked =
        check_names(&user.also_named).and_then(|()| check_answered(user, asked.request.groups));
    checked.map_err(|error| unexpected(&error.to_string()))
}

fn prompt(
    asked: &mut WorkerQuestion<'_, '_>,
    echo: bool,
    text: &str,
) -> Result<Secret, BackendError> {
    let Some(person) = asked.person.as_deref_mut() else {
        return Err(unexpected("a prompt for nobody").into());
    };
    let text = readable(text);
    let answer = if echo {
        person.prompt_echo_on(&text)
    } else {
        person.prompt_echo_off(&text)
    };
    answer.map_err(BackendError::Conversation)
}

pub(super) fn unexpected(what: &str) -> WorkerFault {
    WorkerFault::Unexpected(what.to_owned())
}

/// Returns the worker's budget: a little less than the remaining time, so that the worker reports
/// the timeout.
pub(super) fn budget_within(remaining: Duration) -> Duration {
    remaining.saturating_sub(MARGIN.min(remaining.mul_f32(0.25)))
}

/// Returns a text that can go to a terminal: lines stay lines, and characters that would move the
/// cursor or change colours are written out.
pub(super) fn readable(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(clean).collect();
    cut(&lines.join("\n"), MAX_TEXT)
}

/// Returns a text in one line that can go to a terminal. Some host programs take an error text with
/// a line break for two, or cannot pass it on.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&clean(&words.join(" ")), MAX_TEXT)
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
