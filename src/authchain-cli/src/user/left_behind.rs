//! The second factors and app passwords of somebody whose account is deleted.

use std::io;
use std::path::Path;

use authchain::config::settings::GlobalSettings;
use authchain::files::app_passwords::AppPasswords;
use authchain::files::authenticator::{Authenticator, PendingAuthenticator};
use authchain::files::factor_folder::FactorFolder;
use authchain::words::Username;

use crate::all_backends::AllBackends;
use crate::terminal::{Failure, Terminal};

/// Everything that somebody new of the name would inherit.
pub(super) struct LeftBehind<'a> {
    name: &'a Username,
    state_dir: &'a Path,
    /// All backends of the configuration; `None` where it is broken.
    backends: Option<AllBackends>,
}

impl<'a> LeftBehind<'a> {
    /// Returns what is left of the name in the configuration at `config`, or in the usual file.
    pub(super) fn of(
        name: &'a Username,
        settings: &'a GlobalSettings,
        config: Option<&Path>,
    ) -> Self {
        Self {
            name,
            state_dir: &settings.state_dir,
            backends: AllBackends::open(config).ok(),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub(super) fn end(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        let name = self.name;
        let folder = FactorFolder::exactly(self.state_dir, name);
        let count = AppPasswords::revoke(folder.path(), |_| true)?;
        if count > 0 {
            terminal.print(format_args!("{count} app passwords of {name} are void"));
        }
        self.disable(terminal).map_err(Failure::trouble)
    }

    /// Ends the enrolment, unless others may have it: where people who are not enrolled are asked
    /// for no code, they would come in without one.
    fn disable(&self, terminal: &mut Terminal) -> io::Result<()> {
        let name = self.name;
        let folder = FactorFolder::of(self.state_dir, name);
        if !folder.path().exists() {
            return Ok(());
        }
        // A file that cannot be read is one, too.
        let is_enrolled = !matches!(Authenticator::read(folder.path()), Ok(None));
        match self.others() {
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

    /// Returns in words who may be enrolled by the name, too: names that differ in `A` and `a`
    /// alone share an enrolment. `None` if nobody may.
    fn others(&self) -> Option<String> {
        let Some(backends) = &self.backends else {
            let broken = "the configuration is broken, so other backends cannot be asked";
            return Some(broken.to_owned());
        };
        let small = self.name.as_str().to_ascii_lowercase();
        let small = Username::parse(small.as_bytes()).ok();
        let small = small.filter(|small| small != self.name);
        (backends.who_knows(self.name))
            .or_else(|| small.and_then(|small| backends.who_knows(&small)))
            .or_else(|| backends.who_has_in_other_letters(self.name))
    }
}
