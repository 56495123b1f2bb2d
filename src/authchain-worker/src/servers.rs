//! The servers of a backend in turn: who is asked, for how long, when the next one is.
//!
//! The same for every kind of server, so that all of them fail over, leave each other time and are
//! reported as down by one rule.

use std::time::Duration;

use authchain::backends::protocol::{Conclusion, Hello, Question, WireVerdict};
use authchain::tools::deadline::{Deadline, system_clock};

use crate::kinds::Told;
use crate::net::failure::{Failure, Kind};

/// What is left of a question's budget for saying the answer.
const FOR_THE_ANSWER: Duration = Duration::from_millis(15);

/// A server that was given less than this and did not answer may only be slow.
const FAIR_CHANCE: Duration = Duration::from_millis(200);

/// When the servers must have answered: just before the question's budget ends, so that the answer
/// can still say which of them took too long.
pub fn deadline_of(question: &Question<'_>) -> Deadline {
    let budget = Duration::from_millis(question.budget_ms).saturating_sub(FOR_THE_ANSWER);
    Deadline::after(system_clock, budget)
}

/// One of a backend's servers.
pub trait Server {
    /// What the settings call it, by which the module remembers it.
    fn name(&self) -> &str;
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
    /// Whether `server` is not to be asked at all.
    pub fn avoids(&self, server: &impl Server) -> bool {
        !self.probes(server) && self.avoid.iter().any(|name| name == server.name())
    }

    /// Whether `server` was down and may be back.
    fn probes(&self, server: &impl Server) -> bool {
        self.probe.iter().any(|name| name == server.name())
    }
}

/// A server whose turn it is.
pub struct Turn<'s, S> {
    /// Who is asked.
    pub server: &'s S,
    /// Where it was down, and is only asked whether it is back: how long that may take.
    probe: Option<Duration>,
    is_last: bool,
}

/// An answer, and what is said besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The verdict.
    pub verdict: WireVerdict,
    /// Texts for the person.
    pub infos: Vec<String>,
    /// Lines for the log.
    pub notes: Vec<String>,
}

impl From<WireVerdict> for Ruling {
    fn from(verdict: WireVerdict) -> Self {
        Self {
            verdict,
            infos: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// Asks one server after the other until one answers. An answer is final, whichever it is: a
/// wrong password tried on every server would lock its owner out so much the sooner.
///
/// `ask` is given the server and when it must have answered; `notes` are told before everything else.
pub async fn in_turn<S: Server>(
    servers: &[S],
    health: &Health,
    deadline: Deadline,
    notes: Vec<String>,
    mut ask: impl AsyncFnMut(&Turn<'_, S>, Deadline) -> Result<Ruling, Failure>,
) -> Told {
    let mut conclusion = Conclusion::from(WireVerdict::Unknown);
    conclusion.notes = notes;
    let mut failures = Vec::new();
    for turn in turns(servers, health) {
        let own = turn.deadline(deadline);
        let allotted = own.remaining();
        match ask(&turn, own).await {
            Ok(ruling) => {
                conclusion.notes.extend(failures);
                conclusion.notes.extend(ruling.notes);
                conclusion.verdict = ruling.verdict;
                return Told {
                    infos: ruling.infos,
                    conclusion,
                };
            }
            Err(failure) => {
                let name = turn.server.name();
                let had_a_chance =
                    turn.probe.is_some() || allotted >= FAIR_CHANCE || !own.is_over();
                if failure.kind == Kind::Down && had_a_chance {
                    conclusion.down.push(name.to_owned());
                }
                failures.push(format!("{name}: {failure}"));
                if is_final(&failure) || deadline.is_over() {
                    break;
                }
            }
        }
    }
    conclusion.verdict = WireVerdict::Unavailable(all_failed(servers, &failures));
    Told {
        infos: Vec::new(),
        conclusion,
    }
}

/// Those that may be back first, then the rest in their order, without those to be avoided.
fn turns<'s, S: Server>(servers: &'s [S], health: &Health) -> Vec<Turn<'s, S>> {
    let turn = |probe| {
        move |server| Turn {
            server,
            probe,
            is_last: false,
        }
    };
    let probes = (servers.iter()).filter(|server| health.probes(*server));
    let others =
        (servers.iter()).filter(|server| !health.probes(*server) && !health.avoids(*server));
    let mut turns: Vec<Turn<'_, S>> = probes
        .map(turn(Some(health.probe_time)))
        .chain(others.map(turn(None)))
        .collect();
    if let Some(last) = turns.last_mut() {
        last.is_last = true;
    }
    turns
}

fn all_failed<S: Server>(servers: &[S], failures: &[String]) -> String {
    if failures.is_empty() {
        let names: Vec<&str> = servers.iter().map(Server::name).collect();
        return format!("known to be down: {}", names.join(", "));
    }
    failures.join("; ")
}

/// Whether no other server is to be asked.
fn is_final(failure: &Failure) -> bool {
    matches!(failure.kind, Kind::Settings | Kind::Spent)
}

impl<S> Turn<'_, S> {
    /// How long it may take until the server shows that it is there; `usual` where nothing is known
    /// against it.
    pub fn opening(&self, usual: Duration) -> Duration {
        self.probe.unwrap_or(usual)
    }

    /// When this server must have answered. Each leaves a third of what is left to those after it,
    /// so that one that hangs does not use up everybody's time.
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

    impl Server for &str {
        fn name(&self) -> &str {
            self
        }
    }

    /// Asks servers that all answer as `answer` says; who was asked, and what was told.
    fn ask(
        health: &Health,
        answer: impl Fn(&str) -> Result<Ruling, Failure>,
    ) -> (Vec<String>, Told) {
        let deadline = Deadline::after(system_clock, Duration::from_secs(3));
        let mut asked = Vec::new();
        let asking = in_turn(
            &["one", "two", "three"],
            health,
            deadline,
            Vec::new(),
            async |turn: &Turn<'_, &str>, _| {
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
        assert_eq!(told.conclusion.verdict, WireVerdict::Unknown);
        assert_eq!(told.conclusion.down, ["one"]);
        assert_eq!(told.conclusion.notes, ["one: connect: refused"]);
    }

    #[test]
    fn what_no_other_server_can_mend_is_final() {
        for failure in [
            Failure::settings("x", "wrong"),
            Failure::down("x", "gone").spent(),
        ] {
            let (asked, told) = ask(&Health::default(), |_| Err(failure.clone()));
            assert_eq!(asked, ["one"]);
            assert_eq!(told.conclusion.down, [""; 0]);
        }
        let (asked, told) = ask(&Health::default(), |_| Err(Failure::trouble("x", "y")));
        assert_eq!(asked.len(), 3);
        let unavailable = WireVerdict::Unavailable("one: x: y; two: x: y; three: x: y".to_owned());
        assert_eq!(told.conclusion.verdict, unavailable);
        assert_eq!(
            told.conclusion.down, [""; 0],
            "it answered, if not helpfully"
        );
    }

    #[test]
    fn who_may_be_back_is_asked_first_and_who_is_down_not_at_all() {
        let unknown = |_: &str| Err(Failure::trouble("x", "y"));
        let (asked, _) = ask(&health(&["one"], &["three"]), unknown);
        assert_eq!(asked, ["three", "two"]);
        let (asked, told) = ask(&health(&["one", "two", "three"], &[]), unknown);
        assert_eq!(asked, [""; 0]);
        let unavailable = WireVerdict::Unavailable("known to be down: one, two, three".to_owned());
        assert_eq!(told.conclusion.verdict, unavailable);
    }

    #[test]
    fn each_leaves_time_to_those_after_it() {
        let deadline = Deadline::after(system_clock, Duration::from_secs(3));
        let health = health(&[], &["two"]);
        let turns = turns(&["one", "two"], &health);
        let names: Vec<_> = turns.iter().map(|turn| *turn.server).collect();
        assert_eq!(names, ["two", "one"]);
        assert!(turns[0].deadline(deadline).remaining() <= Duration::from_secs(2));
        assert!(turns[1].deadline(deadline).remaining() > Duration::from_secs(2));
        let usual = Duration::from_millis(1_500);
        assert_eq!(turns[0].opening(usual), Duration::from_millis(40));
        assert_eq!(turns[1].opening(usual), usual);
    }
}
