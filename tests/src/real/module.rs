//! The PAM module under test.

use std::path::{Path, PathBuf};

use crate::host::built;

/// Returns the folder of libpam's modules: Debian's multiarch folder, or what others have.
pub fn pam_folder() -> PathBuf {
    let multiarch = format!("/usr/lib/{}-linux-gnu/security", std::env::consts::ARCH);
    let places = [
        multiarch.as_str(),
        "/usr/lib64/security",
        "/usr/lib/security",
    ];
    let found = places.iter().find(|place| Path::new(place).exists());
    PathBuf::from(found.unwrap_or(&multiarch.as_str()))
}

/// The module under test, or one that stands in for it.
#[derive(Debug, Clone)]
pub struct Module {
    /// The module's name in the log.
    pub name: &'static str,
    /// The path of the module outside the machine.
    pub path: PathBuf,
    /// Its arguments in a PAM stack.
    pub arguments: &'static str,
}

impl Module {
    /// pam_unix, to test these tests: the stories must hold with it, except for the lines that only
    /// our module writes.
    pub fn pam_unix() -> Option<Self> {
        let path = pam_folder().join("pam_unix.so");
        if !path.exists() {
            return None;
        }
        Some(Self {
            name: "pam_unix",
            path,
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

    /// The module under test: ours, or pam_unix with `AUTHCHAIN_STAND_IN=pam_unix`.
    pub fn on_trial() -> Option<Self> {
        match std::env::var("AUTHCHAIN_STAND_IN").as_deref() {
            Ok("pam_unix") => Self::pam_unix(),
            _ => Some(Self::authchain()),
        }
    }

    /// The path of the copy on a machine. libpam names log lines after the file.
    pub fn inside(&self) -> String {
        format!("/run/stage/{}.so", self.name)
    }

    /// Whether this is our module.
    pub fn is_ours(&self) -> bool {
        self.name == "pam_authchain"
    }
}
