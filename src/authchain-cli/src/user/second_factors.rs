//! The second factors and app passwords of somebody whose account was deleted.

use std::io;

use authchain::chain::Finding;
use authchain::files::app_passwords::AppPasswords;
use authchain::files::authenticator::{Authenticator, PendingAuthenticator};
use authchain::files::factor_folder::FactorFolder;
use authchain::words::Username;

use super::guarded_database::GuardedDatabase;
use crate::setup::{self, ShownJournal};
use crate::terminal::{Failure, Terminal};

/// Ends what somebody new of the name would inherit.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn end(
    guarded: &GuardedDatabase,
    name: &Username,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let state_dir = &guarded.settings.state_dir;
    let folder = FactorFolder::exactly(state_dir, name);
    let count = AppPasswords::revoke(folder.path(), |_| true)?;
    if count > 0 {
        terminal.print(format_args!("{count} app passwords of {name} are void"));
    }
    disable(guarded, name, terminal).map_err(|error| Failure::trouble(error.to_string()))
}

/// Ends the enrolment, unless another backend may know the name: where people who are not enrolled
/// are asked for no code, its person would come in without one.
fn disable(guarded: &GuardedDatabase, name: &Username, terminal: &mut Terminal) -> io::Result<()> {
    let folder = FactorFolder::of(&guarded.settings.state_dir, name);
    // A file that cannot be read is one, too.
    let is_enrolled = !matches!(Authenticator::read(folder.path()), Ok(None));
    match why_enrolled(guarded, name) {
        Some(_) if !is_enrolled => {}
        Some(why) => terminal.print_message(format_args!(
            "{name} stays enrolled: {why}; `authchain totp disable {name}` ends that"
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

/// Returns why the enrolment may be that of somebody else of the name.
fn why_enrolled(guarded: &GuardedDatabase, name: &Username) -> Option<String> {
    let Some(chain) = &guarded.chain else {
        return Some("the configuration is broken, so other backends cannot be asked".to_owned());
    };
    let context = setup::context(&guarded.settings, &ShownJournal);
    let steps = chain.lookup(name, &context).into_iter();
    let mut whys = steps.filter_map(|step| match step.finding {
        Finding::Unknown => None,
        Finding::Answered(_) => Some(format!("{} knows the name, too", step.backend)),
        _ => Some(format!("{} may know the name, too", step.backend)),
    });
    whys.next()
}
