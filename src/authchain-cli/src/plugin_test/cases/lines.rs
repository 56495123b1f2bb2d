//! Lines that a plugin must bear with, and lines at which it should end.

use authchain::backends::protocol::{MAX_LINE, Message, Question, WireVerdict};
use zeroize::Zeroizing;

use super::super::case::{CaseList, CaseOutcome, in_words};
use super::super::fault::TalkFault;
use super::super::process::PluginProcess;
use super::super::subject::{NOBODY, Subject, type_nonsense};
use super::super::talk::{self, Answered, Terms};

/// Plays the cases.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    list.play("members that it does not know", || unknown_members(subject));
    list.play("a line longer than 64 KiB", || {
        should_end(subject, |line| {
            let long = format!("\"later\":\"{}\",", "x".repeat(MAX_LINE));
            inserted(line, &long)
        })
    });
    list.play("an answer in place of a question", || {
        should_end(subject, |_| "{\"answer\":\"eA==\"}\n".to_owned().into())
    });
    list.play("a question that is no JSON", || {
        should_end(subject, |line| line.replace("\":{\"", "\":{{").into())
    });
}

/// Asks with members that this version does not have, at each end of each object.
fn unknown_members(subject: &Subject) -> CaseOutcome {
    let cure = "look for the members that you need, and ignore others";
    CaseOutcome::of(&ask_with_more(subject), subject.refusals(), cure)
}

fn ask_with_more(subject: &Subject) -> Result<Answered, TalkFault> {
    let mut process = subject.launcher.start()?;
    let hello = text_of(&Message::Hello(subject.hello.clone()))?;
    let hello = hello.replacen('{', "{\"later\":[1,null,{\"a\":-1.5e3}],", 1);
    process.send_bytes(hello.as_bytes())?;
    talk::heard_hello(&mut process)?;
    let question = subject.any_question(NOBODY);
    let terms = Terms::of(&question);
    let line = text_of(&Message::Question(question))?;
    let line = inserted(&line, "\"later\":true,");
    let more = ",\"last\":{\"user\":\"root\",\"budget_ms\":null}}}\n";
    let line = Zeroizing::new(line.replace("}}\n", more));
    process.send_bytes(line.as_bytes())?;
    talk::hear(&mut process, &terms, &mut type_nonsense)
}

/// Returns the line of a question with `more` as the first member of its inner object.
fn inserted(line: &str, more: &str) -> Zeroizing<String> {
    line.replacen("\":{\"", &format!("\":{{{more}\""), 1).into()
}

fn text_of(message: &Message<'_>) -> Result<Zeroizing<String>, TalkFault> {
    let line = message.to_line().map_err(TalkFault::NotALine)?;
    Ok(String::from_utf8_lossy(&line).into_owned().into())
}

/// Sends a line that no module sends, made of a question. The plugin should end, or say that it
/// cannot answer.
fn should_end(subject: &Subject, make: impl FnOnce(&str) -> Zeroizing<String>) -> CaseOutcome {
    let heard = subject
        .greeted()
        .and_then(|process| send(subject, process, make));
    let cure = "end at the first line that is not on the page";
    match &heard {
        Err(TalkFault::Ended(_)) => CaseOutcome::Passed("ends".to_owned()),
        Err(TalkFault::Silent(_)) => {
            CaseOutcome::Advised("waits for more".to_owned(), cure.to_owned())
        }
        Err(fault) => fault.into(),
        Ok(answered) => match &answered.conclusion.verdict {
            verdict @ (WireVerdict::Unavailable(_) | WireVerdict::Failed(_)) => {
                CaseOutcome::Passed(in_words(verdict))
            }
            verdict if subject.refusals().contains(&verdict.word()) => CaseOutcome::Advised(
                "answers as if it had understood".to_owned(),
                cure.to_owned(),
            ),
            verdict => CaseOutcome::failed(in_words(verdict), cure),
        },
    }
}

fn send(
    subject: &Subject,
    mut process: PluginProcess,
    make: impl FnOnce(&str) -> Zeroizing<String>,
) -> Result<Answered, TalkFault> {
    let question = Question {
        budget_ms: 1_000,
        ..subject.any_question(NOBODY)
    };
    let terms = Terms::of(&question);
    let line = text_of(&Message::Question(question))?;
    process.send_bytes(make(&line).as_bytes())?;
    talk::hear(&mut process, &terms, &mut type_nonsense)
}
