//! Keeping and listing accounts on servers, which a worker does.

use std::time::{Duration, SystemTime};

use super::Remote;
use super::talk::{budget_within, fault_of, greet, millis, one_line, unexpected};
use crate::backends::accounts::{
    AccountVerdict, CannotKeep, Changes, Edit, Entries, Field, ListEnd, ListEntries, Listed,
    NewPerson, Register, Remove, Selection,
};
use crate::backends::breaker::Plan;
use crate::backends::protocol::{
    AccountEnd, AccountTask, AccountWork, Conclusion, Message, Operation, RefusalReason, Reply,
    WireRefusal, WireVerdict,
};
use crate::backends::worker::WorkerFault;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::request::Context;
use crate::words::{BackendError, Username};

/// Most entries of a list: ten times as many people as the largest directory that was measured.
const MAX_LISTED: u64 = 1_000_000;

/// Most bytes of all texts of a list.
const MAX_LISTED_BYTES: usize = 512 << 20;

/// Maximum time for the hello of a plugin.
const FOR_A_HELLO: Duration = Duration::from_secs(3);

const NO_HELLO: CannotKeep = CannotKeep::NotSupported("the plugin does not answer");

impl Register for Remote {
    fn register(
        &self,
        new: &NewPerson,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError> {
        self.change(AccountWork::Register(new.clone()), context)
    }
}

impl Edit for Remote {
    fn lacks(&self, _: Field) -> Option<&'static str> {
        None
    }

    fn edit(
        &self,
        name: &Username,
        changes: &Changes,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError> {
        self.change(AccountWork::Edit(name.clone(), changes.clone()), context)
    }
}

impl Remove for Remote {
    fn remove(
        &self,
        name: &Username,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError> {
        self.change(AccountWork::Remove(name.clone()), context)
    }
}

impl ListEntries for Remote {
    fn list(
        &self,
        selection: &Selection,
        context: &Context<'_>,
        hear: &mut dyn FnMut(Listed),
    ) -> Result<ListEnd, BackendError> {
        let work = AccountWork::List(selection.clone());
        let mut heard = HeardList::of(selection.entries);
        let talk = self.carry_out(work, context, &mut |entry| {
            heard.count(&entry)?;
            hear(entry);
            Ok(())
        });
        match talk.map_err(|lost| lost.fault)?.verdict {
            WireVerdict::Carried(AccountEnd::Listed(end)) if end.count == heard.entries => Ok(end),
            WireVerdict::Carried(AccountEnd::Listed(end)) => {
                let why = format!("{} entries, and it counts {}", heard.entries, end.count);
                Err(unexpected(&why).into())
            }
            WireVerdict::Refused(refusal) => {
                Err(BackendError::Unavailable(one_line(&refusal.text)))
            }
            verdict => Err(fault_of(verdict, "another verdict than list has")),
        }
    }
}

/// The entries of a list that have come.
struct HeardList {
    wanted: Entries,
    entries: u64,
    bytes: usize,
}

impl HeardList {
    fn of(wanted: Entries) -> Self {
        Self {
            wanted,
            entries: 0,
            bytes: 0,
        }
    }

    /// Counts an entry, which must be of the kind that was asked for, and not one too many.
    fn count(&mut self, entry: &Listed) -> Result<(), WorkerFault> {
        let is_wanted = match entry {
            Listed::Person(_) => self.wanted == Entries::People,
            Listed::Group(_) => self.wanted == Entries::Groups,
        };
        let bytes: usize = entry.texts().map(String::len).sum();
        self.entries = self.entries.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        match is_wanted {
            false => Err(unexpected("an entry of another kind")),
            true if self.entries > MAX_LISTED => {
                Err(unexpected(&format!("more than {MAX_LISTED} entries")))
            }
            true if self.bytes > MAX_LISTED_BYTES => {
                Err(unexpected(&format!("more than {MAX_LISTED_BYTES} bytes")))
            }
            true => Ok(()),
        }
    }
}

/// A worker that was lost.
struct Lost {
    fault: WorkerFault,
    /// True if the task may have reached it.
    is_sent: bool,
}

impl Remote {
    /// Asks a plugin whether it can do this: only its hello says so. Other workers can do what the
    /// settings of their type allow.
    pub(super) fn ask_plugin(&self, operation: Operation) -> Result<(), CannotKeep> {
        if self.setup.plugin.is_none() {
            return Ok(());
        }
        let deadline = Deadline::after(system_clock, FOR_A_HELLO);
        let hello = self.hello(&Plan::of_unknown(SystemTime::UNIX_EPOCH));
        let mut worker = self.setup.start().map_err(|_| NO_HELLO)?;
        match greet(&mut worker, hello, deadline) {
            Ok(Reply::Hello(can)) if can.contains(&operation) => Ok(()),
            Ok(Reply::Hello(_)) => Err(CannotKeep::NotSupported(
                "the plugin does not say that it can",
            )),
            _ => Err(NO_HELLO),
        }
    }

    fn change(
        &self,
        work: AccountWork,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError> {
        let mut no_entry = |_| Err(unexpected("an entry that nobody asked for"));
        let conclusion = match self.carry_out(work, context, &mut no_entry) {
            Ok(conclusion) => conclusion,
            // The worker may have told a server before it was lost.
            Err(lost) if lost.is_sent => {
                let why = BackendError::from(lost.fault).to_string();
                return Ok(AccountVerdict::Unsure(why));
            }
            Err(lost) => return Err(lost.fault.into()),
        };
        match conclusion.verdict {
            WireVerdict::Registered(_) | WireVerdict::Carried(_) => Ok(AccountVerdict::Done),
            WireVerdict::Refused(refusal) => Ok(AccountVerdict::Refused(one_line(&refusal.text))),
            WireVerdict::Unknown => Ok(AccountVerdict::Unknown),
            WireVerdict::Unsure(why) => Ok(AccountVerdict::Unsure(why)),
            verdict => Err(fault_of(verdict, "another verdict than the task has")),
        }
    }

    /// Starts a worker, gives it the task, and returns its conclusion. Marks about servers that
    /// were down are neither read nor written: an administrator waits, not a login.
    fn carry_out(
        &self,
        work: AccountWork,
        context: &Context<'_>,
        hear: &mut dyn FnMut(Listed) -> Result<(), WorkerFault>,
    ) -> Result<Conclusion, Lost> {
        let mut is_sent = false;
        let conclusion = self.talk_about(work, context, hear, &mut is_sent);
        conclusion
            .inspect(|conclusion| self.note(context, &conclusion.notes))
            .map_err(|fault| Lost { fault, is_sent })
    }

    fn talk_about(
        &self,
        work: AccountWork,
        context: &Context<'_>,
        hear: &mut dyn FnMut(Listed) -> Result<(), WorkerFault>,
        is_sent: &mut bool,
    ) -> Result<Conclusion, WorkerFault> {
        let deadline = context.deadline;
        let mut worker = self.setup.start()?;
        worker.allow_replies(usize::try_from(MAX_LISTED).unwrap_or(usize::MAX));
        let hello = self.hello(&Plan::of_unknown(context.now));
        let task = AccountTask {
            work,
            budget_ms: millis(budget_within(deadline.remaining())),
        };
        let operation = task.operation();
        match greet(&mut worker, hello, deadline)? {
            Reply::Hello(can) if can.contains(&operation) => {}
            Reply::Hello(_) => {
                return Ok(WireVerdict::Refused(WireRefusal {
                    reason: RefusalReason::NotSupported,
                    text: format!("this source cannot {}", operation.word()),
                })
                .into());
            }
            Reply::Verdict(conclusion) => return Ok(conclusion),
            _ => return Err(unexpected("something before its hello")),
        }
        let sent = worker.send(&Message::Task(task), deadline);
        *is_sent = !matches!(sent, Err(WorkerFault::Unsent(_)));
        sent?;
        loop {
            match worker.receive(deadline)? {
                Reply::Listed(entry) => hear(entry)?,
                Reply::Verdict(conclusion) if operation.can_have(&conclusion.verdict) => {
                    worker.leave();
                    return Ok(conclusion);
                }
                Reply::Verdict(_) => {
                    let why = format!("another verdict than {} has", operation.word());
                    return Err(unexpected(&why));
                }
                _ => return Err(unexpected("neither an entry nor a verdict")),
            }
        }
    }
}
