//! A backend whose accounts are on servers: everything is asked of a worker.

use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::{geteuid, getuid};

use super::Backend;
use super::breaker::{Breaker, Closed, PROBE, Plan};
use super::protocol::{
    Bytes, Conclusion, Hello, Message, Operation, Question, Reply, WireUser, WireVerdict,
};
use super::worker::{Fault, Worker};
use crate::tools::conversation::Conversation;
use crate::tools::deadline::Deadline;
use crate::tools::journal::{Severity, clean};
use crate::tools::request::{Attempt, Request};
use crate::words::{Account, BackendError, Secret, User, Username, Verdict};

/// What the worker is given less than we wait, so that it is the one to say that time is over: it
/// knows on whom it waited.
const MARGIN: Duration = Duration::from_millis(100);

/// How many lines of a worker's get into the log for one login.
const MAX_NOTES: usize = 16;

/// How much of a worker's text a person gets to see.
const MAX_TEXT: usize = 1024;

/// A backend over a worker.
pub struct Remote {
    /// The name it has in the configuration.
    pub name: String,
    /// Its `type`, by which the worker knows what it is to be.
    pub kind: &'static str,
    /// The keys of its type, as the worker is told them.
    pub settings: serde_json::Value,
    /// The servers it has, by the names the worker calls them; empty where only the worker can
    /// find that out.
    pub servers: Vec<String>,
    /// Whether names that differ in the case of ASCII letters are one.
    pub fold_case: bool,
    /// Where worker and marks are.
    pub place: Place,
}

/// Where on this machine a remote backend finds what it needs.
#[derive(Debug, Clone)]
pub struct Place {
    /// The worker's program.
    pub worker: PathBuf,
    /// The folder of marks about servers that are down.
    pub run_dir: PathBuf,
}

/// What is asked, with the person's part in it where they have one.
struct Asked<'a, 'p> {
    operation: Operation,
    request: &'a Request<'a>,
    password: Option<&'a Secret>,
    person: Option<&'p mut dyn Conversation>,
}

impl Remote {
    /// Asks a worker, unless it is known already that nobody would answer it.
    fn ask(&self, asked: Asked<'_, '_>) -> Result<WireVerdict, BackendError> {
        let request = asked.request;
        let now = || request.context.wall_clock();
        let mut breaker = Breaker::open(&self.place.run_dir, &self.name, caller());
        let plan = breaker
            .plan(&self.servers, now(), request.deadline)
            .map_err(|closed| BackendError::Unavailable(self.in_words(closed)))?;
        let deadline = if plan.whole {
            request.deadline.within(PROBE)
        } else {
            request.deadline
        };
        match self.converse(asked, &plan, deadline) {
            Ok(conclusion) => {
                let down = conclusion.down.into_iter();
                let down: Vec<String> = down.filter(|server| self.has(server)).collect();
                breaker.learn(&plan, &down, now());
                self.note(request, &conclusion.notes);
                Ok(conclusion.verdict)
            }
            Err(error) => {
                if let Broken::Off(Fault::Silent) = error {
                    breaker.learn_silence(&plan, now());
                }
                Err(error.into())
            }
        }
    }

    /// Whether this can be one of our servers.
    fn has(&self, server: &String) -> bool {
        self.servers.is_empty() || self.servers.contains(server)
    }

    /// The whole talk, from hello to verdict.
    fn converse(
        &self,
        mut asked: Asked<'_, '_>,
        plan: &Plan,
        mut deadline: Deadline,
    ) -> Result<Conclusion, Broken> {
        let mut worker = Worker::start(&self.place.worker)?;
        worker.send(&self.hello(plan), deadline)?;
        match worker.receive(deadline)? {
            Reply::Hello(can) if can.contains(&asked.operation) => {}
            // What it was told to be cannot be.
            Reply::Verdict(conclusion)
                if matches!(conclusion.verdict, WireVerdict::Unavailable(_)) =>
            {
                return Ok(conclusion);
            }
            Reply::Hello(_) => {
                let word = asked.operation.word();
                return Err(Fault::OutOfPlace(format!("cannot {word}")).into());
            }
            other => return Err(out_of_place(&other, "before its hello").into()),
        }
        worker.send(&question(&asked, deadline), deadline)?;
        loop {
            match worker.receive(deadline)? {
                Reply::Verdict(conclusion) => {
                    self.check(&asked, &conclusion.verdict)?;
                    return Ok(conclusion);
                }
                Reply::Prompt { echo, text } => {
                    let Some(person) = asked.person.as_deref_mut() else {
                        return Err(Fault::OutOfPlace("a prompt for nobody".to_owned()).into());
                    };
                    let answer = prompt(person, echo, &text)?;
                    // How long somebody types is not held against the worker.
                    deadline = deadline.restarted();
                    worker.send(&Message::Answer(Bytes::Lent(&answer)), deadline)?;
                }
                Reply::Info(text) => asked.tell(&text, |person, text| person.text_info(text)),
                Reply::Error(text) => asked.tell(&text, |person, text| person.error_msg(text)),
                Reply::Hello(_) => {
                    return Err(Fault::OutOfPlace("a second hello".to_owned()).into());
                }
            }
        }
    }

    fn hello(&self, plan: &Plan) -> Message<'static> {
        Message::Hello(Hello {
            backend: self.name.clone(),
            kind: self.kind.to_owned(),
            settings: self.settings.clone(),
            avoid: plan.avoid.clone(),
            probe: plan.probe.clone(),
            probe_ms: millis(PROBE),
        })
    }

    /// Whether the verdict is one to this question and about this person.
    fn check(&self, asked: &Asked<'_, '_>, verdict: &WireVerdict) -> Result<(), Fault> {
        let (fits, user) = match verdict {
            WireVerdict::Unknown | WireVerdict::Unavailable(_) => (true, None),
            WireVerdict::Denied(_) => (asked.operation == Operation::Authenticate, None),
            WireVerdict::Accepted(user) => (asked.operation == Operation::Authenticate, Some(user)),
            WireVerdict::Found(user) => (asked.operation == Operation::Lookup, Some(user)),
            WireVerdict::Account(user, _) => (asked.operation == Operation::Account, Some(user)),
        };
        if !fits {
            let word = asked.operation.word();
            return Err(Fault::OutOfPlace(format!(
                "another verdict than {word} has"
            )));
        }
        let is_same = |user: &WireUser| self.is_same_name(asked.request.user, &user.name);
        if user.is_some_and(|user| !is_same(user)) {
            return Err(Fault::OutOfPlace("a verdict about another name".to_owned()));
        }
        Ok(())
    }

    fn note(&self, request: &Request<'_>, notes: &[String]) {
        for note in notes.iter().take(MAX_NOTES) {
            let line = format!("{}: {note}", self.name);
            request.context.journal.write(Severity::LOG_WARNING, &line);
        }
    }

    fn in_words(&self, closed: Closed) -> String {
        let (what, age) = match closed {
            Closed::Worker(age) => ("the worker did not answer", age),
            Closed::Servers(age) if self.servers.len() == 1 => ("the server was down", age),
            Closed::Servers(age) => ("all servers were down", age),
        };
        format!("{what} {:.1} s ago", age.as_secs_f64())
    }
}

/// For whom this process runs, if that is somebody else than whom it runs as: su, sudo.
fn caller() -> Option<u32> {
    let uid = getuid();
    (uid != geteuid()).then_some(uid.as_raw())
}

impl Backend for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_same_name(&self, asked: &Username, entry: &str) -> bool {
        if self.fold_case {
            asked.as_str().eq_ignore_ascii_case(entry)
        } else {
            asked.as_str() == entry
        }
    }

    fn lookup(&self, request: &Request<'_>) -> Result<Option<User>, BackendError> {
        match self.ask(Asked::alone(Operation::Lookup, request))? {
            WireVerdict::Found(user) => Ok(Some(user.of(&self.name))),
            verdict => nobody(verdict),
        }
    }

    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError> {
        let asked = Asked {
            operation: Operation::Authenticate,
            request: &attempt.request,
            password: Some(attempt.password),
            person: Some(attempt.conversation),
        };
        match self.ask(asked)? {
            WireVerdict::Accepted(user) => Ok(Verdict::Accepted(user.of(&self.name))),
            WireVerdict::Denied(denial) => Ok(Verdict::Denied(denial)),
            verdict => nobody(verdict).map(|_: Option<()>| Verdict::Unknown),
        }
    }

    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        match self.ask(Asked::alone(Operation::Account, request))? {
            WireVerdict::Account(user, status) => {
                let user = user.of(&self.name);
                Ok(Some(Account { user, status }))
            }
            verdict => nobody(verdict),
        }
    }
}

/// What is left when a verdict has nobody in it. Which verdict fits which question was checked.
fn nobody<T>(verdict: WireVerdict) -> Result<Option<T>, BackendError> {
    match verdict {
        WireVerdict::Unknown => Ok(None),
        WireVerdict::Unavailable(detail) => Err(BackendError::Unavailable(detail)),
        _ => Err(BackendError::Protocol("another verdict".to_owned())),
    }
}

impl<'a> Asked<'a, '_> {
    fn alone(operation: Operation, request: &'a Request<'a>) -> Self {
        Self {
            operation,
            request,
            password: None,
            person: None,
        }
    }

    fn tell(&mut self, text: &str, how: impl FnOnce(&mut dyn Conversation, &str)) {
        if let Some(person) = self.person.as_deref_mut() {
            if !self.request.context.silent {
                how(person, &readable(text));
            }
        }
    }
}

/// Why there is no verdict.
enum Broken {
    /// The worker.
    Off(Fault),
    /// The person.
    Conversation(BackendError),
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self::Off(fault)
    }
}

impl From<Broken> for BackendError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Off(fault) => fault.into(),
            Broken::Conversation(error) => error,
        }
    }
}

fn question<'a>(asked: &Asked<'a, '_>, deadline: Deadline) -> Message<'a> {
    let context = asked.request.context;
    let left = deadline.remaining();
    Message::Question(Question {
        operation: asked.operation,
        user: asked.request.user.as_str().to_owned(),
        password: asked.password.map(Bytes::Lent),
        service: context.service.to_owned(),
        tty: context.tty.to_owned(),
        rhost: context.rhost.to_owned(),
        ruser: context.ruser.to_owned(),
        budget_ms: millis(left.saturating_sub(MARGIN.min(left.mul_f32(0.25)))),
    })
}

fn prompt(person: &mut dyn Conversation, echo: bool, text: &str) -> Result<Secret, Broken> {
    let text = readable(text);
    let answer = if echo {
        person.prompt_echo_on(&text)
    } else {
        person.prompt_echo_off(&text)
    };
    answer.map_err(|error| Broken::Conversation(BackendError::Conversation(error)))
}

fn out_of_place(reply: &Reply, when: &str) -> Fault {
    let what = match reply {
        Reply::Hello(_) => "a hello",
        Reply::Prompt { .. } => "a prompt",
        Reply::Info(_) | Reply::Error(_) => "a text",
        Reply::Verdict(_) => "a verdict",
    };
    Fault::OutOfPlace(format!("{what} {when}"))
}

/// A text that can go to a terminal: lines stay lines, everything else that moves or colours is
/// written out.
fn readable(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(clean).collect();
    lines.join("\n").chars().take(MAX_TEXT).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
