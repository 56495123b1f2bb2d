//! The servers of a backend in turn: who is asked, for how long, when the next one is.
//!
//! One rule for every kind of server, so that all of them fail over, leave each other time and are
//! reported as down by one rule.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use authchain::backends::protocol::{Hello, Question};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::journal::cut;

use crate::answer::Answer;
use crate::net::failure::{Failure, FailureKind};

/// What is left of a question's budget for saying the answer.
const FOR_THE_ANSWER: Duration = Duration::from_millis(15);

/// A server that was given less than this and did not answer may only be slow.
const FAIR_CHANCE: Duration = Duration::from_millis(200);

/// How much is said of servers that failed, in characters: the module would cut off more than this
/// wherever it ended, even within a quote.
const MAX_DETAIL: usize = 1000;

/// Returns when the servers must have answered: just before the question's budget ends, so that the
/// answer can still say which of them took too long.
pub fn deadline_of(question: &Question<'_>) -> Deadline {
    let budget = Duration::from_millis(question.budget_ms).saturating_sub(FOR_THE_ANSWER);
    Deadline::after(system_clock, budget)
}

/// One of a backend's servers, or what knows some.
pub trait Server {
    /// Returns the name by which the module remembers it.
    fn name(&self) -> &str;

    /// Returns whether it does not answer, but names servers that may.
    fn names_servers(&self) -> bool {
        false
    }
}

/// What the module knows about servers from logins before this one.
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

impl Health {
    /// Returns whether `server` is not to be asked at all.
    pub fn avoids(&self, server: &impl Server) -> bool {
        let is_in = |list: &[String]| list.iter().any(|name| name == server.name());
        is_in(&self.avoid) && !is_in(&self.probe)
    }
}

/// A server whose turn it is.
pub struct Turn<'s, S> {
    /// The server that is asked.
    pub server: &'s S,
    /// Where it was down, and is only asked whether it is back: how long that may take.
    probe: Option<Duration>,
    is_last: bool,
}

/// What came of asking one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<S> {
    /// The answer.
    Answer(Box<Answer>),
    /// Servers to be asked next, in this order.
    Servers(Vec<S>),
}

impl<S> From<Answer> for Outcome<S> {
    fn from(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }
}

/// Asks one server after the other until one answers. An answer is final, whichever it is: a
/// wrong password tried on every server would lock its owner out so much the sooner.
///
/// `ask` is given the server and when it must have answered; `notes` are told before everything
/// else.
pub async fn in_turn<S: Server + Clone, O: Into<Outcome<S>>>(
    servers: &[S],
    health: &Health,
    deadline: Deadline,
    notes: Vec<String>,
    mut ask: impl AsyncFnMut(&Turn<'_, S>, Deadline) -> Result<O, Failure>,
) -> Answer {
    let mut failures = Vec::new();
    let mut down = Vec::new();
    let mut queue = Queue::new(health, servers.to_vec());
    while let Some((server, probe)) = queue.waiting.pop_front() {
        let turn = Turn {
            server: &server,
            probe,
            is_last: queue.waiting.is_empty() && !server.names_servers(),
        };
        let own = turn.deadline(deadline);
        let allotted = own.remaining();
        match ask(&turn, own).await.map(Into::into) {
            Ok(Outcome::Answer(answer)) => {
                let before = notes.into_iter().chain(failures);
                return Answer {
                    notes: before.chain(answer.notes).collect(),
                    down,
                    ..*answer
                };
            }
            Ok(Outcome::Servers(servers)) => queue.put_in_front(servers),
            Err(failure) => {
                let name = turn.server.name();
                let had_a_chance =
                    turn.probe.is_some() || allotted >= FAIR_CHANCE || !own.is_over();
                if failure.kind == FailureKind::Down && had_a_chance {
                    down.push(name.to_owned());
                }
                failures.push(format!("{name}: {failure}"));
                if is_final(&failure) || deadline.is_over() {
                    break;
                }
            }
        }
    }
    Answer {
        notes,
        down,
        ..Answer::unavailable(queue.all_failed(&failures))
    }
}

/// Those who are still to be asked, and the names of those who are not.
struct Queue<'h, S> {
    health: &'h Health,
    /// With the time they have to show that they are back, where that is the question.
    waiting: VecDeque<(S, Option<Duration>)>,
    avoided: Vec<String>,
    /// The names of all that ever waited: two domains may name the same server.
    known: BTreeSet<String>,
}

impl<'h, S: Server> Queue<'h, S> {
    fn new(health: &'h Health, servers: Vec<S>) -> Self {
        let mut queue = Self {
            health,
            waiting: VecDeque::new(),
            avoided: Vec::new(),
            known: BTreeSet::new(),
        };
        queue.put_in_front(servers);
        queue
    }

    /// Queues servers in front of whoever is waiting: those that may be back first, then the rest
    /// in their order, without those to be avoided. Nobody is asked twice.
    fn put_in_front(&mut self, mut servers: Vec<S>) {
        servers.retain(|server| self.known.insert(server.name().to_owned()));
        let is_in = |list: &[String], server: &S| list.iter().any(|name| name == server.name());
        let (probes, others): (Vec<S>, Vec<S>) =
            (servers.into_iter()).partition(|server| is_in(&self.health.probe, server));
        let (avoided, others): (Vec<S>, Vec<S>) =
            (others.into_iter()).partition(|server| is_in(&self.health.avoid, server));
        let avoided = avoided.iter().map(|server| server.name().to_owned());
        self.avoided.extend(avoided);
        let probe_time = self.health.probe_time;
        let probes = probes.into_iter().map(|server| (server, Some(probe_time)));
        let others = others.into_iter().map(|server| (server, None));
        let mut first: VecDeque<_> = probes.chain(others).collect();
        first.append(&mut self.waiting);
        self.waiting = first;
    }

    fn all_failed(&self, failures: &[String]) -> String {
        if failures.is_empty() {
            return format!("known to be down: {}", self.avoided.join(", "));
        }
        cut(&failures.join("; "), MAX_DETAIL)
    }
}

/// Returns whether no other server is to be asked.
fn is_final(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Settings | FailureKind::Spent)
}

impl<S> Turn<'_, S> {
    /// Returns how long it may take until the server shows that it is there; `usual` where nothing
    /// is known against it.
    pub fn opening(&self, usual: Duration) -> Duration {
        self.probe.unwrap_or(usual)
    }

    /// Returns when this server must have answered. Each leaves a third of what is left to those
    /// after it, so that one that hangs does not use up everybody's time.
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
mod tests {
    use super::*;
    use authchain::backends::protocol::WireVerdict;

    impl Server for &str {
        fn name(&self) -> &str {
            self
        }
    }

    /// Asks servers that all answer as `answer` says; who was asked, and what was told.
    fn ask(
        health: &Health,
        answer: impl Fn(&str) -> Result<Answer, Failure>,
    ) -> (Vec<String>, Answer) {
        let deadline = Deadline::after(system_clock, Duration::from_secs(3));
        let mut asked = Vec::new();
        let asking = in_turn(
            &["one", "two", "three"],
            health,
            deadline,
            Vec::new(),
            async |turn: &Turn<'_, &'static str>, _| {
                asked.push(turn.server.to_string());
                answer(turn.server)
            },
        );
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let told = runtime.unwrap().block_on(asking);
        (asked, told)
    }

    fn health(avoid: &[&str], probe: &[&str]) -> Health {
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Health {
            avoid: list(avoid),
            probe: list(probe),
            probe_time: Duration::from_millis(40),
        }
    }

    #[test]
    fn a_fault_leads_to_the_next_server_and_an_answer_ends_it() {
        let (asked, told) = ask(&Health::default(), |server| match server {
            "one" => Err(Failure::down("connect", "refused")),
            _ => Ok(WireVerdict::Unknown.into()),
        });
        assert_eq!(asked, ["one", "two"]);
        assert_eq!(told.verdict, WireVerdict::Unknown);
        assert_eq!(told.down, ["one"]);
        assert_eq!(told.notes, ["one: connect: refused"]);
    }

    #[test]
    fn what_no_other_server_can_mend_is_final() {
        for failure in [
            Failure::settings("x", "wrong"),
            Failure::down("x", "gone").spent(),
        ] {
            let (asked, told) = ask(&Health::default(), |_| Err(failure.clone()));
            assert_eq!(asked, ["one"]);
            assert_eq!(told.down, [""; 0]);
        }
        let (asked, told) = ask(&Health::default(), |_| Err(Failure::trouble("x", "y")));
        assert_eq!(asked.len(), 3);
        let unavailable = WireVerdict::Unavailable("one: x: y; two: x: y; three: x: y".to_owned());
        assert_eq!(told.verdict, unavailable);
        assert_eq!(told.down, [""; 0], "it answered, if not helpfully");
    }

    #[test]
    fn who_may_be_back_is_asked_first_and_who_is_down_not_at_all() {
        let unknown = |_: &str| Err(Failure::trouble("x", "y"));
        let (asked, _) = ask(&health(&["one"], &["three"]), unknown);
        assert_eq!(asked, ["three", "two"]);
        let (asked, told) = ask(&health(&["one", "two", "three"], &[]), unknown);
        assert_eq!(asked, [""; 0]);
        let unavailable = WireVerdict::Unavailable("known to be down: one, two, three".to_owned());
        assert_eq!(told.verdict, unavailable);
    }

    #[test]
    fn who_is_named_on_the_way_is_asked_before_who_was_to_come() {
        #[derive(Clone)]
        struct Sign(&'static str);
        impl Server for Sign {
            fn name(&self) -> &str {
                self.0
            }
            fn names_servers(&self) -> bool {
                self.0 == "sign"
            }
        }
        let deadline = Deadline::after(system_clock, Duration::from_secs(3));
        let health = health(&["b"], &["c"]);
        let mut asked = Vec::new();
        let servers = [Sign("sign"), Sign("last")];
        let asking = in_turn(
            &servers,
            &health,
            deadline,
            Vec::new(),
            async |turn: &Turn<'_, Sign>, _| {
                asked.push(turn.server.0);
                match turn.server.names_servers() {
                    // One of them is to come anyway, and nobody is asked twice.
                    true => Ok(Outcome::Servers(
                        ["a", "b", "a", "c", "last"].map(Sign).to_vec(),
                    )),
                    false => Err(Failure::down("x", "y")),
                }
            },
        );
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let told = runtime.unwrap().block_on(asking);
        assert_eq!(asked, ["sign", "c", "a", "last"]);
        assert_eq!(told.down, ["c", "a", "last"]);
    }

    #[test]
    fn each_leaves_time_to_those_after_it() {
        let deadline = Deadline::after(system_clock, Duration::from_secs(3));
        let turn = |probe, is_last| Turn {
            server: &"one",
            probe,
            is_last,
        };
        let probe = turn(Some(Duration::from_millis(40)), false);
        assert!(probe.deadline(deadline).remaining() <= Duration::from_secs(2));
        assert!(turn(None, true).deadline(deadline).remaining() > Duration::from_secs(2));
        let usual = Duration::from_millis(1_500);
        assert_eq!(probe.opening(usual), Duration::from_millis(40));
        assert_eq!(turn(None, true).opening(usual), usual);
    }
}
