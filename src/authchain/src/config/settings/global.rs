//! Settings of the chain as a whole.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::common::fault_of_path;
use crate::config::Span;

/// The keys at the top of the file.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default)]
pub struct GlobalSettings {
    /// The backends to ask, in order. `local` needs no section of its own.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub chain: Vec<Spanned<String>>,

    /// When the whole chain must have answered.
    pub deadline: Span,

    /// Names in `passwd_file` with a user id below this, and user id 0 whatever its name, are
    /// system names: only the `local` backend over that very file is asked about them, and no other
    /// may bring such a user id.
    pub min_uid: u32,

    /// How long a program waits after a failed login, before it may ask again.
    pub fail_delay: Span,

    /// Write names that nobody knows into the log as they were typed. They may be mistyped
    /// passwords, so they appear as `(unknown)` otherwise.
    pub log_unknown_users: bool,

    /// The passwd(5) file that says which names are the system's own.
    pub passwd_file: PathBuf,

    /// The folder of authchain's own account files, which `authchain user` edits.
    pub state_dir: PathBuf,

    /// The program that asks servers, in a process of its own. It must belong to root, and nobody
    /// else may be able to write it.
    pub worker: PathBuf,

    /// The folder that remembers which servers were found down a moment ago, so that the next
    /// login does not wait for them again. Made when it is first needed.
    pub run_dir: PathBuf,

    /// The socket of the system's logger.
    pub log_socket: PathBuf,
}

impl GlobalSettings {
    /// Whether the settings can be meant.
    ///
    /// # Errors
    /// The key that cannot, and why.
    pub(in crate::config) fn check(&self) -> Result<(), (&'static str, String)> {
        let paths = [
            ("passwd_file", &self.passwd_file),
            ("state_dir", &self.state_dir),
            ("worker", &self.worker),
            ("run_dir", &self.run_dir),
            ("log_socket", &self.log_socket),
        ];
        let mut faults = paths
            .iter()
            .filter_map(|(key, path)| Some((*key, fault_of_path(path)?)));
        faults.next().map_or(Ok(()), Err)
    }
}

impl Default for GlobalSettings {
    fn default() -> Self {
        Self {
            chain: vec![Spanned::new(0..0, "local".to_owned())],
            deadline: Span::from_millis(8_000),
            min_uid: 1000,
            fail_delay: Span::from_millis(2_000),
            log_unknown_users: false,
            passwd_file: PathBuf::from(crate::files::passwd_files::SYSTEM_PASSWD),
            state_dir: PathBuf::from("/var/lib/authchain"),
            worker: PathBuf::from("/usr/libexec/authchain/authchain-worker"),
            run_dir: PathBuf::from("/run/authchain"),
            log_socket: PathBuf::from(crate::tools::journal::DEFAULT_SOCKET),
        }
    }
}
