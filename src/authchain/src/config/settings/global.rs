//! Settings of the chain as a whole.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::common::{SettingsFault, check_not_zero, fault, fault_of_path};
use super::home_dirs::fault_of_home_dir;
#[cfg(feature = "schema")]
use super::schema::{AbsolutePath, PositiveDuration};
use super::second_factor::{Enrol, NotEnrolled};
use crate::config::ConfigDuration;
use crate::words::Username;

/// The folder of the worker, as `make build` sets it for a PREFIX other than /usr.
pub(super) const LIBEXEC: &str = match option_env!("AUTHCHAIN_LIBEXEC") {
    Some(folder) => folder,
    None => "/usr/libexec/authchain",
};

/// The keys at the top of the file.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default)]
pub struct GlobalSettings {
    /// The backends to ask, in order. `local` needs no section of its own.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>", length(min = 1), extend("uniqueItems" = true)))]
    pub chain: Vec<Spanned<String>>,

    /// The second factors of which one is asked for after the password: the first in which the
    /// person is enrolled. They are names of sections of `type = "totp"` or `type = "plugin"`;
    /// `totp` itself needs no section. A refusal is final: no other factor is asked.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>", extend("uniqueItems" = true)))]
    pub then: Vec<Spanned<String>>,

    /// The answer to somebody who is enrolled in none of the factors in `then`. `refuse` lets them
    /// not in; `skip` lets them in with the password alone, as long as not everybody is enrolled.
    pub not_enrolled: NotEnrolled,

    /// The people who may enrol somebody: `root`, or `self`, which lets people enrol themselves at
    /// a login with the right password. Whoever knows the password of somebody who is not enrolled
    /// yet can then enrol in their place.
    pub enrol: Enrol,

    /// The answer about the account of somebody whom only a directory knows, while no server of it
    /// answers, where no password is needed: with ssh keys and in cron. `refuse` lets nobody in,
    /// since nobody can say whether the account was locked, or whether the person is still in a
    /// rule's group. `allow` lets them in, unless a rule depends on a group of the directory. In
    /// su, sudo and other programs that run on behalf of a caller they are refused in any case: the
    /// caller could make any server seem unavailable.
    pub account_when_unavailable: WhenUnavailable,

    /// Make the home directory of people who have none, from /etc/skel, when their session begins:
    /// what pam_mkhomedir does in other stacks. It needs the module's `session` line. The mode is
    /// `HOME_MODE` of /etc/login.defs, or else 0700.
    pub make_home: bool,

    /// The folders in which `make_home` makes directories, each named after its person. Who may
    /// write the path of her own home in a directory could otherwise have a folder made anywhere in
    /// the system, or where another's home is to be. Folders of the system, such as `/` and `/etc`,
    /// are refused.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<AbsolutePath>", length(min = 1))
    )]
    pub home_dirs: Vec<PathBuf>,

    /// Maximum time for the whole chain to answer.
    #[cfg_attr(feature = "schema", schemars(with = "PositiveDuration"))]
    pub deadline: ConfigDuration,

    /// Names in `passwd_file` with a user id below this are system names. So are names with user id
    /// 0, with a user id that systemd gives to services (61184 to 65519), and nobody (65534). Only
    /// the `local` backend of `passwd_file` is asked about system names, and people of other
    /// backends must not have such user ids.
    pub min_uid: u32,

    /// How long a program waits after a failed login, before it may ask again: 71 minutes at most,
    /// which is what libpam can be told.
    pub fail_delay: ConfigDuration,

    /// Write names that nobody knows into the log as they were typed. They may be mistyped
    /// passwords, so they appear as `(unknown)` otherwise.
    pub log_unknown_users: bool,

    /// The passwd(5) file that tells which names are the system's own.
    #[cfg_attr(feature = "schema", schemars(with = "AbsolutePath"))]
    pub passwd_file: PathBuf,

    /// The group(5) file that tells the members of groups in rules.
    #[cfg_attr(feature = "schema", schemars(with = "AbsolutePath"))]
    pub group_file: PathBuf,

    /// The folder of authchain's own account files, which `authchain user` edits.
    #[cfg_attr(feature = "schema", schemars(with = "AbsolutePath"))]
    pub state_dir: PathBuf,

    /// The program that asks servers, in a process of its own. It must belong to root, and nobody
    /// else may be able to write it or a folder on the way to it.
    #[cfg_attr(feature = "schema", schemars(with = "AbsolutePath"))]
    pub worker: PathBuf,

    /// The unprivileged user that `worker` becomes before it talks to a server, if root starts it.
    /// Without a user of this name, the worker becomes `nobody`, whose user id other daemons may
    /// share. A user with user id 0 is refused.
    pub worker_user: String,

    /// The folder in which the module marks servers that were just found down, so that the next
    /// login does not wait for them again. It is created when it is first needed.
    #[cfg_attr(feature = "schema", schemars(with = "AbsolutePath"))]
    pub run_dir: PathBuf,

    /// The socket of the system's logger.
    #[cfg_attr(feature = "schema", schemars(with = "AbsolutePath"))]
    pub log_socket: PathBuf,
}

impl GlobalSettings {
    /// Checks that the settings make sense.
    ///
    /// # Errors
    /// The first key with a fault, and its fault.
    pub(in crate::config) fn check(&self) -> Result<(), SettingsFault> {
        let paths = [
            ("passwd_file", &self.passwd_file),
            ("group_file", &self.group_file),
            ("state_dir", &self.state_dir),
            ("worker", &self.worker),
            ("run_dir", &self.run_dir),
            ("log_socket", &self.log_socket),
        ];
        let homes = self.home_dirs.iter().map(|path| ("home_dirs", path));
        let paths: Vec<_> = paths.into_iter().chain(homes).collect();
        let mut faults = paths
            .iter()
            .filter_map(|(key, path)| Some((*key, fault_of_path(path)?)));
        faults.next().map_or(Ok(()), Err)?;
        if self.home_dirs.is_empty() {
            return fault("home_dirs", "the list is empty");
        }
        if let Some(fault) = self
            .home_dirs
            .iter()
            .find_map(|path| fault_of_home_dir(path))
        {
            return Err(("home_dirs", fault));
        }
        check_not_zero("deadline", self.deadline)?;
        fault_of_user(&self.worker_user).map_or(Ok(()), |fault| Err(("worker_user", fault)))
    }
}

impl Default for GlobalSettings {
    fn default() -> Self {
        Self {
            chain: vec![Spanned::new(0..0, "local".to_owned())],
            then: Vec::new(),
            not_enrolled: NotEnrolled::default(),
            enrol: Enrol::default(),
            account_when_unavailable: WhenUnavailable::default(),
            make_home: false,
            home_dirs: vec![PathBuf::from("/home")],
            deadline: ConfigDuration::from_millis(8_000),
            min_uid: 1000,
            fail_delay: ConfigDuration::from_millis(2_000),
            log_unknown_users: false,
            passwd_file: PathBuf::from(crate::files::passwd_files::SYSTEM_PASSWD),
            group_file: PathBuf::from(crate::files::group_file::SYSTEM_GROUP),
            state_dir: PathBuf::from("/var/lib/authchain"),
            worker: Path::new(LIBEXEC).join("authchain-worker"),
            worker_user: "authchain".to_owned(),
            run_dir: PathBuf::from("/run/authchain"),
            log_socket: PathBuf::from(crate::tools::journal::DEFAULT_SOCKET),
        }
    }
}

/// Returns the fault of a name for the worker's user, if it has one. Another name with user id 0 is
/// found only when the worker changes to that user.
fn fault_of_user(name: &str) -> Option<String> {
    match Username::parse(name.as_bytes()) {
        Err(invalid) => Some(format!("{name:?}: {invalid}")),
        Ok(_) if name == "root" => {
            Some("\"root\" is no confinement; name a user that owns nothing".to_owned())
        }
        Ok(_) => None,
    }
}

/// The answer about the account of somebody whom only a directory knows, if it does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum WhenUnavailable {
    /// The account may not be used.
    #[default]
    Refuse,
    /// The account may be used, except on behalf of a caller.
    Allow,
}
