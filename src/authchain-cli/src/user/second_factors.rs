//! The second factors and app passwords of somebody whose account was deleted.

use std::io;

use authchain::chain::{Chain, Finding};
use authchain::config::settings::GlobalSettings;
use authchain::files::app_passwords::AppPasswords;
use authchain::files::authenticator::{Authenticator, PendingAuthenticator};
use authchain::files::factor_folder::FactorFolder;
use authchain::words::Username;

use crate::setup::{self, ShownJournal};
use crate::terminal::{Failure, Terminal};

/// Ends what somebody new of the name would inherit. `chain` is that of the configuration, `None`
/// where it is broken.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn end(
    name: &Username,
    settings: &GlobalSettings,
    chain: Option<&Chain>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let folder = FactorFolder::exactly(&settings.state_dir, name);
    let count = AppPasswords::revoke(folder.path(), |_| true)?;
    if count > 0 {
        terminal.print(format_args!("{count} app passwords of {name} are void"));
    }
    let others = others(name, settings, chain);
    let folder = FactorFolder::of(&settings.state_dir, name);
    let disabled = disable(name, &folder, others, terminal);
    disabled.map_err(Failure::trouble)
}

/// Ends the enrolment, unless others may have the name: where people who are not enrolled are asked
/// for no code, they would come in without one.
fn disable(
    name: &Username,
    folder: &FactorFolder,
    others: Option<String>,
    terminal: &mut Terminal,
) -> io::Result<()> {
    // A file that cannot be read is one, too.
    let is_enrolled = !matches!(Authenticator::read(folder.path()), Ok(None));
    match others {
        Some(_) if !is_enrolled => {}
        Some(others) => terminal.print_message(format_args!(
            "{name} stays enrolled: {others}; `authchain totp disable {name}` ends that"
        )),
        None => {
            PendingAuthenticator::remove(folder.path())?;
            if Authenticator::remove(folder.path())? {
                terminal.print(format_args!("{name} is not enrolled any more"));
            }
        }
    }
    Ok(())
}

/// Returns which backend knows the name, too, or may know it; `None` if none does.
fn others(name: &Username, settings: &GlobalSettings, chain: Option<&Chain>) -> Option<String> {
    let Some(chain) = chain else {
        return Some("the configuration is broken, so other backends cannot be asked".to_owned());
    };
    let steps = chain.lookup(name, &setup::context(settings, &ShownJournal));
    steps.into_iter().find_map(|step| match step.finding {
        Finding::Unknown => None,
        Finding::Answered(_) => Some(format!("{} knows the name, too", step.backend)),
        _ => Some(format!("{} may know the name, too", step.backend)),
    })
}
