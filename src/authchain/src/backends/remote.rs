//! A backend whose accounts are on servers: everything is asked of a worker.

#[cfg(feature = "examine")]
mod examine;
mod talk;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::path::PathBuf;

use nix::unistd::{geteuid, getuid};

use self::talk::{Asked, Broken, Heard, millis, readable, talk};
use super::Backend;
use super::breaker::{Breaker, Closed, PROBE, Plan};
use super::protocol::{Conclusion, Hello, Operation, WireVerdict};
use super::worker::{Fault, Leaving};
use crate::tools::journal::Severity;
use crate::tools::request::{Attempt, Request};
use crate::words::{Account, AccountStatus, BackendError, User, Username, Verdict};

/// How many lines of a worker's get into the log for one login.
const MAX_NOTES: usize = 16;

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
    /// The worker that answered last.
    pub last: LastWorker,
}

/// A worker that has answered and is ending. Its end is waited for when the backend is dropped, at the
/// end of the login, or asked again: meanwhile the login goes on.
#[derive(Default)]
pub struct LastWorker(Cell<Option<Leaving>>);

/// Where on this machine a remote backend finds what it needs.
#[derive(Debug, Clone)]
pub struct Place {
    /// The worker's program.
    pub worker: PathBuf,
    /// The user it becomes.
    pub worker_user: String,
    /// The folder of marks about servers that are down.
    pub run_dir: PathBuf,
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
        let is_same_name = |name: &str| self.is_same_name(request.user, name);
        let hello = self.hello(&plan);
        self.last.0.set(None);
        let heard = talk(&self.place, hello, asked, deadline, is_same_name);
        match &heard {
            Ok(heard) if is_silence(heard) => breaker.learn_silence(&plan, now()),
            Ok(heard) => self.learn(&heard.conclusion, |down| {
                breaker.learn(&plan, &down, now());
            }),
            Err(Broken::Off(Fault::Silent)) => breaker.learn_silence(&plan, now()),
            // A mark that only its own caller heeds keeps nobody else out.
            Err(Broken::Off(Fault::Mute)) if caller().is_some() => {
                breaker.learn_silence(&plan, now());
            }
            Err(_) => {}
        }
        let Heard {
            conclusion, worker, ..
        } = heard?;
        self.last.0.set(Some(worker));
        self.note(request, &conclusion.notes);
        Ok(conclusion.verdict)
    }

    /// Hands on which of our servers are down, if the verdict says anything about servers at all.
    fn learn(&self, conclusion: &Conclusion, learn: impl FnOnce(Vec<String>)) {
        let is_ours = |server: &&String| self.servers.is_empty() || self.servers.contains(server);
        let down: Vec<String> = conclusion.down.iter().filter(is_ours).cloned().collect();
        let is_about_servers = !matches!(conclusion.verdict, WireVerdict::Unavailable(_));
        if is_about_servers || !down.is_empty() {
            learn(down);
        }
    }

    fn hello(&self, plan: &Plan) -> Hello {
        Hello {
            backend: self.name.clone(),
            kind: self.kind.to_owned(),
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

    fn in_words(&self, closed: Closed) -> String {
        let (what, age) = match closed {
            Closed::Worker(age) => ("the worker did not answer", age),
            Closed::Servers(age) if self.servers.len() == 1 => ("the server was down", age),
            Closed::Servers(age) => ("all servers were down", age),
        };
        format!("{what} {:.1} s ago", age.as_secs_f64())
    }
}

/// A worker that overruns its time and cannot say for whom is as good as silent. One that ends in
/// time and names no server does so because of this login alone.
fn is_silence(heard: &Heard) -> bool {
    let conclusion = &heard.conclusion;
    let is_unavailable = matches!(conclusion.verdict, WireVerdict::Unavailable(_));
    heard.is_late && is_unavailable && conclusion.down.is_empty()
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
        hear: &mut dyn FnMut(super::protocol::Finding),
    ) -> Result<(), BackendError> {
        examine::examine(self, request, hear)
    }
}

/// The warning goes to the person's terminal, as texts before the verdict do.
fn with_readable_warning(status: AccountStatus) -> AccountStatus {
    match status {
        AccountStatus::Valid { warning } => AccountStatus::Valid {
            warning: warning.map(|text| readable(&text)),
        },
        other => other,
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
