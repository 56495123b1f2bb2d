//! The two modules, their services and their account files.

use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use authchain_tests::namespace::own_mounts;
use nix::mount::{MsFlags, mount};

use super::release::stripped;

/// Password hashes of [`super::PASSWORD`], as Debian's passwd(1) makes them.
const SHA512: &str = "$6$demodemo$QTmMf6XpdzJK1pZj1rTvppYctErpmfp9e9gxZzpvBNFAfjqkop1bzDmUy3Gml44FyFbUJ5ohHOqTTdyeSumXY.";
const YESCRYPT: &str = "$y$j9T$demodemodemodemodemo..$5E1a5OYRmHrOTCG.3tDkCjKbbBJoJKae3hZ/9dA5uM5";

/// People in the long file.
pub const MANY: usize = 100_000;

/// The directory with services and account files, and the modules.
pub struct Stage {
    /// Held for its deletion.
    _dir: tempfile::TempDir,
    /// Where libpam finds the services.
    pub confdir: CString,
    /// Our module.
    pub ours: PathBuf,
    /// pam_unix.
    pub theirs: PathBuf,
}

impl Stage {
    /// Makes the stage, and moves this process into a mount namespace where the system's account
    /// files are the stage's.
    pub fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let ours = path.join("pam_authchain.so");
        stripped("libpam_authchain.so", &ours);
        let theirs = pam_unix();
        write(&path, "passwd", &passwd(1), 0o644);
        write(&path, "shadow", &shadow(1, YESCRYPT), 0o600);
        for (prefix, more) in [("long.", MANY), ("short.", 1)] {
            write(&path, &format!("{prefix}passwd"), &passwd(more), 0o644);
            let text = shadow(more, SHA512);
            write(&path, &format!("{prefix}shadow"), &text, 0o600);
        }
        let files = [
            ("long-shadow", "short.passwd", "long.shadow"),
            ("long-passwd", "long.passwd", "short.shadow"),
            ("short", "short.passwd", "short.shadow"),
            ("ours", "", ""),
        ];
        for (name, passwd, shadow) in files {
            let config = path.join(format!("{name}.toml"));
            write(
                &path,
                &format!("{name}.toml"),
                &configuration(&path, passwd, shadow),
                0o644,
            );
            let arguments = format!("nodelay config={}", config.display());
            write(&path, name, &service(&ours, &arguments), 0o644);
        }
        write(&path, "theirs", &service(&theirs, "nodelay quiet"), 0o644);
        write(
            &path,
            "other",
            &service(Path::new("pam_deny.so"), ""),
            0o644,
        );
        own_etc(&path);
        let confdir = CString::new(path.to_str().unwrap()).unwrap();
        Self {
            _dir: dir,
            confdir,
            ours,
            theirs,
        }
    }
}

fn service(module: &Path, arguments: &str) -> String {
    let line = format!("required {} {arguments}\n", module.display());
    format!("auth {line}account {line}")
}

/// A configuration with these account files in `dir`, or with the system's if none are named. Its
/// log is not read, and pam_unix is told to be quiet too.
fn configuration(dir: &Path, passwd: &str, shadow: &str) -> String {
    let at = |name: &str| format!("{:?}", dir.join(name));
    let log = at("nobody-listens");
    if passwd.is_empty() {
        return format!("log_socket = {log}\n");
    }
    let [passwd, shadow] = [passwd, shadow].map(at);
    format!(
        "log_socket = {log}\n[backend.local]\ntype = \"local\"\npasswd = {passwd}\nshadow = {shadow}\n"
    )
}

fn pam_unix() -> PathBuf {
    let folders = [
        "/usr/lib/x86_64-linux-gnu/security",
        "/usr/lib/aarch64-linux-gnu/security",
        "/usr/lib64/security",
        "/usr/lib/security",
    ];
    let found = folders
        .iter()
        .map(|folder| Path::new(folder).join("pam_unix.so"))
        .find(|path| path.exists());
    found.expect("pam_unix.so is in none of the usual folders")
}

/// Moves this process into a mount namespace where the system's account files are the stage's.
fn own_etc(stage: &Path) {
    own_mounts();
    let nothing: Option<&str> = None;
    for file in ["passwd", "shadow"] {
        let target = Path::new("/etc").join(file);
        mount(
            Some(&stage.join(file)),
            &target,
            nothing,
            MsFlags::MS_BIND,
            nothing,
        )
        .unwrap();
    }
}

fn write(dir: &Path, name: &str, text: &str, mode: u32) {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
}

fn passwd(more: usize) -> String {
    let mut text = String::from("root:x:0:0:root:/root:/bin/sh\n");
    for (uid, name) in ["sha512", "yescrypt", "locked"].iter().enumerate() {
        text += &format!("{name}:x:{}:100::/home/{name}:/bin/sh\n", 1001 + uid);
    }
    for i in 0..more {
        text += &format!("user{i}:x:{}:100::/home/user{i}:/bin/sh\n", 10_000 + i);
    }
    text
}

/// Most users have the `usual` hash, so an unknown name takes the time of that hash.
fn shadow(more: usize, usual: &str) -> String {
    let mut text = String::from("root:*:20000:0:99999:7:::\n");
    for (name, hash) in [
        ("sha512", SHA512.to_owned()),
        ("yescrypt", YESCRYPT.to_owned()),
        ("locked", format!("!{YESCRYPT}")),
    ] {
        text += &format!("{name}:{hash}:20000:0:99999:7:::\n");
    }
    for i in 0..more {
        text += &format!("user{i}:{usual}:20000:0:99999:7:::\n");
    }
    text
}
