//! The second factors and app passwords of somebody whose account is deleted.

use std::io;
use std::path::Path;

use authchain::config::settings::GlobalSettings;
use authchain::files::app_passwords::AppPasswords;
use authchain::files::authenticator::{Authenticator, PendingAuthenticator};
use authchain::files::factor_folder::FactorFolder;
use authchain::words::Username;

use crate::all_backends::{AllBackends, is_other_spelling};
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

    /// Makes the app passwords of the name void. Called before the account is deleted: whoever is
    /// interrupted, or fails here, still has an account to delete.
    ///
    /// # Errors
    /// When the file cannot be read, locked or written.
    pub(super) fn revoke(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        self.revoke_all(self.name, terminal)
    }

    /// Ends the rest, as far as nobody else has it, when the account is deleted.
    ///
    /// # Errors
    /// When a file cannot be read, locked or written.
    pub(super) fn end(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        for name in FactorFolder::everybody(self.state_dir).map_err(Failure::trouble)? {
            if is_other_spelling(name.as_str(), self.name) {
                self.revoke_unless_known(&name, terminal)?;
            }
        }
        self.disable(terminal).map_err(Failure::trouble)
    }

    /// Ends all of it, unless somebody has the name. Called where there is no account: the command
    /// may have been interrupted when it had deleted it.
    ///
    /// # Errors
    /// When a file cannot be read, locked or written.
    pub(super) fn end_unless_known(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        if self.who_knows(self.name).is_some() {
            return Ok(());
        }
        self.revoke(terminal)?;
        self.end(terminal)
    }

    fn revoke_all(&self, name: &Username, terminal: &mut Terminal) -> Result<(), Failure> {
        let folder = FactorFolder::exactly(self.state_dir, name);
        let count = AppPasswords::revoke(folder.path(), |_| true)?;
        if count > 0 {
            terminal.print(format_args!("{count} app passwords of {name} are void"));
        }
        Ok(())
    }

    /// Makes the app passwords of the name in other letters void, unless somebody has just that
    /// name: a backend that takes both for the same person has deleted the account of both.
    fn revoke_unless_known(&self, name: &Username, terminal: &mut Terminal) -> Result<(), Failure> {
        let folder = FactorFolder::exactly(self.state_dir, name);
        if AppPasswords::read(folder.path()).is_ok_and(|all| all.is_empty()) {
            return Ok(());
        }
        match self.who_knows(name) {
            None => self.revoke_all(name, terminal),
            Some(who) => {
                terminal.print_message(format_args!(
                    "{name} keeps app passwords: {who}; `authchain app-password revoke {name} \
                     --all` ends that"
                ));
                Ok(())
            }
        }
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
        let small = self.name.as_str().to_ascii_lowercase();
        let small = Username::parse(small.as_bytes()).ok();
        let small = small.filter(|small| small != self.name);
        self.who_knows(self.name)
            .or_else(|| self.who_knows(&small?))
            .or_else(|| self.backends.as_ref()?.who_has_in_other_letters(self.name))
    }

    /// Returns in words who knows a name, or may know it; `None` if nobody does.
    fn who_knows(&self, name: &Username) -> Option<String> {
        match &self.backends {
            Some(backends) => backends.who_knows(name),
            None => Some("the configuration is broken, so backends cannot be asked".to_owned()),
        }
    }
}
