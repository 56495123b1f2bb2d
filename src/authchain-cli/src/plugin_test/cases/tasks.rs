//! Tasks about the accounts of the source, as far as they change nobody.

use std::time::Duration;

use authchain::backends::accounts::{Changes, Entries, Selection};
use authchain::backends::protocol::{
    AccountEnd, AccountTask, AccountWork, Conclusion, Hello, Message, Operation, Reply, WireVerdict,
};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::words::Username;
use serde_json::{Map, Value};

use super::super::case::{CaseList, CaseOutcome, in_words};
use super::super::fault::TalkFault;
use super::super::process::PluginProcess;
use super::super::subject::{NOBODY, Subject};
use super::super::talk;
use crate::plugins;

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
    if subject.can(Operation::Describe) {
        list.play("describe", || described(subject));
        list.play("describe without settings", || described_alone(subject));
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

const DESCRIBE: &str = "say hello and answer describe whatever the settings are; judge them later";

fn described(subject: &Subject) -> CaseOutcome {
    let conclusion = match carry_out(subject, AccountWork::Describe) {
        Ok((_, conclusion)) => conclusion,
        Err(fault) => return (&fault).into(),
    };
    let WireVerdict::Carried(AccountEnd::Described(schema)) = &conclusion.verdict else {
        return CaseOutcome::failed(in_words(&conclusion.verdict), DESCRIBE);
    };
    let cure = "mend the settings, or the schema";
    match plugins::schema::faults(&subject.hello.settings, schema).first() {
        None => CaseOutcome::Passed("the settings fit".to_owned()),
        Some(fault) => CaseOutcome::failed(format!("settings: {fault}"), cure),
    }
}

/// Asks for the description as `authchain describe --plugin` does, which knows no settings.
fn described_alone(subject: &Subject) -> CaseOutcome {
    let hello = Hello {
        settings: Value::Object(Map::new()),
        ..subject.hello.clone()
    };
    let heard = subject.launcher.start().and_then(|mut process| {
        talk::greet(&mut process, &hello)?;
        put(process, AccountWork::Describe)
    });
    match heard.map(|(_, conclusion)| conclusion.verdict) {
        Ok(WireVerdict::Carried(AccountEnd::Described(_))) => {
            CaseOutcome::Passed("is described".to_owned())
        }
        Ok(verdict) => CaseOutcome::failed(in_words(&verdict), DESCRIBE),
        Err(fault) => CaseOutcome::failed(fault.to_string(), DESCRIBE),
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
    put(subject.greeted()?, work)
}

fn put(mut process: PluginProcess, work: AccountWork) -> Result<(u64, Conclusion), TalkFault> {
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
