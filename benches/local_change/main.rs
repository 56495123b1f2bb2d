//! Compares changes of local passwords with pam_unix, in one run: `make bench-change`.
//!
//! A change has to flush the new file and its folder to the disk. The figure is what a change takes
//! beyond the new hash, beside what these two flushes take alone. pam_unix does not flush the folder.
//! Figures are medians, and the modules take turns. The program runs in a mount namespace with an
//! /etc of its own, on the disk of the build. This needs root.

#[path = "../child.rs"]
mod child;
#[path = "../local_login/measure.rs"]
mod measure;
#[path = "../release.rs"]
mod release;

use std::ffi::{CStr, CString};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use authchain::files::password_hash::{Method, NewHash};
use authchain::words::Secret;
use authchain_tests::host::conversation::Conversation;
use authchain_tests::host::libpam::Handle;
use authchain_tests::host::scene::{Call, Phase, Script};
use authchain_tests::namespace::own_mounts;
use authchain_tests::real::module::Module;
use nix::mount::{MsFlags, mount};
use nix::unistd::Uid;

use child::in_a_child;
use measure::{median, paired};

const NEW: &str = "new and quite long";

/// The number of changes for a figure.
const CHANGES: usize = 100;

/// The lines of shadow: a few, and those of a large machine.
const PEOPLE: [usize; 2] = [40, 4_000];

fn main() -> ExitCode {
    if !Uid::effective().is_root() {
        eprintln!("skipped: changing /etc/shadow in a namespace needs root");
        return ExitCode::FAILURE;
    }
    let Some(theirs) = Module::pam_unix() else {
        eprintln!("skipped: pam_unix.so is in none of the usual folders");
        return ExitCode::FAILURE;
    };
    let stage = Stage::set(&theirs.path);
    println!(
        "{:<44} {:>10} {:>10} {:>7}",
        "", "authchain", "pam_unix", "ratio"
    );
    for people in PEOPLE {
        stage.table(people);
    }
    ExitCode::SUCCESS
}

/// An /etc with both modules as services.
struct Stage {
    /// Held for its deletion.
    dir: tempfile::TempDir,
    confdir: CString,
}

impl Stage {
    /// Moves this process into a mount namespace with the stage's /etc.
    fn set(theirs: &Path) -> Self {
        let dir = tempfile::tempdir_in(release::folder()).unwrap();
        let etc = dir.path().join("etc");
        fs::create_dir(&etc).unwrap();
        for file in ["ld.so.cache", "nsswitch.conf", "group"] {
            let _ = fs::copy(Path::new("/etc").join(file), etc.join(file));
        }
        let cheap = "ENCRYPT_METHOD SHA512\nSHA_CRYPT_MAX_ROUNDS 1000\n";
        fs::write(etc.join("login.defs"), cheap).unwrap();
        let ours = dir.path().join("pam_authchain.so");
        release::stripped("libpam_authchain.so", &ours);
        let config = dir.path().join("authchain.toml");
        fs::write(&config, "log_socket = \"/nowhere\"\n").unwrap();
        let ours = format!("{} nodelay config={}", ours.display(), config.display());
        // At the same cost: pam_unix reads login.defs for its method alone, unless it is told.
        let theirs = format!("{} nodelay quiet sha512 rounds=1000", theirs.display());
        for (service, module) in [("ours", ours), ("theirs", theirs)] {
            let line = format!("password required {module}\n");
            fs::write(dir.path().join(service), line).unwrap();
        }
        fs::write(dir.path().join("other"), "password required pam_deny.so\n").unwrap();
        own_mounts();
        let nothing: Option<&str> = None;
        mount(Some(&etc), "/etc", nothing, MsFlags::MS_BIND, nothing).unwrap();
        Self {
            confdir: CString::new(dir.path().to_str().unwrap()).unwrap(),
            dir,
        }
    }

    fn table(&self, people: usize) {
        write_accounts(people);
        let [ours, theirs] = paired(CHANGES, || self.change(c"ours"), || self.change(c"theirs"));
        let hash = median(CHANGES, new_hash);
        let flushes = median(CHANGES, || self.two_flushes());
        let row = |what: &str, [ours, theirs]: [f64; 2], goal: &str| {
            let what = format!("{people} people: {what}");
            let ratio = ours / theirs;
            println!("{what:<44} {ours:>10.2} {theirs:>10.2} {ratio:>7.2}   {goal}");
        };
        row("a change, p50 ms", [ours, theirs], "");
        let beyond = [ours, theirs].map(|whole| whole - hash);
        row("beyond the hash, p50 ms", beyond, "");
        row(
            "the same in pairs of flushes",
            beyond.map(|time| time / flushes),
            "<= 3",
        );
        println!("{people} people: two flushes {flushes:.2} ms, the hash {hash:.2} ms");
    }

    /// Milliseconds of a change by root, in a new process.
    fn change(&self, service: &CStr) -> f64 {
        let [ms] = in_a_child(|| {
            let script = Script {
                answers: vec![NEW.into(), NEW.into()],
                ..Script::default()
            };
            let conversation = Conversation::new(&script);
            let name = "p1".into();
            let mut handle = Handle::start(&self.confdir, service, Some(&name), conversation);
            let begin = Instant::now();
            let code = handle.call(Call::new(Phase::Chauthtok));
            let took = begin.elapsed();
            assert_eq!(code, 0, "{service:?}");
            handle.end();
            [took.as_secs_f64() * 1e3]
        });
        ms
    }

    /// Milliseconds to write the bytes of shadow into a new file, and to flush that and its folder.
    fn two_flushes(&self) -> f64 {
        let bytes = fs::read("/etc/shadow").unwrap();
        let [new, old]: [PathBuf; 2] = ["new", "old"].map(|name| self.dir.path().join(name));
        let begin = Instant::now();
        let mut file = File::create(&new).unwrap();
        file.write_all(&bytes).unwrap();
        file.sync_all().unwrap();
        fs::rename(&new, &old).unwrap();
        File::open(self.dir.path()).unwrap().sync_all().unwrap();
        begin.elapsed().as_secs_f64() * 1e3
    }
}

/// Milliseconds to hash the new password.
fn new_hash() -> f64 {
    let method = NewHash::Crypt {
        method: Method::Sha512crypt,
        beginning: "$6$rounds=1000$".to_owned(),
    };
    let password = Secret::new(NEW.into());
    let begin = Instant::now();
    method.make(&password, &[7; 16]).unwrap();
    begin.elapsed().as_secs_f64() * 1e3
}

fn write_accounts(people: usize) {
    let [mut passwd, mut shadow] = [String::new(), String::new()];
    for n in 1..=people {
        passwd += &format!("p{n}:x:{}:100::/home/p{n}:/bin/sh\n", 10_000 + n);
        shadow += &format!("p{n}:$6$demodemo$QTmMf6XpdzJK1pZj1rTv:20000:0:99999:7:::\n");
    }
    for (file, text, mode) in [
        ("/etc/passwd", passwd, 0o644),
        ("/etc/shadow", shadow, 0o640),
    ] {
        fs::write(file, text).unwrap();
        fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
    }
}
