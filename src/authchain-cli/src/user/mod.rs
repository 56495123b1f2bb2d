//! `authchain user`: authchain's own accounts.

mod add;
mod list;

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use authchain::chain::{
    Chain, Finding, Identities, Step, SystemIdentities, assemble, is_system_uid,
};
use authchain::config::settings::GlobalSettings;
use authchain::files::edit::Database;
use authchain::files::passwd_files::{SYSTEM_PASSWD, SYSTEM_SHADOW};
use authchain::tools::trusted_file::folders;
use authchain::words::Username;
use clap::{Args, Subcommand};

use crate::hash::{self, Method};
use crate::prompt::{self, Echo};
use crate::terminal::{Ending, Failure, Terminal};
use crate::{clock, setup};

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
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
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
    ) -> Result<Ending, Failure> {
        let place = self.place(config)?;
        match &self.action {
            Action::Add(add) => add.run(&place, terminal)?,
            Action::Passwd { user } => passwd(&place, user, terminal)?,
            Action::Lock { user } => {
                place.for_writing()?.lock(&setup::username(user)?)?;
                terminal.say(format_args!("{user} is locked"));
            }
            Action::Unlock { user } => unlock(&place, user, terminal)?,
            Action::Del { user, yes } => delete(&place, user, *yes, terminal)?,
            Action::List(list) => list.run(&place.database, terminal)?,
        }
        Ok(Ending::Yes)
    }

    fn place(&self, config: Option<&Path>) -> Result<Place, Failure> {
        let (settings, chain) = match assemble(config, None) {
            Ok(assembled) => (assembled.settings, Some(assembled.chain)),
            // With both files named a broken configuration need not stand in the way.
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
        Ok(Place {
            database: Database::new(&passwd, &shadow),
            settings,
            chain,
        })
    }
}

/// The database, and the system it must not get in the way of.
struct Place {
    database: Database,
    settings: GlobalSettings,
    chain: Option<Chain>,
}

impl Place {
    /// Returns whether some backend of the chain finds the name; false where there is no chain to
    /// ask.
    fn finds(&self, name: &Username) -> bool {
        let context = setup::context(&self.settings, &setup::ShownJournal);
        let steps = self
            .chain
            .as_ref()
            .map(|chain| chain.lookup(name, &context));
        let is_found = |step: &Step<_>| matches!(step.finding, Finding::Answered(_));
        steps.is_some_and(|steps| steps.iter().any(is_found))
    }

    /// Returns the database, once it is sure that writing it harms nobody.
    fn for_writing(&self) -> Result<&Database, Failure> {
        let files = [self.database.passwd(), self.database.shadow()];
        let system = [
            &self.settings.passwd_file,
            Path::new(SYSTEM_PASSWD),
            Path::new(SYSTEM_SHADOW),
        ];
        for file in files {
            if system.iter().any(|system| is_same(file, system)) {
                let message = "the system's own accounts are kept by useradd, passwd and userdel";
                return Err(Failure::refused(format!("{}: {message}", file.display())));
            }
            self.prepare_folder(file)?;
        }
        Ok(&self.database)
    }

    /// Prepares the file's folder, which must be writable by nobody else: whoever can rename files
    /// in it could put their own in the place of ours.
    fn prepare_folder(&self, file: &Path) -> Result<(), Failure> {
        let trouble = |text: String| Failure::trouble(format!("{}: {text}", file.display()));
        let folder = file
            .parent()
            .ok_or_else(|| trouble("it has no folder".to_owned()))?;
        if folder == self.settings.state_dir && !folder.exists() {
            (fs::DirBuilder::new().mode(0o755).create(folder))
                .map_err(|error| trouble(error.to_string()))?;
        }
        folders::judge(file).map_err(|error| Failure::trouble(error.to_string()))
    }

    /// Refuses a name that belongs to the system: for `root` in a second database, the first
    /// backend in the chain would answer.
    fn refuse_system_name(&self, name: &Username) -> Result<(), Failure> {
        let uid = SystemIdentities::new(self.settings.passwd_file.clone())
            .local_uid(name)
            .map_err(|error| Failure::trouble(error.to_string()))?;
        match uid {
            Some(uid) if is_system_uid(uid, self.settings.min_uid) => {
                Err(Failure::refused(format!(
                    "{name} is a system name (user id {uid} in {})",
                    self.settings.passwd_file.display()
                )))
            }
            _ => Ok(()),
        }
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => one == other,
    }
}

fn passwd(place: &Place, user: &str, terminal: &mut Terminal) -> Result<(), Failure> {
    let name = setup::username(user)?;
    let database = place.for_writing()?;
    if !database.has(&name)? {
        return Err(Failure::refused(format!("{name} has no account here")));
    }
    let hash = hash::new_hash(Method::Argon2id)?;
    let is_locked = database.set_password(&name, &hash, clock::today())?;
    terminal.say(format_args!("{name} has a new password"));
    if is_locked {
        terminal.tell(format_args!(
            "{name} is still locked: `authchain user unlock {name}`"
        ));
    }
    Ok(())
}

fn unlock(place: &Place, user: &str, terminal: &mut Terminal) -> Result<(), Failure> {
    let name = setup::username(user)?;
    let database = place.for_writing()?;
    let expire = database.unlock(&name)?;
    terminal.say(format_args!("{name} is unlocked"));
    if let Some(day) = expire.filter(|day| *day <= clock::today()) {
        terminal.tell(format_args!(
            "the account has ended all the same: the expiry date {} in {}, which no lock set, stays",
            clock::date(day),
            database.shadow().display(),
        ));
    }
    Ok(())
}

fn delete(place: &Place, user: &str, yes: bool, terminal: &mut Terminal) -> Result<(), Failure> {
    let name = setup::username(user)?;
    let database = place.for_writing()?;
    if !database.has(&name)? {
        return Err(Failure::refused(format!("{name} has no account here")));
    }
    if !yes && !confirm(&format!("Delete {name}? [y/N] "))? {
        return Err(Failure::refused("nothing was deleted"));
    }
    database.delete(&name)?;
    terminal.say(format_args!("{name} is deleted"));
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
