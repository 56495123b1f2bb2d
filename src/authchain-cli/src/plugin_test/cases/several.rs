//! Several logins: two at once, and one after another that was killed.

use authchain::backends::protocol::Message;

use super::super::case::{CaseList, CaseOutcome};
use super::super::fault::TalkFault;
use super::super::subject::{NOBODY, Subject, type_nonsense};
use super::super::talk::{self, Answered, Terms};

/// Plays the cases.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    list.play("two logins at once", || {
        let cure = "share nothing between runs that two cannot use at once";
        let (first, second) = match both(subject) {
            Ok(both) => both,
            Err(fault) => return (&fault).into(),
        };
        match CaseOutcome::of(&first, subject.refusals(), cure) {
            CaseOutcome::Passed(_) => CaseOutcome::of(&second, subject.refusals(), cure),
            other => other,
        }
    });
    list.play("a login after a killed one", || {
        let cure = "leave nothing behind that the next run stumbles over";
        match kill_one(subject) {
            Ok(()) => CaseOutcome::of(
                &subject.ask_alone(subject.any_question(NOBODY)),
                subject.refusals(),
                cure,
            ),
            Err(fault) => (&fault).into(),
        }
    });
}

/// The answers of two plugins that were asked at the same time.
type Both = (Result<Answered, TalkFault>, Result<Answered, TalkFault>);

fn both(subject: &Subject) -> Result<Both, TalkFault> {
    let (mut first, mut second) = (subject.greeted()?, subject.greeted()?);
    let terms = Terms::of(&subject.any_question(NOBODY));
    for process in [&mut first, &mut second] {
        process.send(&Message::Question(subject.any_question(NOBODY)))?;
    }
    let hear = |process: &mut _| talk::hear(process, &terms, &mut type_nonsense);
    Ok((hear(&mut first), hear(&mut second)))
}

fn kill_one(subject: &Subject) -> Result<(), TalkFault> {
    let mut process = subject.greeted()?;
    process.send(&Message::Question(subject.any_question(NOBODY)))?;
    process.kill();
    Ok(())
}
