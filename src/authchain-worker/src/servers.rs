//! Asks the servers of a backend in turn: decides which server is asked next, and for how long.
//!
//! All types of backend share these rules of failing over, of dividing the time, and of reporting a
//! server as down.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use authchain::backends::protocol::{AccountTask, Hello, Question, ServersFound, WireVerdict};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::journal::cut;

use crate::answer::Answer;
use crate::net::failure::{Failure, FailureKind};

/// The part of a question's budget that is kept for sending the answer.
const FOR_THE_ANSWER: Duration = Duration::from_millis(15);

/// The least time after which silence means that a server is down: with less it may only be slow.
const FAIR_CHANCE: Duration = Duration::from_millis(200);

/// The longest text about servers that failed, in characters: the module would cut off the rest
/// wherever that is, even within a quote.
const MAX_DETAIL: usize = 1000;

/// Returns when the servers must have answered: just before the question's budget ends, so that the
/// answer can still say which of them took too long.
pub fn deadline_of(question: &Question<'_>) -> Deadline {
    deadline_in(question.budget_ms)
}

/// Returns when the servers must have carried out a task, as [`deadline_of`] does.
pub fn deadline_of_task(task: &AccountTask) -> Deadline {
    deadline_in(task.budget_ms)
}

fn deadline_in(budget_ms: u64) -> Deadline {
    let budget = Duration::from_millis(budget_ms).saturating_sub(FOR_THE_ANSWER);
    Deadline::after(system_clock, budget)
}

/// A server of a backend, or a name under which DNS has servers.
pub trait Server {
    /// Returns the name by which the module remembers the server.
    fn name(&self) -> &str;

    /// Returns whether this is not a server, but a name under which DNS lists servers.
    fn names_servers(&self) -> bool {
        false
    }
}

/// The module's knowledge about servers, from earlier logins.
#[derive(Debug, Clone, Default)]
pub struct Health {
    avoid: Vec<String>,
    probe: Vec<String>,
    probe_time: Duration,
}

impl From<&Hello> for Health {
    fn from(hello: &Hello) -> Self {
        Self {
            avoid: hello.avoid.clone(),
            probe: hello.probe.clone(),
            probe_time: Duration::from_millis(hello.probe_ms),
        }
    }
}

/// A server whose turn it is.
pub struct Turn<'s, S> {
    /// The server that is asked.
    pub server: &'s S,
    /// The time that a server which was down has to show that it is back.
    probe: Option<Duration>,
    is_last: bool,
    begin: Deadline,
    /// The time it took to be connected to.
    opened: Cell<Option<Duration>>,
}

/// The result of asking a [`Server`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<S> {
    /// The answer.
    Answer(Box<Answer>),
    /// Servers that are asked next, in this order.
    Servers(Vec<S>),
}

impl<S> From<Answer> for Outcome<S> {
    fn from(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }
}

/// Asks one server after the other until one answers. Every answer is final: a wrong password that
/// is tried on each server would lock the account so much the sooner.
///
/// `ask` gets the server and its deadline; `notes` come before the notes of the answer.
pub async fn in_turn<S: Server + Clone, O: Into<Outcome<S>>>(
    servers: &[S],
    health: &Health,
    deadline: Deadline,
    notes: Vec<String>,
    mut ask: impl AsyncFnMut(&Turn<'_, S>, Deadline) -> Result<O, Failure>,
) -> Answer {
    let mut tries = Tries::default();
    let mut queue = Queue::new(health, servers.to_vec());
    while let Some((server, probe)) = queue.next() {
        let turn = Turn {
            server: &server,
            probe,
            is_last: queue.is_empty() && !server.names_servers(),
            begin: deadline.restarted(),
            opened: Cell::new(None),
        };
        let own = turn.deadline(deadline);
        let allotted = own.remaining();
        match ask(&turn, own).await.map(Into::into) {
            Ok(Outcome::Answer(answer)) => {
                tries.answered(&turn);
                let before = notes.into_iter().chain(tries.failures);
                return Answer {
                    notes: before.chain(answer.notes).collect(),
                    servers: tries.found,
                    ..*answer
                };
            }
            Ok(Outcome::Servers(servers)) => {
                tries.answered(&turn);
                queue.put_in_front(servers);
            }
            Err(failure) if probe.is_some() && failure.kind == FailureKind::Local => {
                // This process slept through the probe, so that the server gets a full turn.
                queue.waiting.push_front((server, None));
            }
            Err(failure) => {
                let had_a_chance = allotted >= FAIR_CHANCE || !own.is_over();
                tries.failed(&turn, &failure, had_a_chance);
                if failure.kind.is_final() || deadline.is_over() {
                    tries.had_no_chance |= !queue.waiting.is_empty();
                    break;
                }
            }
        }
    }
    Answer {
        notes,
        ..tries.into_answer()
    }
}

/// The outcome of each turn so far.
#[derive(Default)]
struct Tries {
    found: ServersFound,
    failures: Vec<String>,
    kinds: Vec<FailureKind>,
    /// True if a server had longer than a probe, and so may have been sent the password.
    is_thorough: bool,
    /// True if a server had too little time, or none, for its silence to say anything.
    had_no_chance: bool,
}

impl Tries {
    fn answered<S: Server>(&mut self, turn: &Turn<'_, S>) {
        let took = turn.opened.get().unwrap_or_else(|| turn.begin.elapsed());
        let took = took.as_millis();
        let took = u64::try_from(took).unwrap_or(u64::MAX);
        self.found.open_ms = self.found.open_ms.max(took);
        self.found.up.push(turn.server.name().to_owned());
    }

    fn failed<S: Server>(&mut self, turn: &Turn<'_, S>, failure: &Failure, had_a_chance: bool) {
        let name = turn.server.name();
        if failure.kind == FailureKind::Down && had_a_chance {
            self.found.down.push(name.to_owned());
        } else if turn.opened.get().is_some() {
            self.answered(turn);
        }
        self.had_no_chance |= !had_a_chance;
        self.is_thorough |= !turn.is_probe() || failure.kind != FailureKind::Down;
        self.failures.push(format!("{name}: {failure}"));
        self.kinds.push(failure.kind);
    }

    fn into_answer(mut self) -> Answer {
        let why = cut(&self.failures.join("; "), MAX_DETAIL);
        let is_local = self.kinds.iter().all(|kind| kind.is_local());
        let verdict = match is_local && !self.kinds.is_empty() {
            _ if self.kinds.contains(&FailureKind::Unsure) => WireVerdict::Unsure(why),
            true => WireVerdict::Failed(why),
            false => WireVerdict::Unavailable(why),
        };
        let was_asked = !self.kinds.is_empty();
        let is_down = |kind: &FailureKind| *kind == FailureKind::Down;
        self.found.again = was_asked && !self.is_thorough;
        self.found.unanswered = was_asked && !self.had_no_chance && self.kinds.iter().all(is_down);
        Answer {
            servers: self.found,
            ..Answer::from(verdict)
        }
    }
}

/// The servers that are still to be asked, each with the time of [`Turn::probe`].
struct Queue<'h, S> {
    health: &'h Health,
    waiting: VecDeque<(S, Option<Duration>)>,
    /// Servers that were down a moment ago. They are asked when no other answers.
    doubtful: VecDeque<(S, Option<Duration>)>,
    /// The names of all servers that were ever queued: two domains may name the same one.
    known: BTreeSet<String>,
}

impl<'h, S: Server> Queue<'h, S> {
    fn new(health: &'h Health, servers: Vec<S>) -> Self {
        let mut queue = Self {
            health,
            waiting: VecDeque::new(),
            doubtful: VecDeque::new(),
            known: BTreeSet::new(),
        };
        queue.put_in_front(servers);
        queue
    }

    fn next(&mut self) -> Option<(S, Option<Duration>)> {
        let next = self.waiting.pop_front();
        next.or_else(|| self.doubtful.pop_front())
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.doubtful.is_empty()
    }

    /// Puts servers at the front of the queue: first those to be probed, then the rest in their
    /// order. Servers to be avoided go to its very end. No server is queued twice.
    fn put_in_front(&mut self, mut servers: Vec<S>) {
        servers.retain(|server| self.known.insert(server.name().to_owned()));
        let Health { avoid, probe, .. } = self.health;
        let (probes, others): (Vec<S>, Vec<S>) =
            (servers.into_iter()).partition(|server| names(probe, server));
        let (avoided, others): (Vec<S>, Vec<S>) =
            (others.into_iter()).partition(|server| names(avoid, server));
        let time = Some(self.health.probe_time);
        self.doubtful
            .extend(avoided.into_iter().map(|server| (server, time)));
        let probes = probes.into_iter().map(|server| (server, time));
        let others = others.into_iter().map(|server| (server, None));
        let mut first: VecDeque<_> = probes.chain(others).collect();
        first.append(&mut self.waiting);
        self.waiting = first;
    }
}

fn names(list: &[String], server: &impl Server) -> bool {
    list.iter().any(|name| name == server.name())
}

impl<S> Turn<'_, S> {
    /// Returns how long connecting may take: `timeout`, or the time of a probe.
    pub fn opening(&self, timeout: Duration) -> Duration {
        self.probe.map_or(timeout, |probe| probe.min(timeout))
    }

    /// Returns whether the server has to show that it is back.
    pub fn is_probe(&self) -> bool {
        self.probe.is_some()
    }

    /// Notes that the server was connected to just now: it is up, whatever comes of the question.
    pub fn opened(&self) {
        self.opened.set(Some(self.begin.elapsed()));
    }

    /// Returns what limits the time of connecting, for a message: `setting`, whose value is
    /// `timeout`, or the probe.
    pub fn limit<'n>(&self, setting: &'n str, timeout: Duration) -> &'n str {
        match self.opening(timeout) < timeout {
            true => "it was down a moment ago",
            false => setting,
        }
    }

    /// Returns when this server must have answered. Each server but the last leaves a third of the
    /// time to the servers after it, so that a server that hangs does not use up all of it.
    fn deadline(&self, deadline: Deadline) -> Deadline {
        let remaining = deadline.remaining();
        let share = match self.is_last {
            true => remaining,
            false => remaining.saturating_sub(remaining.checked_div(3).unwrap_or_default()),
        };
        deadline.within(share)
    }
}

#[cfg(test)]
mod tests;
