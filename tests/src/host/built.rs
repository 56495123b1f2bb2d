//! What the tests need that is not Rust's to build for them.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use nix::unistd::geteuid;

const MODULE: &str = "libpam_authchain.so";

/// The module: the one `AUTHCHAIN_MODULE` names, or one built now, without optimisation.
pub fn module() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match std::env::var_os("AUTHCHAIN_MODULE") {
        Some(path) => std::fs::canonicalize(path).unwrap(),
        None => trusted(build("pam_authchain", &target(), &[]).join(MODULE)),
    })
    .clone()
}

/// The module that panics when its arguments say so.
pub fn module_that_panics() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        // In a folder of its own, so that it is never mistaken for the real one.
        let folder = target().join("panic-injection");
        let features = ["--features", "panic-injection"];
        trusted(build("pam_authchain", &folder, &features).join(MODULE))
    })
    .clone()
}

/// The worker that knows a type of backend which tries to break out.
pub fn worker_that_breaks_out() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let folder = target().join("confinement-probe");
        let features = ["--features", "confinement-probe"];
        trusted(build("authchain-worker", &folder, &features).join("authchain-worker"))
    })
    .clone()
}

/// The host that plays scripts. Cargo builds it with every test and bench, but not with a program.
pub fn host() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if own_program().parent().unwrap().ends_with("deps") {
            return profile().join("pam-host");
        }
        build("authchain-tests", &target(), &["--bin", "pam-host"]).join("pam-host")
    })
    .clone()
}

/// The worker: the one `AUTHCHAIN_WORKER` names, or one built now, without optimisation.
pub fn worker() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match std::env::var_os("AUTHCHAIN_WORKER") {
        Some(path) => std::fs::canonicalize(path).unwrap(),
        None => trusted(build("authchain-worker", &target(), &[]).join("authchain-worker")),
    })
    .clone()
}

/// The command, built now, without optimisation.
pub fn command() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| trusted(build("authchain-cli", &target(), &[]).join("authchain")))
        .clone()
}

/// The example of a plugin in Rust, built now, without optimisation.
pub fn radius_plugin() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| trusted(build("radius-plugin", &target(), &[]).join("radius-plugin")))
        .clone()
}

/// A worker that does what the test says.
pub fn fake_worker() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| trusted(profile().join("fake-worker")))
        .clone()
}

/// A host in C: see its source for what Rust cannot do.
pub fn host_in_c() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/host/private_libpam.c");
        let path = target().join("private-libpam");
        let mut cc = Command::new("cc");
        cc.args(["-Wall", "-Werror", "-rdynamic", "-o"]);
        succeed(cc.arg(&path).arg(source).arg("-ldl"));
        path
    })
    .clone()
}

/// The target directory, whatever cargo was told about it.
pub fn target() -> PathBuf {
    profile().parent().unwrap().to_owned()
}

/// The part of it that this program was built into.
fn profile() -> PathBuf {
    let mut folders = own_program().ancestors();
    let profile = folders.find(|path| path.join("deps").is_dir());
    profile.expect("built by cargo").to_owned()
}

/// Where this program lies, as it was found when this was first asked.
///
/// To be asked before a thread gets mounts of its own: in a chroot, the kernel tells it the path as
/// it is outside.
///
/// # Panics
/// Without /proc.
pub fn own_program() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::current_exe().expect("/proc"))
}

/// The program at this path below `tests/`, such as a plugin.
pub fn script(path: &str) -> PathBuf {
    trusted(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
}

/// Returns `program`, or a copy of it where somebody else could have written it: root tests what a
/// user has built, and umasks differ. The module would start no such worker.
fn trusted(program: PathBuf) -> PathBuf {
    if program.ancestors().all(is_ours) {
        return program;
    }
    let built = std::fs::metadata(&program).unwrap();
    let folder = std::env::temp_dir().join(format!("authchain-tests-{}", geteuid()));
    // Others may make files in /tmp, too: neither a folder nor a link of theirs is used.
    let _ = DirBuilder::new().mode(0o755).create(&folder);
    let is_link = std::fs::symlink_metadata(&folder).unwrap().is_symlink();
    assert!(
        !is_link && is_ours(&folder),
        "{} is another's",
        folder.display()
    );
    let folder = folder.join(format!("{}-{}", built.ino(), built.mtime_nsec()));
    let _ = std::fs::create_dir(&folder);
    let copied = folder.join(program.file_name().unwrap());
    if !copied.exists() {
        // Renamed when it is whole: other tests look for it at the same time.
        let part = tempfile::Builder::new()
            .tempfile_in(&folder)
            .unwrap()
            .into_temp_path();
        copy(&program, &part);
        std::fs::set_permissions(&part, Permissions::from_mode(0o755)).unwrap();
        part.persist(&copied).unwrap();
    }
    copied
}

/// Whether nobody but root and this user can change the file or folder.
fn is_ours(path: &Path) -> bool {
    let found = std::fs::metadata(path).unwrap();
    let is_sticky = found.is_dir() && found.mode() & 0o1000 != 0;
    let is_writable = found.mode() & 0o022 != 0 && !is_sticky;
    [0, geteuid().as_raw()].contains(&found.uid()) && !is_writable
}

/// Copies a program that is to be started as `to`, with its mode.
///
/// Another process does it: a program that is open for writing anywhere cannot be started, and while this one
/// copies, any other test's child may inherit the descriptor for a moment.
pub fn copy(program: impl AsRef<Path>, to: impl AsRef<Path>) {
    let mut copy = Command::new("cp");
    let copied = copy
        .arg("--")
        .arg(program.as_ref())
        .arg(to.as_ref())
        .status();
    assert!(copied.unwrap().success(), "{}", to.as_ref().display());
}

/// Builds a package into the directory `target`, and returns the folder of its programs.
fn build(package: &str, target: &Path, more: &[&str]) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace);
    cargo.args(["build", "--quiet", "--package", package]);
    cargo.args(more).arg("--target-dir").arg(target);
    // Cargo has set these for the test itself, and ring is built anew whenever one changes.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    succeed(&mut cargo);
    target.join("debug")
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
}
