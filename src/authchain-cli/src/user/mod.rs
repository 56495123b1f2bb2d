//! `authchain user`: authchain's own accounts, and those of a backend.

mod add;
mod command;
pub(crate) mod guarded_database;
mod in_backend;
mod left_behind;
mod list;
mod typed;
pub(crate) mod uids;

use std::path::{Path, PathBuf};

use authchain::chain::assemble;
use authchain::config::settings::GlobalSettings;
use authchain::files::edit::Database;
use clap::Args;

use crate::hash::{self, Method};
use crate::terminal::{Exit, Failure, Terminal};
use crate::{clock, setup};
use command::UserCommand;
use guarded_database::GuardedDatabase;
use left_behind::LeftBehind;
use typed::{NO_MAIL, check_shell, confirm};

/// Keep accounts of authchain's own, or of a backend: add, passwd, lock, del, list and more
///
/// They stand in a passwd(5) and a shadow(5) file of their own, which a backend of type `local`
/// reads when its `passwd` and `shadow` name them. The system's own accounts are useradd(8)'s.
/// With `--backend`, the accounts are those of that backend, as far as `authchain backends` says
/// that it lets them be kept.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain user add alice --gecos 'Alice Adams'
  authchain user lock alice                     passwords, ssh keys and cron: all end
  authchain user list --json
  authchain user set-mail alice alice@example.com --backend corp
  authchain user search ali --backend corp

In authchain.toml:
  chain = [\"local\", \"guests\"]
  [backend.guests]
  type = \"local\"
  passwd = \"/var/lib/authchain/passwd\"
  shadow = \"/var/lib/authchain/shadow\"

Exit codes:
  0  done
  1  refused; nothing was changed
  2  a file could not be read, locked or written")]
pub(crate) struct User {
    /// The passwd file [default: passwd in the configuration's state_dir]
    #[arg(long, global = true, value_name = "FILE")]
    passwd_file: Option<PathBuf>,

    /// The shadow file [default: shadow in the configuration's state_dir]
    #[arg(long, global = true, value_name = "FILE")]
    shadow_file: Option<PathBuf>,

    /// Keep the accounts of this backend of the configuration
    #[arg(long, global = true, value_name = "NAME", conflicts_with_all = ["passwd_file", "shadow_file"])]
    backend: Option<String>,

    #[command(subcommand)]
    action: UserCommand,
}

impl User {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        if let Some(backend) = &self.backend {
            return in_backend::run(&self.action, backend, config, terminal);
        }
        let guarded = self.database(config)?;
        match &self.action {
            UserCommand::Add(add) => add.run(&guarded, terminal)?,
            UserCommand::Passwd { user } => passwd(&guarded, user, terminal)?,
            UserCommand::Lock { user } => {
                guarded.for_writing()?.lock(&setup::username(user)?)?;
                terminal.print(format_args!("{user} is locked"));
            }
            UserCommand::Unlock { user } => unlock(&guarded, user, terminal)?,
            UserCommand::Del { user, yes } => delete(&guarded, user, *yes, config, terminal)?,
            UserCommand::SetName { user, name } => {
                let user = setup::username(user)?;
                (guarded.for_writing()?).set_fields(&user, Some(name), None)?;
                terminal.print(format_args!("{user} has a new name"));
            }
            UserCommand::SetMail { .. } => return Err(Failure::refused(NO_MAIL)),
            UserCommand::SetShell { user, shell } => {
                let user = setup::username(user)?;
                check_shell(shell)?;
                (guarded.for_writing()?).set_fields(&user, None, Some(shell))?;
                terminal.print(format_args!("{user} has a new login shell"));
            }
            UserCommand::List(list) => list.run(&guarded.database, terminal)?,
            UserCommand::Search { part, json } => {
                let is_wanted = |name: &str| name.contains(part);
                list::some(&guarded.database, *json, is_wanted, terminal)?;
            }
            UserCommand::Show { user, json } => {
                let user = setup::username(user)?;
                let is_wanted = |name: &str| name == user.as_str();
                if list::some(&guarded.database, *json, is_wanted, terminal)? == 0 {
                    return Err(Failure::refused(format!("{user} has no account here")));
                }
            }
        }
        Ok(Exit::Success)
    }

    fn database(&self, config: Option<&Path>) -> Result<GuardedDatabase, Failure> {
        let (settings, chain) = match assemble(config, None) {
            Ok(assembled) => (assembled.settings, Some(assembled.chain)),
            // Both files are named, so a broken configuration does not matter.
            Err(_) if self.passwd_file.is_some() && self.shadow_file.is_some() => {
                (GlobalSettings::default(), None)
            }
            Err(error) => return Err(setup::config_failure(&error)),
        };
        let or_in_state_dir = |file: &Option<PathBuf>, name: &str| {
            file.clone()
                .unwrap_or_else(|| settings.state_dir.join(name))
        };
        let passwd = or_in_state_dir(&self.passwd_file, "passwd");
        let shadow = or_in_state_dir(&self.shadow_file, "shadow");
        Ok(GuardedDatabase {
            database: Database::new(&passwd, &shadow),
            settings,
            chain,
        })
    }
}

fn passwd(guarded: &GuardedDatabase, user: &str, terminal: &mut Terminal) -> Result<(), Failure> {
    let name = setup::username(user)?;
    let database = guarded.for_writing()?;
    if !database.has(&name)? {
        return Err(Failure::refused(format!("{name} has no account here")));
    }
    let hash = hash::new_hash(Method::Argon2id)?;
    let is_locked = database.set_password(&name, &hash, clock::today())?;
    terminal.print(format_args!("{name} has a new password"));
    if is_locked {
        terminal.print_message(format_args!(
            "{name} is still locked: `authchain user unlock {name}`"
        ));
    }
    Ok(())
}

fn unlock(guarded: &GuardedDatabase, user: &str, terminal: &mut Terminal) -> Result<(), Failure> {
    let name = setup::username(user)?;
    let database = guarded.for_writing()?;
    let expire = database.unlock(&name)?;
    terminal.print(format_args!("{name} is unlocked"));
    if let Some(day) = expire.filter(|day| *day <= clock::today()) {
        terminal.print_message(format_args!(
            "the account is still expired: its expiry date {} in {} was not set by `lock`, and stays",
            clock::date(day),
            database.shadow().display(),
        ));
    }
    Ok(())
}

fn delete(
    guarded: &GuardedDatabase,
    user: &str,
    yes: bool,
    config: Option<&Path>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let name = setup::username(user)?;
    let database = guarded.for_writing()?;
    if !yes && !confirm(&format!("Delete {name}? [y/N] "))? {
        return Err(Failure::refused("nothing was deleted"));
    }
    let left = LeftBehind::of(&name, &guarded.settings, config);
    if !database.has(&name)? {
        left.end_unless_known(terminal)?;
        return Err(Failure::refused(format!("{name} has no account here")));
    }
    left.revoke(terminal)?;
    database.delete(&name)?;
    terminal.print(format_args!("{name} is deleted"));
    left.end(terminal)
}
