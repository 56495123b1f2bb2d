//! Compares local logins with pam_unix, in one run: `make bench-local`.
//!
//! Each figure is a median over forked processes. The modules take turns, so that a machine that
//! slows down slows both. The program runs in a mount namespace with its own /etc/passwd and
//! /etc/shadow, because pam_unix reads no other files. This needs root.
//!
//! Both modules are called as `pam_authenticate` and `pam_acct_mgmt` under the real libpam, with an
//! `other` service of pam_deny only: libpam loads it too, and the distribution's `other` would add
//! to the measurement.

#[path = "../child.rs"]
mod child;
mod measure;
#[path = "../release.rs"]
mod release;
mod stage;

use std::ffi::{CStr, CString};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use authchain_tests::host::conversation::Conversation;
use authchain_tests::host::libpam::Handle;
use authchain_tests::host::scene::{Call, Phase, Script};
use nix::unistd::Uid;

use child::in_a_child;
use measure::{median, paired};
use stage::{MANY, Stage};

/// Everybody's password.
const PASSWORD: &str = "correct horse";

/// The number of logins, and of loads of the module, for a figure.
const LOGINS: usize = 60;
const LOADS: usize = 300;

/// The two modules, as services of PAM.
const OURS: &CStr = c"ours";
const THEIRS: &CStr = c"theirs";
/// Services of our module with its own account files. [`MANY`] more users are in passwd, in shadow,
/// or in neither.
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

/// pam_unix computes each hash twice, so the best ratio is a little over one half.
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

/// Compares the times of refusals. A ratio of 1 does not reveal whether a user exists.
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

/// Milliseconds from `pam_start` to the end of `pam_end`, in a new process.
fn login(stage: &Stage, service: &CStr, who: &str, password: &str) -> f64 {
    let [ms] = in_a_child(|| {
        let begin = Instant::now();
        transaction(stage, service, who, password, || ());
        [begin.elapsed().as_secs_f64() * 1e3]
    });
    ms
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

/// Microseconds of a dlopen, with libpam loaded before as in every host.
fn load(module: &Path) -> f64 {
    let path = CString::new(module.to_str().unwrap()).unwrap();
    let [us] = in_a_child(|| {
        let begin = Instant::now();
        // SAFETY: a C string; the module's constructors are libstd's and libc's.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
        let took = begin.elapsed().as_secs_f64() * 1e6;
        assert!(!handle.is_null(), "{path:?}");
        [took]
    });
    us
}

/// KiB of private memory that a login has written before `pam_end`. Pages of the module's file that
/// are only read do not count.
fn written_memory(stage: &Stage, service: &CStr) -> f64 {
    let [kib] = in_a_child(|| {
        let before = written_kib();
        [transaction(stage, service, "sha512", PASSWORD, written_kib) - before]
    });
    kib
}

fn written_kib() -> f64 {
    let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let kib = |key: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    kib("Private_Dirty:")
}
