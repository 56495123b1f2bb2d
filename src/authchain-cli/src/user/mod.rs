//! `authchain user`: authchain's own accounts.

mod add;
mod guarded_database;
mod list;

use std::path::{Path, PathBuf};

use authchain::chain::assemble;
use authchain::config::settings::GlobalSettings;
use authchain::files::edit::Database;
use clap::{Args, Subcommand};

use crate::hash::{self, Method};
use crate::prompt::{self, Echo};
use crate::terminal::{Exit, Failure, Terminal};
use crate::{clock, setup};
use guarded_database::GuardedDatabase;

/// Keep accounts of authchain's own: add, passwd, lock, unlock, del, list
///
/// They stand in a passwd(5) and a shadow(5) file of their own, which a backend of type `local`
/// reads when its `passwd` and `shadow` name them. The system's own accounts are useradd(8)'s.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain user add alice --gecos 'Alice Adams'
  authchain user lock alice                     passwords, ssh keys and cron: all end
  authchain user list --json

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

    #[command(subcommand)]
    action: UserCommand,
}

/// The subcommands of `authchain user`.
#[derive(Debug, Subcommand)]
enum UserCommand {
    Add(add::Add),
    /// Set another password; a locked account stays locked
    Passwd {
        /// The name
        user: String,
    },
    /// Lock an account: passwords, ssh keys, cron and sudo
    ///
    /// Puts `!` before the password's hash and sets the expiry date to 2 January 1970. The `!`
    /// alone ends password logins only; the date ends whatever asks for no password. The expiry
    /// date there was is kept in the shadow line's reserved field, and comes back with `unlock`.
    Lock {
        /// The name
        user: String,
    },
    /// Take a lock away
    ///
    /// Removes the `!` and gives the account the expiry date it had before. A date that `lock` did
    /// not set stays.
    Unlock {
        /// The name
        user: String,
    },
    /// Delete an account; files that belong to it stay
    Del {
        /// The name
        user: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    List(list::List),
}

impl User {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let guarded = self.database(config)?;
        match &self.action {
            UserCommand::Add(add) => add.run(&guarded, terminal)?,
            UserCommand::Passwd { user } => passwd(&guarded, user, terminal)?,
            UserCommand::Lock { user } => {
                guarded.for_writing()?.lock(&setup::username(user)?)?;
                terminal.print(format_args!("{user} is locked"));
            }
            UserCommand::Unlock { user } => unlock(&guarded, user, terminal)?,
            UserCommand::Del { user, yes } => delete(&guarded, user, *yes, terminal)?,
            UserCommand::List(list) => list.run(&guarded.database, terminal)?,
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
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let name = setup::username(user)?;
    let database = guarded.for_writing()?;
    if !database.has(&name)? {
        return Err(Failure::refused(format!("{name} has no account here")));
    }
    if !yes && !confirm(&format!("Delete {name}? [y/N] "))? {
        return Err(Failure::refused("nothing was deleted"));
    }
    database.delete(&name)?;
    terminal.print(format_args!("{name} is deleted"));
    Ok(())
}

fn confirm(question: &str) -> Result<bool, Failure> {
    if !prompt::is_interactive() {
        return Err(Failure::refused("nobody is there to be asked; use --yes"));
    }
    let answer =
        prompt::ask(question, Echo::On).map_err(|error| Failure::trouble(error.to_string()))?;
    Ok(matches!(answer.expose().trim_ascii(), b"y" | b"Y" | b"yes"))
}
