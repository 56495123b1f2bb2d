//! The servers in turn.

use std::time::Duration;

use authchain::backends::protocol::{Conclusion, Question, WireVerdict};
use authchain::config::settings::ldap::Tls;
use authchain::config::settings::ldap::uri::ServerUri;
use authchain::tools::deadline::Deadline;

use super::Prepared;
use super::password::{Fault, Password};
use super::questions::Ruling;
use super::session::Session;
use crate::kinds::Told;
use crate::net::failure::{Failure, Kind};

/// A server that was given less than this and did not answer may only be slow.
const FAIR_CHANCE: Duration = Duration::from_millis(200);

/// A server whose turn it is.
struct Turn<'p> {
    server: &'p (ServerUri, Tls),
    /// It was down, and is only asked whether it is back.
    is_probe: bool,
    is_last: bool,
}

impl Prepared {
    /// Asks one server after the other until one answers. An answer is final, whichever it is: a
    /// wrong password tried on every server would lock its owner out so much the sooner.
    pub(super) async fn in_turn(
        &self,
        question: &Question<'_>,
        password: Option<Result<Password<'_>, Fault>>,
        deadline: Deadline,
    ) -> Told {
        let mut conclusion = Conclusion::from(WireVerdict::Unknown);
        conclusion.notes = self
            .warnings
            .iter()
            .map(|text| (*text).to_owned())
            .collect();
        let mut failures = Vec::new();
        for turn in self.turns() {
            let (uri, _) = turn.server;
            let own = turn.deadline(deadline);
            let allotted = own.remaining();
            match self.ask_one(&turn, question, password, own).await {
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
                    let had_a_chance = turn.is_probe || allotted >= FAIR_CHANCE || !own.is_over();
                    if failure.kind == Kind::Down && had_a_chance {
                        conclusion.down.push(uri.to_string());
                    }
                    failures.push(format!("{uri}: {failure}"));
                    if is_final(&failure) || deadline.is_over() {
                        break;
                    }
                }
            }
        }
        conclusion.verdict = WireVerdict::Unavailable(self.all_failed(&failures));
        Told {
            infos: Vec::new(),
            conclusion,
        }
    }

    async fn ask_one(
        &self,
        turn: &Turn<'_>,
        question: &Question<'_>,
        password: Option<Result<Password<'_>, Fault>>,
        deadline: Deadline,
    ) -> Result<Ruling, Failure> {
        let opening = deadline.within(match turn.is_probe {
            true => self.probe_time,
            false => self.settings.connect_timeout.duration(),
        });
        let mut session = Session::open(self, turn.server, opening, deadline).await?;
        let password = match password.transpose() {
            Ok(password) => password,
            Err(fault) => return self.refuse_unsent(&mut session, question, fault).await,
        };
        let answer = self.answer(&mut session, question, password).await;
        answer.map_err(|failure| match session.has_sent_password() {
            true => failure.spent(),
            false => failure,
        })
    }

    /// Those that may be back first, then the rest in their order, without those to be avoided.
    fn turns(&self) -> Vec<Turn<'_>> {
        let is_in = |list: &[String], server: &(ServerUri, Tls)| {
            list.iter().any(|uri| *uri == server.0.to_string())
        };
        let turn = |is_probe| {
            move |server| Turn {
                server,
                is_probe,
                is_last: false,
            }
        };
        let probes = self
            .servers
            .iter()
            .filter(|server| is_in(&self.probe, server));
        let others = self
            .servers
            .iter()
            .filter(|server| !is_in(&self.probe, server) && !is_in(&self.avoid, server));
        let mut turns: Vec<Turn<'_>> = probes
            .map(turn(true))
            .chain(others.map(turn(false)))
            .collect();
        if let Some(last) = turns.last_mut() {
            last.is_last = true;
        }
        turns
    }

    fn all_failed(&self, failures: &[String]) -> String {
        if failures.is_empty() {
            let servers: Vec<String> = self
                .servers
                .iter()
                .map(|(uri, _)| uri.to_string())
                .collect();
            return format!("known to be down: {}", servers.join(", "));
        }
        failures.join("; ")
    }
}

/// Whether no other server is to be asked.
fn is_final(failure: &Failure) -> bool {
    matches!(failure.kind, Kind::Settings | Kind::Spent)
}

impl Turn<'_> {
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
