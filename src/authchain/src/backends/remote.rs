//! A backend whose accounts are on servers. It asks a worker every question.

#[cfg(feature = "manage")]
mod accounts;
mod change;
mod confirm;
#[cfg(feature = "manage")]
mod describe;
#[cfg(feature = "examine")]
mod examine;
mod setup;
mod talk;
#[cfg(test)]
mod tests;

pub use self::confirm::ConfirmVerdict;
#[cfg(feature = "manage")]
pub use self::describe::PluginDescription;
pub use self::setup::WorkerSetup;
use std::cell::Cell;

use self::talk::{WorkerQuestion, millis, readable, talk};
#[cfg(feature = "manage")]
use super::accounts::{AccountRights, CannotKeep, Edit, Entries, ListEntries, Register, Remove};
use super::breaker::{self, Breaker, Plan};
use super::password_change::{CannotChange, ChangePassword};
use super::protocol::{Conclusion, Hello, Operation, ServersFound, WireVerdict};
pub use super::worker::Reaper;
use super::{Backend, Nature};
use crate::tools::journal::Severity;
use crate::tools::request::{Attempt, Context, Request};
use crate::words::{
    Account, AccountStatus, BackendError, Denial, DenialReason, User, Username, Verdict,
};

/// Maximum length of a password that is sent to a worker, in bytes. No directory has a longer one,
/// and the question still fits into a line of the protocol.
const MAX_PASSWORD: usize = 32 * 1024;

/// Most lines of a worker that get into the log for one login.
const MAX_NOTES: usize = 16;

/// A backend over a worker.
pub struct Remote {
    /// The name it has in the configuration.
    pub name: String,
    /// Its `type` in the configuration.
    pub kind: String,
    /// The settings of its type, as the worker gets them.
    pub settings: serde_json::Value,
    /// Its servers, by the names that the worker uses; empty if only the worker can find them out,
    /// from DNS.
    pub servers: Vec<String>,
    /// True if names that differ in the case of ASCII letters are one.
    pub fold_case: bool,
    /// True if the user ids of its entries are compared with the system's.
    pub compares_uids: bool,
    /// True if a domain around a name does not count.
    pub strips_domains: bool,
    /// True if its workers have no login of their own, and find a person only by their password.
    pub finds_by_password: bool,
    /// The reason why its workers change no passwords; `None` if they can.
    pub cannot_change: Option<CannotChange>,
    /// The capabilities to keep and list its accounts.
    #[cfg(feature = "manage")]
    pub rights: AccountRights,
    /// The program, user and folder of its workers.
    pub setup: WorkerSetup,
    /// True if no server answered the last question.
    pub unanswered: Cell<bool>,
    /// True if the worker could not be asked the last question.
    pub lacked_question: Cell<bool>,
}

impl Remote {
    /// Asks a worker; *unavailable* and *failed* are errors.
    fn ask(&self, mut asked: WorkerQuestion<'_, '_>) -> Result<WireVerdict, BackendError> {
        match self.verdict(&mut asked)? {
            WireVerdict::Unavailable(why) => Err(BackendError::Unavailable(why)),
            WireVerdict::Failed(why) => Err(BackendError::Failed(why)),
            verdict => Ok(verdict),
        }
    }

    /// Asks a worker, and returns its verdict. If all servers were marked as down, the worker tried
    /// them only briefly; then a second worker is asked if another login has found one of them back
    /// meanwhile.
    ///
    /// Servers are marked only by what a worker reports of them. A worker that is silent, late or
    /// dead reports nothing: this process, the person or the machine may have been slow.
    fn verdict(&self, asked: &mut WorkerQuestion<'_, '_>) -> Result<WireVerdict, BackendError> {
        let request = asked.request;
        let caller = request.context.on_behalf_of();
        let run_dir = &self.setup.run_dir;
        let mut breaker = Breaker::open(run_dir, &self.name, breaker::namespace(), caller);
        let plan = breaker.plan(request.context.wall_clock(), request.deadline);
        let mut conclusion = self.ask_once(&mut breaker, &plan, asked)?;
        // A worker that had an answer has tried the password: it must not be tried once more.
        let has_no_answer = matches!(conclusion.verdict, WireVerdict::Unavailable(_));
        let found = &conclusion.servers;
        if found.again && has_no_answer && breaker.is_any_back(&plan, &found.up) {
            let plan = breaker.plan(request.context.wall_clock(), request.deadline);
            conclusion = self.ask_once(&mut breaker, &plan, asked)?;
        }
        self.note(request.context, &conclusion.notes);
        Ok(conclusion.verdict)
    }

    fn ask_once(
        &self,
        breaker: &mut Breaker<'_>,
        plan: &Plan,
        asked: &mut WorkerQuestion<'_, '_>,
    ) -> Result<Conclusion, BackendError> {
        let request = asked.request;
        let is_same_name = |name: &str| self.is_same_name(request.user, name);
        self.unanswered.set(false);
        self.lacked_question.set(false);
        let mut conclusion = talk(&self.setup, self.hello(plan), asked, is_same_name)?;
        self.lacked_question.set(asked.is_lacking);
        let is_unavailable = matches!(conclusion.verdict, WireVerdict::Unavailable(_));
        (self.unanswered).set(is_unavailable && conclusion.servers.unanswered);
        let found = &mut conclusion.servers;
        if self.setup.plugin.is_some() {
            // A plugin names no servers in its settings, so that anything could be one.
            *found = ServersFound::default();
        } else if !self.servers.is_empty() {
            found.down.retain(|server| self.servers.contains(server));
            found.up.retain(|server| self.servers.contains(server));
        }
        breaker.learn(plan, found, request.context.wall_clock());
        Ok(conclusion)
    }

    fn hello(&self, plan: &Plan) -> Hello {
        Hello {
            backend: self.name.clone(),
            kind: self.kind.clone(),
            settings: self.settings.clone(),
            avoid: plan.avoid.clone(),
            probe: plan.probe.clone(),
            probe_ms: millis(plan.probe_time),
        }
    }

    fn note(&self, context: &Context<'_>, notes: &[String]) {
        for note in notes.iter().take(MAX_NOTES) {
            let line = format!("{}: {note}", self.name);
            context.journal.write(Severity::LOG_WARNING, &line);
        }
    }
}

impl Backend for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    fn nature(&self) -> Nature {
        Nature {
            compares_uids: self.compares_uids,
            strips_domains: self.strips_domains,
            ..Nature::of_servers()
        }
    }

    fn is_same_name(&self, asked: &Username, entry: &str) -> bool {
        if self.fold_case {
            asked.as_str().eq_ignore_ascii_case(entry)
        } else {
            asked.as_str() == entry
        }
    }

    fn lookup(&self, request: &Request<'_>) -> Result<Option<User>, BackendError> {
        match self.ask(WorkerQuestion::without_person(Operation::Lookup, request))? {
            WireVerdict::Found(user) => Ok(Some(user.of(&self.name))),
            verdict => only_unknown(verdict),
        }
    }

    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError> {
        if attempt.password.expose().len() > MAX_PASSWORD {
            // It is wrong for whoever is there, and the worker need not see it to say who that is.
            let person = self.lookup(&Request {
                groups: &[],
                ..attempt.request
            })?;
            return Ok(person.map_or(Verdict::Unknown, |_| {
                Verdict::Denied(Denial {
                    detail: Some(format!("it is longer than {MAX_PASSWORD} bytes")),
                    ..Denial::from(DenialReason::BadCredential)
                })
            }));
        }
        let asked = WorkerQuestion {
            password: Some(attempt.password),
            person: Some(attempt.conversation),
            ..WorkerQuestion::without_person(Operation::Authenticate, &attempt.request)
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
            verdict => only_unknown(verdict).map(|_: Option<()>| Verdict::Unknown),
        }
    }

    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        match self.ask(WorkerQuestion::without_person(Operation::Account, request))? {
            WireVerdict::Account(user, status) => {
                let user = user.of(&self.name);
                let status = with_readable_warning(status);
                Ok(Some(Account { user, status }))
            }
            verdict => only_unknown(verdict),
        }
    }

    fn was_unanswered(&self) -> bool {
        self.unanswered.get()
    }

    fn lacked_question(&self) -> bool {
        self.lacked_question.get()
    }

    fn change_password(&self) -> Result<&dyn ChangePassword, CannotChange> {
        match self.cannot_change {
            None => Ok(self),
            Some(why) => Err(why),
        }
    }

    #[cfg(feature = "manage")]
    fn servers(&self) -> &[String] {
        &self.servers
    }

    #[cfg(feature = "manage")]
    fn register(&self) -> Result<&dyn Register, CannotKeep> {
        self.rights.register?;
        self.ask_plugin(Operation::Register)?;
        Ok(self)
    }

    #[cfg(feature = "manage")]
    fn edit(&self) -> Result<&dyn Edit, CannotKeep> {
        self.rights.edit?;
        self.ask_plugin(Operation::Edit)?;
        Ok(self)
    }

    #[cfg(feature = "manage")]
    fn remove(&self) -> Result<&dyn Remove, CannotKeep> {
        self.rights.remove?;
        self.ask_plugin(Operation::Remove)?;
        Ok(self)
    }

    #[cfg(feature = "manage")]
    fn list(&self, entries: Entries) -> Result<&dyn ListEntries, CannotKeep> {
        self.rights.list(entries)?;
        self.ask_plugin(Operation::List)?;
        Ok(self)
    }

    #[cfg(feature = "examine")]
    fn examine(
        &self,
        request: &Request<'_>,
        hear: &mut dyn FnMut(super::protocol::ServerFinding),
    ) -> Result<(), BackendError> {
        let hello = self.hello(&Plan::of_unknown(request.context.now));
        examine::examine(&self.setup, hello, request, hear)
    }
}

/// Makes an account's warning safe to show on the person's terminal, like the worker's other texts.
fn with_readable_warning(status: AccountStatus) -> AccountStatus {
    match status {
        AccountStatus::Valid { warning } => AccountStatus::Valid {
            warning: warning.map(|text| readable(&text)),
        },
        other => other,
    }
}

/// Returns `None` for *unknown*. Every other verdict is an error, although the talk has already
/// checked that the verdict answers the question.
fn only_unknown<T>(verdict: WireVerdict) -> Result<Option<T>, BackendError> {
    match verdict {
        WireVerdict::Unknown => Ok(None),
        _ => Err(BackendError::Failed(
            "not a valid answer: another verdict".to_owned(),
        )),
    }
}
