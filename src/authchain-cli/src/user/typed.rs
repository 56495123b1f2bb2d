//! Checks of what was typed, for the accounts of files and of backends.

use crate::prompt::{self, Echo};
use crate::terminal::Failure;

/// The refusal of a mail address in authchain's own files.
pub(super) const NO_MAIL: &str =
    "passwd files have no field for a mail address; a directory may, see --backend";

/// Refuses a login shell that is no absolute path.
pub(super) fn check_shell(shell: &str) -> Result<(), Failure> {
    match shell.starts_with('/') {
        true => Ok(()),
        false => Err(Failure::refused(
            "a login shell must be an absolute path, such as /bin/sh",
        )),
    }
}

/// Asks whether to go on.
pub(super) fn confirm(question: &str) -> Result<bool, Failure> {
    if !prompt::is_interactive() {
        return Err(Failure::refused("nobody is there to be asked; use --yes"));
    }
    let answer =
        prompt::ask(question, Echo::On).map_err(|error| Failure::trouble(error.to_string()))?;
    Ok(matches!(answer.expose().trim_ascii(), b"y" | b"Y" | b"yes"))
}
