//! The questions to a second factor.

use authchain::backends::protocol::{Operation, Question};

use super::super::case::{CaseList, CaseOutcome};
use super::super::fault::TalkFault;
use super::super::subject::{NOBODY, Subject, TestPerson, nonsense, plain, with_secret};
use super::super::talk::{Answered, PluginPrompt};
use super::people::{type_at_terminal, with_person};

/// Plays the cases, if the plugin confirms people.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    if !subject.can(Operation::Confirm) {
        return;
    }
    with_person(subject, list, "confirm with a right answer", |person| {
        let cure = "is the answer right, and was it never used before?";
        CaseOutcome::of(&ask_right(subject, person), &["accepted"], cure)
    });
    with_person(subject, list, "confirm with a wrong answer", |person| {
        let question = wrong(subject, &person.name);
        let cure = "answer denied";
        CaseOutcome::of(&subject.ask_alone(question), &["denied"], cure)
    });
    list.play("confirm of an unknown name", || {
        let heard = subject.ask_alone(wrong(subject, NOBODY));
        let cure = "answer unknown, if you can: the next factor in `then` is asked";
        match CaseOutcome::of(&heard, &["unknown", "denied"], cure) {
            CaseOutcome::Passed(said) if said != "unknown" => {
                CaseOutcome::Advised(said, cure.to_owned())
            }
            other => other,
        }
    });
}

/// Asks with the answer of whoever runs the test: to the question of the section, or to the
/// plugin's own.
fn ask_right(subject: &Subject, person: &TestPerson) -> Result<Answered, TalkFault> {
    let question = match &subject.prompt {
        None => plain(Operation::Confirm, &person.name),
        Some(text) => {
            let text = text.clone();
            let asked = PluginPrompt { text, echo: false };
            let answer = type_at_terminal(&asked).ok_or(TalkFault::Unanswered(asked.text))?;
            with_secret(Operation::Confirm, &person.name, answer)
        }
    };
    subject.ask(question, &mut type_at_terminal)
}

fn wrong(subject: &Subject, name: &str) -> Question<'static> {
    match subject.prompt {
        None => plain(Operation::Confirm, name),
        Some(_) => with_secret(Operation::Confirm, name, nonsense()),
    }
}
