//! Which PAM module is on trial.

use std::path::{Path, PathBuf};

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

    /// Our module: `AUTHCHAIN_MODULE`, or what `cargo build --release` left beside this test.
    pub fn authchain() -> Option<Self> {
        let path = std::env::var_os("AUTHCHAIN_MODULE").map(PathBuf::from);
        let path = path.or_else(built)?;
        Some(Self {
            name: "pam_authchain",
            path,
            arguments: "config=/etc/authchain/authchain.toml nodelay",
        })
    }

    /// The module this run is about; `AUTHCHAIN_STAND_IN=pam_unix` puts pam_unix on trial.
    pub fn on_trial() -> Option<Self> {
        match std::env::var("AUTHCHAIN_STAND_IN").as_deref() {
            Ok("pam_unix") => Self::pam_unix(),
            _ => Self::authchain(),
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

/// `target/debug/deps/test-123` → `target/release/libpam_authchain.so`
fn built() -> Option<PathBuf> {
    let test = std::env::current_exe().ok()?;
    test.ancestors()
        .map(|folder| folder.join("release/libpam_authchain.so"))
        .find(|path| path.exists())
}
