//! `authchain user add`.

use authchain::chain::is_system_uid;
use authchain::files::edit::{EditError, NewAccount};
use authchain::tools::name_service;
use authchain::words::Username;
use clap::Args;
use nix::unistd::User as SystemUser;

use super::guarded_database::GuardedDatabase;
use crate::hash::{self, Method};
use crate::terminal::{Failure, Terminal};
use crate::{clock, setup};

/// The lowest user id that is given to a new account. useradd stays below 60000, systemd takes
/// ranges up to 65535 (homed, DynamicUser), and subordinate ids begin at 100000.
const FIRST_UID: u32 = 70_000;
/// The highest user id that is given to a new account.
const LAST_UID: u32 = 99_999;

/// Add an account, and ask for its password
///
/// The user id is the one the system has for the name, if it has one: a login whose id differs from
/// the system's is refused. Otherwise it is the next free one from 70000, where neither useradd,
/// systemd nor subordinate ids reach.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The name
    user: String,
    /// The user id
    #[arg(long)]
    uid: Option<u32>,
    /// The primary group's id [default: the system's for the name, else the user id]
    #[arg(long)]
    gid: Option<u32>,
    /// Full name and the like
    #[arg(long, default_value = "", hide_default_value = true)]
    gecos: String,
    /// Home directory [default: /home/NAME]
    #[arg(long, value_name = "DIR")]
    home: Option<String>,
    /// Login shell
    #[arg(long, default_value = "/bin/sh", value_name = "FILE")]
    shell: String,
    /// Do not ask for a password; every password is refused until `authchain user passwd` sets one
    #[arg(long)]
    no_password: bool,
}

impl Add {
    pub(super) fn run(
        &self,
        guarded: &GuardedDatabase,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let name = setup::username(&self.user)?;
        for (option, path) in [
            ("home", self.home.as_deref()),
            ("shell", Some(&*self.shell)),
        ] {
            if path.is_some_and(|path| !path.starts_with('/')) {
                let message = format!("--{option} must be an absolute path, such as /home/{name}");
                return Err(Failure::refused(message));
            }
        }
        guarded.refuse_system_name(&name)?;
        let database = guarded.for_writing()?;
        if database.has(&name)? {
            return Err(Failure::refused(format!("{name} exists already")));
        }
        let system = name_service::user_named(name.as_str()).map_err(Failure::trouble)?;
        let hash = if self.no_password {
            None
        } else {
            Some(hash::new_hash(Method::Argon2id)?)
        };
        let home = self.home.clone().unwrap_or_else(|| format!("/home/{name}"));
        let new = NewAccount {
            uid: &|taken| self.uid(&name, guarded.settings.min_uid, system.as_ref(), taken),
            gid: self.gid.or(system.as_ref().map(|user| user.gid.as_raw())),
            gecos: &self.gecos,
            home: &home,
            shell: &self.shell,
            hash: hash.as_deref(),
        };
        let uid = database.add(&name, &new, clock::today())?;
        terminal.print(format_args!("{name} is added with user id {uid}"));
        if !guarded.is_found_by_chain(&name) {
            terminal.print_message(guarded.without_a_backend(&name));
        }
        // NSS may read the very files in which the account is now.
        let system = name_service::user_named(name.as_str()).map_err(Failure::trouble)?;
        remarks(&name, uid, system.as_ref(), terminal);
        Ok(())
    }

    /// Returns the user id of the option `--uid`, else the system's for the name, else the next
    /// free one.
    fn uid(
        &self,
        name: &Username,
        min_uid: u32,
        system: Option<&SystemUser>,
        taken: &[u32],
    ) -> Result<u32, EditError> {
        let uid = match (self.uid, system) {
            (Some(uid), _) => uid,
            (None, Some(user)) => user.uid.as_raw(),
            (None, None) => next_uid(taken)?,
        };
        let refused = |why: String| Err(EditError::Refused(format!("user id {uid} {why}")));
        if is_system_uid(uid, min_uid) {
            return refused(format!(
                "is the system's own: 0, below min_uid ({min_uid}), systemd's (61184 to 65519) or \
                 nobody's (65534)"
            ));
        }
        if taken.contains(&uid) {
            return refused("is another account's here: files would belong to both".to_owned());
        }
        match name_service::user_with_id(uid).map_err(EditError::Refused)? {
            Some(owner) if owner.name != name.as_str() => refused(format!(
                "is {}'s in the system: files would belong to both",
                owner.name
            )),
            _ => Ok(uid),
        }
    }
}

/// Returns the user id after the highest that an account has; ids that the system knows are
/// skipped. So the id of a deleted account, whose files may be left, is rarely given again.
fn next_uid(taken: &[u32]) -> Result<u32, EditError> {
    let highest = taken
        .iter()
        .filter(|uid| (FIRST_UID..=LAST_UID).contains(uid))
        .max();
    for uid in highest.map_or(FIRST_UID, |uid| uid.saturating_add(1))..=LAST_UID {
        let owner = name_service::user_with_id(uid).map_err(EditError::Refused)?;
        if owner.is_none() {
            return Ok(uid);
        }
    }
    let message = format!("no free user id up to {LAST_UID}; choose one with --uid");
    Err(EditError::Refused(message))
}

/// Warns the administrator if the account cannot log in because of the system's user ids.
fn remarks(name: &Username, uid: u32, system: Option<&SystemUser>, terminal: &mut Terminal) {
    match system.map(|user| user.uid.as_raw()) {
        None => terminal.print_message(format_args!(
            "the system does not know {name}: sshd, login and cron refuse such names; mail servers \
             and the like may not"
        )),
        Some(system) if system != uid => terminal.print_message(format_args!(
            "the system's user id for {name} is {system}: logins as {uid} will be refused"
        )),
        Some(_) => {}
    }
}
