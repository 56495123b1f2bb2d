//! Prompts: answered wrongly, and not at all.

use std::time::Duration;

use authchain::backends::protocol::{Message, Operation, Question, Reply};
use authchain::tools::deadline::{Deadline, system_clock};

use super::super::case::{CaseList, CaseOutcome};
use super::super::fault::TalkFault;
use super::super::subject::{Subject, TestPerson, copy_of, plain, with_secret};
use super::hang_up::ends;
use super::people::with_person;

/// The time for a plugin to prompt.
const PATIENCE: Duration = Duration::from_secs(5);

/// Plays the cases.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    with_person(subject, list, "a prompt answered wrongly", |person| {
        let heard = subject.ask_alone(question(subject, person));
        match &heard {
            Ok(answered) if answered.prompts.is_empty() => silent(),
            _ => CaseOutcome::of(&heard, &["denied"], "judge the answer, and answer denied"),
        }
    });
    with_person(subject, list, "a prompt that is cancelled", |person| {
        cancelled(subject, question(subject, person))
    });
}

fn silent() -> CaseOutcome {
    CaseOutcome::Skipped("it asks nothing".to_owned())
}

/// Returns the question at which the plugin prompts, if it ever does.
fn question(subject: &Subject, person: &TestPerson) -> Question<'static> {
    match subject.can(Operation::Authenticate) {
        true => {
            let password = copy_of(&person.password);
            with_secret(Operation::Authenticate, &person.name, password)
        }
        false => plain(Operation::Confirm, &person.name),
    }
}

fn cancelled(subject: &Subject, question: Question<'_>) -> CaseOutcome {
    let prompted = subject.greeted().and_then(|mut process| {
        process.send(&Message::Question(question))?;
        let deadline = Deadline::after(system_clock, PATIENCE);
        loop {
            match process.receive(deadline, PATIENCE)? {
                Reply::Prompt { .. } => return Ok(Some(process)),
                Reply::Info(_) | Reply::Error(_) => {}
                _ => return Ok::<_, TalkFault>(None),
            }
        }
    });
    match prompted {
        Ok(Some(process)) => ends(process),
        Ok(None) => silent(),
        Err(fault) => (&fault).into(),
    }
}
