//! The chroot of the compared programs: a minimal Debian of the machine's release.
//!
//! debootstrap makes it once, in the target directory. Nothing is installed on the machine itself.
//! Programs built on the machine run in the chroot, because libpam and libc are of the same
//! release.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use authchain_tests::namespace::own_mounts;
use nix::mount::{MsFlags, mount};

use super::release;

/// Packages in addition to debootstrap's `minbase`.
const PACKAGES: &str = "nslcd,libpam-ldapd,libpam-sss,sssd-ldap";

/// The folder of our files, seen from inside.
pub const CORNER: &str = "/bench";

/// A chroot that is ready.
pub struct Chroot {
    root: PathBuf,
}

impl Chroot {
    /// Makes the chroot unless it exists, and moves this process into a mount namespace for it.
    pub fn ready() -> Self {
        let release = os_release("VERSION_CODENAME");
        let folder = release::folder().parent().unwrap().join("directory-bench");
        let root = folder.join(&release);
        if !root.exists() {
            make(&release, &folder);
        }
        own_mounts();
        let nothing: Option<&str> = None;
        let proc = root.join("proc");
        mount(Some("proc"), &proc, Some("proc"), MsFlags::empty(), nothing).expect("mount /proc");
        let own = Self { root };
        own.clean();
        own
    }

    /// Removes the files of an earlier run.
    fn clean(&self) {
        for folder in [CORNER, "/var/lib/sss/db", "/var/lib/sss/mc", "/run/nslcd"] {
            let folder = self.outside(folder);
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).unwrap();
        }
    }

    /// The outside path of a path in the chroot.
    pub fn outside(&self, inside: &str) -> PathBuf {
        self.root.join(inside.trim_start_matches('/'))
    }

    /// Writes a file, as root.
    pub fn write(&self, inside: &str, mode: u32, text: &str) {
        let path = self.outside(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    /// Copies a file into the chroot.
    pub fn copy(&self, outside: &Path, inside: &str, mode: u32) {
        let path = self.outside(inside);
        fs::copy(outside, &path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    /// A command that runs in the chroot, and ends with this program at the latest.
    pub fn command(&self, argv: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "chroot"]);
        command.arg(&self.root).args(argv).stdin(Stdio::null());
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    /// The version of a package in it.
    pub fn version(&self, package: &str) -> String {
        let mut query = self.command(&["dpkg-query", "-W", "-f", "${Version}", package]);
        String::from_utf8(query.output().unwrap().stdout).unwrap()
    }
}

/// A value of /etc/os-release.
pub fn os_release(key: &str) -> String {
    let text = fs::read_to_string("/etc/os-release").unwrap();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let value = value.unwrap_or_else(|| panic!("/etc/os-release has no {key}"));
    value.trim_matches('"').to_owned()
}

/// Makes the chroot under another name, and renames it once it is complete.
fn make(release: &str, folder: &Path) {
    let part = folder.join(format!("{release}.part"));
    let _ = fs::remove_dir_all(&part);
    fs::create_dir_all(folder).unwrap();
    eprintln!(
        "making {} for nslcd and SSSD (debootstrap, about a minute)",
        folder.display()
    );
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args([
        "--variant=minbase",
        &format!("--include={PACKAGES}"),
        release,
    ]);
    let status = debootstrap.arg(&part).stdout(Stdio::null()).status();
    let status = status.expect("debootstrap; `make bench-directory` installs it");
    assert!(
        status.success(),
        "debootstrap: see {}/debootstrap/debootstrap.log",
        part.display()
    );
    fs::rename(&part, folder.join(release)).unwrap();
}
