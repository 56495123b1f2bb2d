//! Little time for an answer.

use authchain::backends::protocol::Question;

use super::super::case::{CaseList, CaseOutcome};
use super::super::fault::TalkFault;
use super::super::subject::{NOBODY, Subject};
use super::super::talk::Answered;

/// The number of attempts: this machine may be busy.
const ATTEMPTS: usize = 3;

/// Plays the cases.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    list.play("a budget of 200 ms", || {
        let mut heard = ask(subject);
        for _ in 1..ATTEMPTS {
            if matches!(heard, Err(TalkFault::Silent(_))) {
                heard = ask(subject);
            }
        }
        let good = [subject.refusals(), &["unavailable"]].concat();
        let cure = "watch the time, and answer unavailable before budget_ms is over";
        match heard {
            Err(TalkFault::Silent(_)) => CaseOutcome::failed("no answer in time", cure),
            _ => CaseOutcome::of(&heard, &good, cure),
        }
    });
}

fn ask(subject: &Subject) -> Result<Answered, TalkFault> {
    subject.ask_alone(Question {
        budget_ms: 200,
        ..subject.any_question(NOBODY)
    })
}
