//! `authchain user add`.

use authchain::files::edit::NewAccount;
use authchain::tools::name_service;
use authchain::words::Username;
use clap::Args;
use nix::unistd::User as SystemUser;

use super::guarded_database::GuardedDatabase;
use super::typed::NO_MAIL;
use super::uids::{OF_FILES, UidChoice};
use crate::hash::{self, Method};
use crate::person_name::refuse_system_name;
use crate::terminal::{Failure, Terminal};
use crate::{clock, setup};

/// Add an account, and ask for its password
///
/// The user id is the one the system has for the name, if it has one: a login whose id differs from
/// the system's is refused. Otherwise it is the next free one from 70000, where neither useradd,
/// systemd nor subordinate ids reach; in a directory, the one after the highest below 60000.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The name
    user: String,
    /// The user id
    #[arg(long)]
    pub(super) uid: Option<u32>,
    /// The primary group's id [default: the system's for the name, else the user id]
    #[arg(long)]
    pub(super) gid: Option<u32>,
    /// Full name and the like
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(super) gecos: String,
    /// Home directory [default: /home/NAME]
    #[arg(long, value_name = "DIR")]
    home: Option<String>,
    /// Login shell
    #[arg(long, default_value = "/bin/sh", value_name = "FILE")]
    pub(super) shell: String,
    /// Mail address, where the backend has a field for it
    #[arg(long, value_name = "ADDRESS")]
    pub(super) mail: Option<String>,
    /// Do not ask for a password; every password is refused until `authchain user passwd` sets one
    #[arg(long)]
    pub(super) no_password: bool,
}

impl Add {
    pub(super) fn run(
        &self,
        guarded: &GuardedDatabase,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let name = self.name()?;
        self.check(&name)?;
        if self.mail.is_some() {
            return Err(Failure::refused(NO_MAIL));
        }
        refuse_system_name(&name, &guarded.settings)?;
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
        let home = self.home_of(&name);
        let choice = UidChoice {
            name: &name,
            wanted: self.uid,
            system: system.as_ref(),
            min_uid: guarded.settings.min_uid,
            range: OF_FILES,
        };
        let new = NewAccount {
            uid: &|taken| choice.choose(taken),
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
}

impl Add {
    /// Returns the name that is to be added.
    pub(super) fn name(&self) -> Result<Username, Failure> {
        setup::username(&self.user)
    }

    /// Refuses paths that are not absolute.
    pub(super) fn check(&self, name: &Username) -> Result<(), Failure> {
        for (option, path) in [
            ("home", self.home.as_deref()),
            ("shell", Some(&*self.shell)),
        ] {
            if path.is_some_and(|path| !path.starts_with('/')) {
                let message = format!("--{option} must be an absolute path, such as /home/{name}");
                return Err(Failure::refused(message));
            }
        }
        Ok(())
    }

    /// Returns the home directory of a new account.
    pub(super) fn home_of(&self, name: &Username) -> String {
        let home = self.home.clone();
        home.unwrap_or_else(|| format!("/home/{name}"))
    }
}

/// Warns the administrator if the account cannot log in because of the system's user ids.
pub(super) fn remarks(
    name: &Username,
    uid: u32,
    system: Option<&SystemUser>,
    terminal: &mut Terminal,
) {
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
