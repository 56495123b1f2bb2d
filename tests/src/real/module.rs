//! Which PAM module is on trial.

use std::path::{Path, PathBuf};

use crate::host::built;

/// The module under test, or one that stands in for it.
#[derive(Debug, Clone)]
pub struct Module {
    /// What it calls itself in the log.
    pub name: &'static str,
    /// Where it is, outside.
    pub path: PathBuf,
    /// Its arguments in a PAM stack.
    pub arguments: &'static str,
}

impl Module {
    /// pam_unix, with which the harness itself is judged: it must tell the same stories, except
    /// for the lines that only our module writes.
    pub fn pam_unix() -> Option<Self> {
        let places = [
            "/usr/lib/x86_64-linux-gnu/security/pam_unix.so",
            "/usr/lib/aarch64-linux-gnu/security/pam_unix.so",
            "/usr/lib64/security/pam_unix.so",
            "/usr/lib/security/pam_unix.so",
        ];
        let path = places.iter().map(Path::new).find(|path| path.exists())?;
        Some(Self {
            name: "pam_unix",
            path: path.to_path_buf(),
            arguments: "nodelay",
        })
    }

    /// Our module: the one `AUTHCHAIN_MODULE` names, or one built now.
    pub fn authchain() -> Self {
        Self {
            name: "pam_authchain",
            path: built::module(),
            arguments: "config=/etc/authchain/authchain.toml nodelay",
        }
    }

    /// The module this run is about; `AUTHCHAIN_STAND_IN=pam_unix` puts pam_unix on trial.
    pub fn on_trial() -> Option<Self> {
        match std::env::var("AUTHCHAIN_STAND_IN").as_deref() {
            Ok("pam_unix") => Self::pam_unix(),
            _ => Some(Self::authchain()),
        }
    }

    /// Where a machine keeps its copy: libpam names log lines after the file.
    pub fn inside(&self) -> String {
        format!("/run/stage/{}.so", self.name)
    }

    /// Is it ours?
    pub fn is_ours(&self) -> bool {
        self.name == "pam_authchain"
    }
}
