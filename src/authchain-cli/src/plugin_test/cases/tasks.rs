//! Tasks about the accounts of the source, as far as they change nobody.

use std::time::Duration;

use authchain::backends::accounts::{Changes, Entries, Selection};
use authchain::backends::protocol::{
    AccountEnd, AccountTask, AccountWork, Conclusion, Message, Operation, Reply, WireVerdict,
};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::words::Username;

use super::super::case::{CaseList, CaseOutcome, in_words};
use super::super::fault::TalkFault;
use super::super::subject::{NOBODY, Subject};

/// The time for a task.
const BUDGET: Duration = Duration::from_secs(10);

/// Plays the cases of tasks that the plugin can be given.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    if subject.can(Operation::List) {
        for (name, entries) in [
            ("a list of people", Entries::People),
            ("a list of groups", Entries::Groups),
        ] {
            list.play(name, || listed(subject, entries));
        }
    }
    if subject.can(Operation::Edit) {
        list.play("an edit of an unknown name", || edited(subject));
    }
    for operation in [Operation::Register, Operation::Remove] {
        if subject.can(operation) {
            list.play(operation.word(), || {
                CaseOutcome::Skipped("it would change people".to_owned())
            });
        }
    }
}

fn listed(subject: &Subject, entries: Entries) -> CaseOutcome {
    let work = AccountWork::List(Selection {
        entries,
        matching: String::new(),
        most: Some(10),
    });
    let (count, verdict) = match carry_out(subject, work) {
        Ok((count, conclusion)) => (count, conclusion.verdict),
        Err(fault) => return (&fault).into(),
    };
    let cure = "tell each entry on a line of its own, then `listed` with their number";
    match &verdict {
        WireVerdict::Carried(AccountEnd::Listed(end)) if end.count == count => {
            CaseOutcome::Passed(format!("{count} entries"))
        }
        WireVerdict::Carried(AccountEnd::Listed(end)) => CaseOutcome::failed(
            format!("{count} entries, and it counts {}", end.count),
            cure,
        ),
        WireVerdict::Refused(_) => CaseOutcome::Passed(in_words(&verdict)),
        _ => CaseOutcome::failed(in_words(&verdict), cure),
    }
}

fn edited(subject: &Subject) -> CaseOutcome {
    let Ok(nobody) = Username::parse(NOBODY.as_bytes()) else {
        return CaseOutcome::Skipped("there is no such name".to_owned());
    };
    let changes = Changes {
        gecos: Some("Nobody".to_owned()),
        ..Changes::default()
    };
    let verdict = match carry_out(subject, AccountWork::Edit(nobody, changes)) {
        Ok((_, conclusion)) => conclusion.verdict,
        Err(fault) => return (&fault).into(),
    };
    match verdict {
        WireVerdict::Unknown | WireVerdict::Refused(_) => CaseOutcome::Passed(in_words(&verdict)),
        _ => CaseOutcome::failed(in_words(&verdict), "answer unknown, and change nobody"),
    }
}

/// Gives the plugin a task. Returns the number of entries that it told, and its conclusion.
fn carry_out(subject: &Subject, work: AccountWork) -> Result<(u64, Conclusion), TalkFault> {
    let mut process = subject.greeted()?;
    let task = AccountTask {
        work,
        budget_ms: u64::try_from(BUDGET.as_millis()).unwrap_or(u64::MAX),
    };
    let operation = task.operation();
    process.send(&Message::Task(task))?;
    let deadline = Deadline::after(system_clock, BUDGET);
    let mut count: u64 = 0;
    loop {
        match process.receive(deadline, BUDGET)? {
            Reply::Listed(_) if operation == Operation::List => count = count.saturating_add(1),
            Reply::Verdict(conclusion) if operation.can_have(&conclusion.verdict) => {
                return Ok((count, conclusion));
            }
            Reply::Verdict(conclusion) => {
                let (word, asked) = (conclusion.verdict.word(), operation.word());
                let text = format!("the verdict {word} does not answer {asked}");
                return Err(TalkFault::Unexpected(text));
            }
            _ => {
                let text = "neither an entry nor a verdict".to_owned();
                return Err(TalkFault::Unexpected(text));
            }
        }
    }
}
