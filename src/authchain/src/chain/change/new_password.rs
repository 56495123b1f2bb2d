//! The new password: asked for, and refused before anything is sent or written if it is of no use.

use super::decision::ChangeOutcome;
use crate::files::password_hash::MAX_PASSWORD;
use crate::tools::password_dialogue::{NoNewPassword, PasswordDialogue};
use crate::words::Secret;

/// The number of times the person is asked, as by pam_unix.
const ROUNDS: usize = 3;

/// Returns a new password that can be stored and is not the old one.
///
/// A new password of an earlier module is judged in the first round. It is cleared if it is of no
/// use, and under `use_authtok` libpam has no other one then.
pub(super) fn ask(
    old: Option<&Secret>,
    silent: bool,
    person: &mut dyn PasswordDialogue,
) -> Result<Secret, ChangeOutcome> {
    let mut outcome = None;
    for _ in 0..ROUNDS {
        let new = match person.new_authtok() {
            Ok(new) => new,
            Err(NoNewPassword::Differ) => return Err(ChangeOutcome::NewPasswordsDiffer),
            // The last refusal says more than that the person gave up, or that there is no other.
            Err(NoNewPassword::NotAsked(error)) => {
                return Err(outcome.unwrap_or(ChangeOutcome::NoNewPassword(error)));
            }
        };
        let Some(fault) = fault(&new, old) else {
            return Ok(new);
        };
        person.clear_new_authtok();
        if !silent {
            person.error_msg(fault);
        }
        outcome = Some(ChangeOutcome::UselessNewPassword(fault));
    }
    Err(outcome.unwrap_or(ChangeOutcome::NewPasswordsDiffer))
}

/// Returns the reason for which a new password is of no use, for the person.
fn fault(new: &Secret, old: Option<&Secret>) -> Option<&'static str> {
    let is_old = old.is_some_and(|old| old.expose() == new.expose());
    match new.expose() {
        [] => Some("No new password has been supplied."),
        new if new.len() > MAX_PASSWORD => Some("The new password is too long."),
        new if new.contains(&0) => Some("The new password has a character that cannot be used."),
        _ if is_old => Some("The password has not been changed."),
        _ => None,
    }
}
