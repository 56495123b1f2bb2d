//! A local login beside pam_unix, in one run: `make bench`.
//!
//! Each figure is a median over forked processes, ours and theirs in turn, so that a machine that
//! slows down slows both. The process gives itself a mount namespace in which /etc/passwd and
//! /etc/shadow are its own: pam_unix reads no others. That takes root.
//!
//! Both modules are called as `pam_authenticate` and `pam_acct_mgmt` under the real libpam, with an
//! `other` service of pam_deny only: libpam loads that too, and a distribution's own would be
//! measured with it.

use std::ffi::{CStr, CString};
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use authchain_tests::host::conversation::Conversation;
use authchain_tests::host::libpam::Handle;
use authchain_tests::host::scene::{Call, Phase, Script};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Uid, fork};

/// Everybody's password.
const PASSWORD: &str = "correct horse";

/// Password hashes of [`PASSWORD`], as Debian's passwd(1) makes them.
const SHA512: &str = "$6$demodemo$QTmMf6XpdzJK1pZj1rTvppYctErpmfp9e9gxZzpvBNFAfjqkop1bzDmUy3Gml44FyFbUJ5ohHOqTTdyeSumXY.";
const YESCRYPT: &str = "$y$j9T$demodemodemodemodemo..$5E1a5OYRmHrOTCG.3tDkCjKbbBJoJKae3hZ/9dA5uM5";

/// Logins a figure, and loads of the module a figure.
const LOGINS: usize = 60;
const LOADS: usize = 300;

/// People in the long file.
const MANY: usize = 100_000;

/// The two modules, as services of PAM.
const OURS: &CStr = c"ours";
const THEIRS: &CStr = c"theirs";
/// Ours on account files of its own, with [`MANY`] more people in one of them or in neither.
const LONG_SHADOW: &CStr = c"long-shadow";
const LONG_PASSWD: &CStr = c"long-passwd";
const SHORT: &CStr = c"short";

fn main() -> ExitCode {
    if !Uid::effective().is_root() {
        eprintln!(
            "skipped: pam_unix reads /etc/shadow alone, so this needs root for a namespace in which that is another file"
        );
        return ExitCode::FAILURE;
    }
    let arguments: Vec<String> = std::env::args().collect();
    let stage = Stage::set();
    match arguments.iter().position(|argument| argument == "--one") {
        // Under valgrind: one login, so that its instructions can be counted.
        Some(at) => one_login(&stage, &arguments[at + 1], &arguments[at + 2]),
        None => table(&stage),
    }
    ExitCode::SUCCESS
}

fn table(stage: &Stage) {
    line("", "authchain", "pam_unix", "ratio", "goal");
    right_passwords(stage);
    refusals(stage);
    loading(stage);
    long_files(stage);
}

/// pam_unix computes each hash twice, so a little over a half is what there is to gain.
fn right_passwords(stage: &Stage) {
    for who in ["sha512", "yescrypt"] {
        let [ours, theirs] = paired(
            LOGINS,
            || login(stage, OURS, who, PASSWORD),
            || login(stage, THEIRS, who, PASSWORD),
        );
        row(&format!("login, {who}, p50 ms"), ours, theirs, "<= 0.6");
    }
    for who in ["sha512", "yescrypt"] {
        let what = format!("login, {who}, million instructions");
        match instructions("ours", who).zip(instructions("theirs", who)) {
            Some((ours, theirs)) => row(&what, ours, theirs, "<= 0.6"),
            None => line(&what, "", "", "", "needs valgrind"),
        }
    }
}

/// Whether the clock tells who exists: 1 is a clock that tells nothing.
fn refusals(stage: &Stage) {
    for (what, who) in [("unknown name", "nobody-here"), ("locked", "locked")] {
        let [ours, theirs] = [OURS, THEIRS].map(|service| {
            let [other, wrong] = paired(
                LOGINS,
                || login(stage, service, who, "wrong"),
                || login(stage, service, "yescrypt", "wrong"),
            );
            format!("{:.2}", other / wrong)
        });
        let what = format!("{what} : wrong password, p50");
        line(&what, &ours, &theirs, "", "0.9 to 1.1");
    }
}

fn loading(stage: &Stage) {
    let [ours, theirs] = paired(LOADS, || load(&stage.ours), || load(&stage.theirs));
    row("dlopen, p50 us", ours, theirs, "<= 1");
    let [ours, theirs] =
        [OURS, THEIRS].map(|service| median(20, || written_memory(stage, service)));
    row(
        "memory written for a login, KiB",
        ours,
        theirs,
        "<= 512 KiB",
    );
}

fn long_files(stage: &Stage) {
    for (file, service) in [("shadow", LONG_SHADOW), ("passwd", LONG_PASSWD)] {
        let [long, short] = paired(
            LOGINS,
            || login(stage, service, "nobody-here", "wrong"),
            || login(stage, SHORT, "nobody-here", "wrong"),
        );
        let what = format!("{MANY} more lines of {file}, p50 ms");
        line(&what, &format!("{:.2}", long - short), "", "", "< 10");
        let [long, short] =
            [service, SHORT].map(|service| median(20, || written_memory(stage, service)));
        let what = format!("{MANY} more lines of {file}, KiB");
        line(&what, &format!("{:.0}", long - short), "", "", "< 2048");
    }
}

fn row(what: &str, ours: f64, theirs: f64, goal: &str) {
    let [ours, theirs, ratio] = [ours, theirs, ours / theirs].map(|number| format!("{number:.2}"));
    line(what, &ours, &theirs, &ratio, goal);
}

fn line(what: &str, ours: &str, theirs: &str, ratio: &str, goal: &str) {
    println!("{what:<42} {ours:>10} {theirs:>10} {ratio:>7}   {goal}");
}

/// The directory with services and account files, and the modules.
struct Stage {
    /// Held for its deletion.
    _dir: tempfile::TempDir,
    confdir: CString,
    ours: PathBuf,
    theirs: PathBuf,
}

impl Stage {
    fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let ours = stripped(&path);
        let theirs = pam_unix();
        write(&path, "passwd", &passwd(1), 0o644);
        write(&path, "shadow", &shadow(1, YESCRYPT), 0o600);
        for (prefix, more) in [("long-", MANY), ("short-", 1)] {
            write(&path, &format!("{prefix}passwd"), &passwd(more), 0o644);
            let text = shadow(more, SHA512);
            write(&path, &format!("{prefix}shadow"), &text, 0o600);
        }
        let files = [
            ("long-shadow", "short-passwd", "long-shadow"),
            ("long-passwd", "long-passwd", "short-shadow"),
            ("short", "short-passwd", "short-shadow"),
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

/// With these account files in `dir`, or the system's where none are named. Nobody reads the log:
/// pam_unix is told to be quiet, too.
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

/// The release build without its symbols, as a package would ship it.
fn stripped(dir: &Path) -> PathBuf {
    let built = release_module();
    let stripped = dir.join("pam_authchain.so");
    let status = Command::new("strip")
        .arg("--strip-unneeded")
        .arg("-o")
        .arg(&stripped)
        .arg(&built)
        .status()
        .unwrap();
    assert!(status.success(), "strip {}", built.display());
    // Pages that have yet to reach the disk would count as the process's own.
    File::open(&stripped).unwrap().sync_all().unwrap();
    stripped
}

/// What `make build` has built: this program is in the same target directory.
fn release_module() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let release = exe
        .ancestors()
        .find(|path| path.ends_with("release"))
        .expect("a release build");
    let module = release.join("libpam_authchain.so");
    assert!(
        module.exists(),
        "{}: run `make build` first",
        module.display()
    );
    module
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

/// A mount namespace of this process's own, where the system's account files are the stage's.
fn own_etc(stage: &Path) {
    let nothing: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    mount(
        nothing,
        "/",
        nothing,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        nothing,
    )
    .unwrap();
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

/// Most people have the `usual` hash, so an unknown name costs what that costs.
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

/// Milliseconds from `pam_start` to the end of `pam_end`, in a process that has done nothing yet.
fn login(stage: &Stage, service: &CStr, who: &str, password: &str) -> f64 {
    in_a_child(|| {
        let begin = Instant::now();
        transaction(stage, service, who, password, || ());
        begin.elapsed().as_secs_f64() * 1e3
    })
}

fn transaction<T>(
    stage: &Stage,
    service: &CStr,
    who: &str,
    password: &str,
    before_end: impl FnOnce() -> T,
) -> T {
    let script = Script {
        answers: vec![password.into()],
        ..Script::default()
    };
    let mut handle = Handle::start(
        &stage.confdir,
        service,
        Some(&who.into()),
        Conversation::new(&script),
    );
    let code = handle.call(Call::new(Phase::Authenticate));
    assert_eq!(
        code == 0,
        password == PASSWORD,
        "{service:?} answered {code} for {who}"
    );
    if code == 0 {
        assert_eq!(
            handle.call(Call::new(Phase::Account)),
            0,
            "{service:?}, {who}"
        );
    }
    let value = before_end();
    handle.end();
    value
}

fn one_login(stage: &Stage, service: &str, who: &str) {
    if service == "none" {
        return;
    }
    let service = CString::new(service).unwrap();
    transaction(stage, &service, who, PASSWORD, || ());
}

/// Million instructions of the whole process that a login adds, counted by valgrind.
fn instructions(service: &str, who: &str) -> Option<f64> {
    let with = counted(service, who)?;
    let without = counted("none", who)?;
    Some((with - without) / 1e6)
}

fn counted(service: &str, who: &str) -> Option<f64> {
    let exe = std::env::current_exe().unwrap();
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=none", "--log-file=/dev/null", "true"]);
    valgrind
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(exe)
        .args(["--one", service, who])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = text
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1))?;
    collected.trim().parse().ok()
}

/// Microseconds of a dlopen, with libpam there already as in every host.
fn load(module: &Path) -> f64 {
    let path = CString::new(module.to_str().unwrap()).unwrap();
    in_a_child(|| {
        let begin = Instant::now();
        // SAFETY: a C string; the module's constructors are libstd's and libc's.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
        let took = begin.elapsed().as_secs_f64() * 1e6;
        assert!(!handle.is_null(), "{path:?}");
        took
    })
}

/// KiB that a login has made its caller's own when `pam_end` has yet to run. Pages of the module's
/// file that were only read belong to the page cache.
fn written_memory(stage: &Stage, service: &CStr) -> f64 {
    in_a_child(|| {
        let before = written_kib();
        transaction(stage, service, "sha512", PASSWORD, written_kib) - before
    })
}

fn written_kib() -> f64 {
    let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let kib = |key: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    kib("Private_Dirty:")
}

/// Medians of two measurements made in turn.
fn paired(
    count: usize,
    mut first: impl FnMut() -> f64,
    mut second: impl FnMut() -> f64,
) -> [f64; 2] {
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..count {
        samples[0].push(first());
        samples[1].push(second());
    }
    samples.map(middle)
}

fn median(count: usize, mut measure: impl FnMut() -> f64) -> f64 {
    middle((0..count).map(|_| measure()).collect())
}

fn middle(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// Runs `measure` in a process of its own, so that nothing is left from the sample before.
fn in_a_child(measure: impl FnOnce() -> f64) -> f64 {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    // SAFETY: this process has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            writer.write_all(&measure().to_ne_bytes()).unwrap();
            // SAFETY: ends the child without running the parent's destructors.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            drop(writer);
            let mut bytes = [0; 8];
            reader
                .read_exact(&mut bytes)
                .expect("the measurement failed; see above");
            waitpid(child, None).unwrap();
            f64::from_ne_bytes(bytes)
        }
    }
}
