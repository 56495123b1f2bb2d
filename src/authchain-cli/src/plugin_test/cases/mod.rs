//! The cases, in the order in which they are played.

mod factor;
mod hang_up;
mod hello;
mod lines;
mod names;
mod passwords;
mod people;
mod prompts;
mod several;
mod tasks;
mod time;

use super::case::CaseList;
use super::subject::Subject;

/// Plays every case. Without a hello, there is nothing else to try.
pub(crate) fn play(subject: &mut Subject, list: &mut CaseList) {
    if !hello::play(subject, list) {
        return;
    }
    people::play(subject, list);
    passwords::play(subject, list);
    names::play(subject, list);
    factor::play(subject, list);
    prompts::play(subject, list);
    tasks::play(subject, list);
    lines::play(subject, list);
    time::play(subject, list);
    several::play(subject, list);
    hang_up::play(subject, list);
}
