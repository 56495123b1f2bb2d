//! Measures `authchain sync` of a large directory: `make bench-sync`.
//!
//! A slapd of its own has 100,000 people (`--quick`: 10,000), loaded by slapadd. The command of
//! `make build` fetches them over ldaps into an empty folder, and then once more, when nothing has
//! changed. Time is that of the whole command; memory is the most that the command and its worker
//! had (`VmHWM`, proc_pid_status(5)), read while they run.

#[path = "../release.rs"]
mod release;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

/// The time in which 100,000 people must be there.
const MOST_SECONDS: f64 = 30.0;

/// The most memory of one process, in KiB.
const MOST_KIB: u64 = 64 << 10;

fn main() -> ExitCode {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let people = if is_quick { 10_000 } else { 100_000 };
    let plan = Plan {
        bulk: people,
        watches: false,
        limits: "limits dn.exact=\"cn=svc,dc=example,dc=test\" size.prtotal=unlimited\n",
        ..Plan::default()
    };
    let Some(slapd) = Slapd::start(&plan) else {
        return ExitCode::FAILURE;
    };
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    configure(dir.path(), &slapd);
    let mut is_good = true;
    for run in ["first", "again"] {
        let (took, [command, worker]) = sync(dir.path());
        let took = took.as_secs_f64();
        let [command_mib, worker_mib] = [command, worker].map(|kib| kib >> 10);
        println!(
            "{people} people, {run}: {took:.1} s; command {command_mib} MiB, worker {worker_mib} MiB"
        );
        is_good &= took <= MOST_SECONDS && command.max(worker) <= MOST_KIB;
    }
    let lines = fs::read_to_string(dir.path().join("passwd")).unwrap();
    is_good &= lines.lines().count() > people / 10 * 9;
    println!("the goal: {MOST_SECONDS} s, {} MiB", MOST_KIB >> 10);
    ExitCode::from(u8::from(!is_good))
}

fn configure(dir: &Path, slapd: &Slapd) {
    for name in ["authchain", "authchain-worker"] {
        release::stripped(name, &dir.join(name));
        fs::set_permissions(dir.join(name), Permissions::from_mode(0o755)).unwrap();
    }
    let mut settings = slapd.settings();
    let keys = settings.as_object_mut().unwrap();
    keys.insert("base".to_owned(), json!(format!("ou=bulk,{BASE}")));
    // The one group has everybody, in an entry too large to be read.
    keys.remove("group_base");
    let keys = keys.iter().map(|(key, value)| format!("{key} = {value}\n"));
    let config = format!(
        "chain = [\"corp\"]\nrun_dir = {}\nworker = {}\nworker_user = \"nobody\"\n\
         [backend.corp]\ntype = \"ldap\"\n{}",
        json!(dir.join("run")),
        json!(dir.join("authchain-worker")),
        keys.collect::<String>()
    );
    fs::write(dir.join("authchain.toml"), config).unwrap();
}

/// Returns the time that the command took, and the most memory of the command and of its worker.
fn sync(dir: &Path) -> (Duration, [u64; 2]) {
    let begin = Instant::now();
    let mut sync = Command::new(dir.join("authchain"));
    sync.arg("--config").arg(dir.join("authchain.toml"));
    sync.args(["sync", "corp", "--to"]).arg(dir);
    let mut command = sync
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = [0; 2];
    let status = loop {
        if let Some(status) = command.try_wait().unwrap() {
            break status;
        }
        let id = command.id().to_string();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let worker = children.unwrap_or_default();
        let worker = worker.split_whitespace().next().unwrap_or("0").to_owned();
        for (most, process) in most.iter_mut().zip([id, worker]) {
            *most = peak_kib(&process).max(*most);
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    // 1: people were left out, whose user ids are systemd's and nobody's.
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    (begin.elapsed(), most)
}

fn peak_kib(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}
