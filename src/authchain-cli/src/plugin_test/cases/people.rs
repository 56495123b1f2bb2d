//! The questions about a person whom the plugin knows, and about one whom it does not.

use std::cell::Cell;

use authchain::backends::protocol::{Operation, Question, WireVerdict};
use authchain::words::Secret;

use super::super::case::{CaseList, CaseOutcome};
use super::super::fault::TalkFault;
use super::super::subject::{
    NOBODY, OF_LOGINS, Subject, TestPerson, copy_of, nonsense, plain, with_secret,
};
use super::super::talk::{Answered, PluginPrompt};
use crate::prompt::{self, Echo};
use crate::terminal::clean;

/// The cure if a person is not known who should be, or the other way round.
const KNOW: &str = "answer unknown for names that are not yours, and for no others: the next \
                    backend is asked for them";

/// Plays the cases.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    let uid = Cell::new(None);
    if subject.can(Operation::Authenticate) {
        with_person(subject, list, "the right password", |person| {
            let heard = ask_right(subject, person);
            uid.set(heard.as_ref().ok().and_then(uid_of));
            let cure = "the password is base64 of bytes; is it this person's password?";
            CaseOutcome::of(&heard, &["accepted", "must_change"], cure)
        });
        with_person(subject, list, "a wrong password", |person| {
            refused(subject, &person.name, nonsense())
        });
        with_person(subject, list, "a password with more behind it", |person| {
            refused(subject, &person.name, longer(person, b"x"))
        });
        with_person(
            subject,
            list,
            "a password with a line behind it",
            |person| refused(subject, &person.name, longer(person, b"\nx")),
        );
    }
    for (operation, good) in [
        (Operation::Lookup, "found"),
        (Operation::Account, "account"),
        (Operation::ChangePassword, "may_change"),
    ] {
        of_person(subject, list, operation, good, uid.get());
    }
    for operation in OF_LOGINS {
        if subject.can(operation) && operation != Operation::Confirm {
            list.play(format!("{} of an unknown name", operation.word()), || {
                let question = with_secret(operation, NOBODY, nonsense());
                CaseOutcome::of(&subject.ask_alone(question), &["unknown"], KNOW)
            });
        }
    }
    if subject.can(Operation::Lookup) {
        with_person(subject, list, "the groups of rules", |person| {
            groups(subject, person)
        });
    }
}

/// Plays a case about the person, or skips it if none was named.
pub(super) fn with_person(
    subject: &Subject,
    list: &mut CaseList,
    name: &str,
    play: impl FnOnce(&TestPerson) -> CaseOutcome,
) {
    list.play(name, || match &subject.person {
        Some(person) => play(person),
        None => CaseOutcome::Skipped("name a person with --user".to_owned()),
    });
}

/// Asks with the right password. Whoever runs the test answers prompts.
fn ask_right(subject: &Subject, person: &TestPerson) -> Result<Answered, TalkFault> {
    let password = copy_of(&person.password);
    let question = with_secret(Operation::Authenticate, &person.name, password);
    subject.ask(question, &mut type_at_terminal)
}

/// Asks whoever runs the test.
pub(super) fn type_at_terminal(asked: &PluginPrompt) -> Option<Secret> {
    let echo = if asked.echo { Echo::On } else { Echo::Off };
    prompt::ask(&clean(&asked.text), echo).ok()
}

/// Returns the outcome of a password that must be denied to a person who is known.
pub(super) fn refused(subject: &Subject, name: &str, password: Secret) -> CaseOutcome {
    let question = with_secret(Operation::Authenticate, name, password);
    let cure = "compare the whole password, byte for byte, and answer denied";
    CaseOutcome::of(&subject.ask_alone(question), &["denied"], cure)
}

fn longer(person: &TestPerson, more: &[u8]) -> Secret {
    Secret::new([person.password.expose(), more].concat())
}

fn uid_of(answered: &Answered) -> Option<u32> {
    answered.conclusion.verdict.user().and_then(|user| user.uid)
}

/// Plays the question about the person. `uid` is the user id that authenticate told.
fn of_person(
    subject: &Subject,
    list: &mut CaseList,
    operation: Operation,
    good: &'static str,
    uid: Option<u32>,
) {
    let name = format!("{} of the person", operation.word());
    if !subject.can(operation) {
        return list.play(name, || CaseOutcome::Skipped("is not in `can`".to_owned()));
    }
    with_person(subject, list, &name, |person| {
        let question = with_secret(operation, &person.name, copy_of(&person.password));
        let heard = subject.ask_alone(question);
        let other = heard.as_ref().ok().and_then(uid_of);
        if let (Some(uid), Some(other)) = (uid, other) {
            if uid != other {
                let said = format!("uid {other}, and {uid} with authenticate");
                return CaseOutcome::failed(said, "give each person one user id");
            }
        }
        if operation == Operation::ChangePassword && is_refused(&heard) {
            return CaseOutcome::of(&heard, &["refused"], KNOW);
        }
        CaseOutcome::of(&heard, &[good], KNOW)
    });
}

/// Returns whether the source may have its reasons not to let the password be changed.
fn is_refused(heard: &Result<Answered, TalkFault>) -> bool {
    let verdict = heard.as_ref().map(|answered| &answered.conclusion.verdict);
    matches!(verdict, Ok(WireVerdict::Refused(_)))
}

/// Asks about groups. In every exchange it is checked that no others are named.
fn groups(subject: &Subject, person: &TestPerson) -> CaseOutcome {
    let asked = ["authchain-plugin-test-a", "authchain (b) *", "4294967294"];
    let question = Question {
        groups: asked.map(str::to_owned).to_vec(),
        ..plain(Operation::Lookup, &person.name)
    };
    let heard = subject.ask_alone(question);
    let user = heard
        .as_ref()
        .map(|answered| answered.conclusion.verdict.user());
    match user {
        Ok(Some(user)) => match &user.groups {
            Some(groups) => CaseOutcome::Passed(format!("is in {} of 3", groups.len())),
            None => CaseOutcome::Advised(
                "says nothing of groups".to_owned(),
                "a rule that asks about a group refuses this person; answer with `groups`, \
                 empty if the source has none"
                    .to_owned(),
            ),
        },
        _ => CaseOutcome::of(&heard, &["found"], KNOW),
    }
}
