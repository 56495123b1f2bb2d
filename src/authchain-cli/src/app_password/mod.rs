//! `authchain app-password`: passwords for programs that cannot ask for a second factor.

mod add;
mod list;
mod people;
mod revoke;

use std::path::Path;

use authchain::config::Config;
use clap::{Args, Subcommand};

use crate::setup;
use crate::terminal::{Exit, Failure, Terminal};
use people::People;

/// Give out passwords for programs that cannot ask for a second factor: add, list, revoke
///
/// Each is for one program or device of a person and for the PAM services that are named, such as
/// those of a mail server. They count where a rule's chain has a backend of type `app_passwords`.
/// They are in the configuration's state_dir, hashed, and root's alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain app-password add alice --label phone --service dovecot,smtp --until 2027-06-30
  authchain app-password list alice
  authchain app-password revoke alice phone

In authchain.toml:
  [backend.app]
  type = \"app_passwords\"
  [[rule]]
  service = [\"dovecot\", \"smtp\"]
  chain = [\"app\", \"local\"]
  then = [\"totp\"]

Exit codes:
  0  done
  1  refused; nothing was changed
  2  a file could not be read, locked or written")]
pub(crate) struct AppPasswordCommand {
    #[command(subcommand)]
    action: AppPasswordAction,
}

/// The subcommands of `authchain app-password`.
#[derive(Debug, Subcommand)]
enum AppPasswordAction {
    Add(add::AddAppPassword),
    List(list::ListAppPasswords),
    Revoke(revoke::Revoke),
}

impl AppPasswordCommand {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        // The module would refuse what cannot be assembled.
        setup::chain(config)?;
        let source = setup::source(config)?;
        let config = Config::parse(&source).map_err(|error| setup::config_failure(&error))?;
        let people = People::of(&config)?;
        match &self.action {
            AppPasswordAction::Add(add) => add.run(&config, &people, terminal),
            AppPasswordAction::List(list) => list.run(&people, terminal),
            AppPasswordAction::Revoke(revoke) => revoke.run(&people, terminal),
        }
    }
}
