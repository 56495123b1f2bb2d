//! A host that is gone: the plugin must end with it.

use std::time::Duration;

use authchain::backends::protocol::Message;

use zeroize::Zeroizing;

use super::super::case::{CaseList, CaseOutcome};
use super::super::fault::TalkFault;
use super::super::process::PluginProcess;
use super::super::subject::{NOBODY, Subject};

/// The time in which it must have ended.
const A_SECOND: Duration = Duration::from_secs(1);

/// Plays the cases.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    list.play("hang-up after hello", || end_after(subject, |_| Ok(())));
    list.play("hang-up in half a question", || {
        end_after(subject, |process| {
            let line = line_of(subject)?;
            let half = line.get(..line.len() / 2).unwrap_or_default();
            process.send_bytes(half)
        })
    });
    list.play("hang-up after the question", || {
        end_after(subject, |process| process.send_bytes(&line_of(subject)?))
    });
}

fn line_of(subject: &Subject) -> Result<Zeroizing<Vec<u8>>, TalkFault> {
    let question = Message::Question(subject.any_question(NOBODY));
    question.to_line().map_err(TalkFault::NotALine)
}

fn end_after(
    subject: &Subject,
    say: impl FnOnce(&mut PluginProcess) -> Result<(), TalkFault>,
) -> CaseOutcome {
    let said = subject.greeted().and_then(|mut process| {
        say(&mut process)?;
        Ok(process)
    });
    match said {
        Ok(process) => ends(process),
        Err(fault) => (&fault).into(),
    }
}

/// Hangs up, and returns the outcome: whether the plugin ends.
pub(super) fn ends(mut process: PluginProcess) -> CaseOutcome {
    process.hang_up();
    match process.ends_within(A_SECOND) {
        Some(_) => CaseOutcome::Passed("ends".to_owned()),
        None => CaseOutcome::failed(
            "still runs a second later",
            "end when reading or writing says that the other end is closed",
        ),
    }
}
