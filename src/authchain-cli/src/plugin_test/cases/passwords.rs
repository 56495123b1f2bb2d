//! Passwords that trip careless programs.

use authchain::backends::protocol::Operation;
use authchain::words::Secret;

use super::super::case::{CaseList, CaseOutcome};
use super::super::subject::{NOBODY, Subject, with_secret};
use super::people::refused;

/// Plays the cases.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    if !subject.can(Operation::Authenticate) {
        return;
    }
    let every_byte: Vec<u8> = (1..=u8::MAX).collect();
    for (name, password) in [
        ("a password of every byte but NUL", every_byte),
        ("a password of 512 bytes", vec![b'x'; 512]),
        ("a password of 32 KiB", vec![b'%'; 32 * 1024]),
    ] {
        list.play(name, || match &subject.person {
            Some(person) => refused(subject, &person.name, Secret::new(password)),
            None => unknown(subject, Secret::new(password)),
        });
    }
}

fn unknown(subject: &Subject, password: Secret) -> CaseOutcome {
    let question = with_secret(Operation::Authenticate, NOBODY, password);
    let cure = "passwords are any bytes; decode the base64 and keep them as bytes";
    CaseOutcome::of(&subject.ask_alone(question), &["unknown"], cure)
}
