//! `authchain user passwd --backend`: a new password, set by root.

use authchain::backends::password_change::{Change, ChangeKind, ChangePassword, ChangeVerdict};
use authchain::tools::request::Context;
use authchain::words::{Secret, Username};

use crate::named_backend::NamedBackend;
use crate::prompt::{self, Echo};
use crate::terminal::{Failure, Terminal, clean};

/// Asks for a new password, and sets it.
pub(super) fn run(
    name: &Username,
    backend: &NamedBackend,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let change = backend.change_password();
    let change = change.map_err(|why| backend.refused(why))?;
    let context = backend.context();
    let mut old = None;
    if is_old_needed(name, backend, change, &context, terminal)? {
        let question = format!("Old password of {name}: ");
        let typed = prompt::ask(&question, Echo::Off);
        old = Some(typed.map_err(|error| Failure::trouble(error.to_string()))?);
    }
    let new = ask()?;
    update(name, backend, change, old.as_ref(), &new)?;
    terminal.print(format_args!(
        "{name} has a new password in {}",
        backend.name
    ));
    Ok(())
}

/// Asks for a new password: twice on a terminal.
pub(super) fn ask() -> Result<Secret, Failure> {
    let password = prompt::new_password()
        .map_err(|error| Failure::trouble(error.to_string()))?
        .ok_or_else(|| Failure::refused("the two passwords differ"))?;
    match password.is_empty() {
        true => Err(Failure::refused("the password is empty")),
        false => Ok(password),
    }
}

/// Sets the first password of a person who was just added.
pub(super) fn set(
    name: &Username,
    backend: &NamedBackend,
    change: &dyn ChangePassword,
    new: &Secret,
) -> Result<(), Failure> {
    update(name, backend, change, None, new)
}

/// Returns whether root, too, must give the old password; shows the rules for the new one.
fn is_old_needed(
    name: &Username,
    backend: &NamedBackend,
    change: &dyn ChangePassword,
    context: &Context<'_>,
    terminal: &mut Terminal,
) -> Result<bool, Failure> {
    let asked = by_root(name, backend, None, context);
    let verdict = change.preliminary(&asked);
    match verdict.map_err(|error| backend.trouble(&error))? {
        ChangeVerdict::OldPasswordNeeded => Ok(true),
        ChangeVerdict::Granted(text) | ChangeVerdict::Proven(_, text) => {
            if let Some(text) = text {
                terminal.print_message(clean(&text));
            }
            Ok(false)
        }
        verdict => Err(refusal(name, backend, &verdict)),
    }
}

fn update(
    name: &Username,
    backend: &NamedBackend,
    change: &dyn ChangePassword,
    old: Option<&Secret>,
    new: &Secret,
) -> Result<(), Failure> {
    let context = backend.context();
    let asked = by_root(name, backend, old, &context);
    let verdict = change.update(&asked, new);
    match verdict.map_err(|error| backend.trouble(&error))? {
        ChangeVerdict::Granted(_) | ChangeVerdict::Proven(..) => Ok(()),
        verdict => Err(refusal(name, backend, &verdict)),
    }
}

fn by_root<'a>(
    name: &'a Username,
    backend: &NamedBackend,
    old: Option<&'a Secret>,
    context: &'a Context<'a>,
) -> Change<'a> {
    Change {
        request: backend.request(name, context),
        kind: ChangeKind::ByRoot,
        old,
    }
}

/// Returns the failure of a change that was not granted.
fn refusal(name: &Username, backend: &NamedBackend, verdict: &ChangeVerdict) -> Failure {
    match verdict {
        ChangeVerdict::Unknown => backend.unknown(name),
        ChangeVerdict::Denied(denial) => {
            backend.refused(format!("the old password is refused: {denial}"))
        }
        ChangeVerdict::Refused(why) => backend.refused(why),
        ChangeVerdict::OldPasswordNeeded
        | ChangeVerdict::Granted(_)
        | ChangeVerdict::Proven(..) => backend.refused("the old password is needed"),
    }
}
