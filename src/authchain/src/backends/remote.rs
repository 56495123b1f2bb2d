//! A backend whose accounts are on servers: everything is asked of a worker.

#[cfg(feature = "examine")]
mod examine;
mod setup;
mod talk;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::setup::WorkerSetup;
use self::talk::{Asked, millis, readable, talk};
use super::breaker::{self, Breaker, PROBE, Plan};
use super::protocol::{Conclusion, Hello, Operation, WireVerdict};
pub use super::worker::Reaper;
use super::{Backend, Nature};
use crate::tools::journal::Severity;
use crate::tools::request::{Attempt, Request};
use crate::words::{Account, AccountStatus, BackendError, User, Username, Verdict};

/// Most lines of a worker that get into the log for one login.
const MAX_NOTES: usize = 16;

/// A backend over a worker.
pub struct Remote {
    /// The name it has in the configuration.
    pub name: String,
    /// Its `type`, by which the worker knows what it is to be.
    pub kind: String,
    /// The keys of its type, as the worker is told them.
    pub settings: serde_json::Value,
    /// The servers it has, by the names the worker calls them; empty where only the worker can
    /// find that out.
    pub servers: Vec<String>,
    /// True if names that differ in the case of ASCII letters are one.
    pub fold_case: bool,
    /// The program, user and folder of its workers.
    pub setup: WorkerSetup,
}

impl Remote {
    /// Asks a worker, unless the marks say that no server would answer it.
    ///
    /// Only what the worker says of servers is remembered. A worker that is silent, late or ends
    /// says nothing about them: it may have been this process, this person or this machine that was
    /// slow.
    fn ask(&self, asked: Asked<'_, '_>) -> Result<WireVerdict, BackendError> {
        let request = asked.request;
        let now = || request.context.wall_clock();
        let caller = request.context.on_behalf_of();
        let run_dir = &self.setup.run_dir;
        let mut breaker = Breaker::open(run_dir, &self.name, breaker::namespace(), caller);
        let plan = match breaker.plan(&self.servers, now(), request.deadline) {
            Ok(plan) => plan,
            Err(age) => return Err(BackendError::Unavailable(self.were_down(age))),
        };
        let is_same_name = |name: &str| self.is_same_name(request.user, name);
        let hello = self.hello(&plan);
        let conclusion = talk(&self.setup, hello, asked, is_same_name)?;
        self.learn(&conclusion, |down| breaker.learn(&plan, &down, now()));
        self.note(request, &conclusion.notes);
        match conclusion.verdict {
            WireVerdict::Unavailable(why) => Err(BackendError::Unavailable(why)),
            WireVerdict::Failed(why) => Err(BackendError::Failed(why)),
            verdict => Ok(verdict),
        }
    }

    /// Hands on which of our servers are down, if the verdict says anything about servers at all.
    fn learn(&self, conclusion: &Conclusion, learn: impl FnOnce(Vec<String>)) {
        let is_ours = |server: &&String| self.servers.is_empty() || self.servers.contains(server);
        let down: Vec<String> = conclusion.down.iter().filter(is_ours).cloned().collect();
        let is_about_servers = !matches!(
            conclusion.verdict,
            WireVerdict::Unavailable(_) | WireVerdict::Failed(_)
        );
        if is_about_servers || !down.is_empty() {
            learn(down);
        }
    }

    fn hello(&self, plan: &Plan) -> Hello {
        Hello {
            backend: self.name.clone(),
            kind: self.kind.clone(),
            settings: self.settings.clone(),
            avoid: plan.avoid.clone(),
            probe: plan.probe.clone(),
            probe_ms: millis(PROBE),
        }
    }

    fn note(&self, request: &Request<'_>, notes: &[String]) {
        for note in notes.iter().take(MAX_NOTES) {
            let line = format!("{}: {note}", self.name);
            request.context.journal.write(Severity::LOG_WARNING, &line);
        }
    }

    fn were_down(&self, age: Duration) -> String {
        let what = match self.servers.len() {
            1 => "the server was down",
            _ => "all servers were down",
        };
        format!("{what} {:.1} s ago", age.as_secs_f64())
    }
}

impl Backend for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    fn nature(&self) -> Nature {
        Nature::of_servers()
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
            WireVerdict::Accepted(user, status) => Ok(Verdict::Accepted(
                user.of(&self.name),
                status.map(with_readable_warning),
            )),
            WireVerdict::MustChange(user, status) => {
                Ok(Verdict::MustChange(user.of(&self.name), status))
            }
            WireVerdict::Denied(denial) => Ok(Verdict::Denied(denial)),
            verdict => nobody(verdict).map(|_: Option<()>| Verdict::Unknown),
        }
    }

    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        match self.ask(Asked::alone(Operation::Account, request))? {
            WireVerdict::Account(user, status) => {
                let user = user.of(&self.name);
                let status = with_readable_warning(status);
                Ok(Some(Account { user, status }))
            }
            verdict => nobody(verdict),
        }
    }

    #[cfg(feature = "examine")]
    fn examine(
        &self,
        request: &Request<'_>,
        hear: &mut dyn FnMut(super::protocol::ServerFinding),
    ) -> Result<(), BackendError> {
        let hello = self.hello(&Plan::default());
        examine::examine(&self.setup, hello, request, hear)
    }
}

/// Makes an account's warning fit for the person's terminal, where it goes like the worker's texts.
fn with_readable_warning(status: AccountStatus) -> AccountStatus {
    match status {
        AccountStatus::Valid { warning } => AccountStatus::Valid {
            warning: warning.map(|text| readable(&text)),
        },
        other => other,
    }
}

/// Returns the answer of a verdict that is about nobody: unknown. All others are refused here,
/// though they were checked against the question before.
fn nobody<T>(verdict: WireVerdict) -> Result<Option<T>, BackendError> {
    match verdict {
        WireVerdict::Unknown => Ok(None),
        _ => Err(BackendError::Failed(
            "not a valid answer: another verdict".to_owned(),
        )),
    }
}
