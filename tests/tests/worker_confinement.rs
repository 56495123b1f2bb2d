//! A worker that was taken over by what a server sent: what it can still do, and what it cannot.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use authchain_tests::host::built::worker_that_breaks_out;
use authchain_tests::host::need;
use authchain_tests::worker::{Outcome, Worker};
use nix::libc;
use nix::sys::signal::Signal;
use seccompiler::{SeccompAction, SeccompFilter, apply_filter};
use serde_json::{Value, json};
use tempfile::TempDir;

const NOBODY: u32 = 65_534;

/// An unprivileged user without any other process.
const SOMEBODY: u32 = 61_234;

fn worker() -> Worker {
    Worker::probe(&worker_that_breaks_out(), json!({}))
}

fn failed(error: &str) -> Outcome {
    Outcome::Failed(error.to_owned())
}

fn own_id() -> String {
    std::process::id().to_string()
}

/// A folder that everybody may look into and write to.
fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// What `--about` says, and whether it ended well.
fn about(command: &mut Command) -> (Value, bool) {
    let output = command.arg("--about").env_clear().output().unwrap();
    (
        serde_json::from_slice(&output.stdout).unwrap(),
        output.status.success(),
    )
}

/// Makes `call` unknown to the kernel, for the program that is started.
fn without(command: &mut Command, calls: &[i64], errno: i32) {
    let rules = calls.iter().map(|&call| (call, Vec::new())).collect();
    let answer = SeccompAction::Errno(errno.unsigned_abs());
    let processor = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, processor);
    let program: seccompiler::BpfProgram = filter.unwrap().try_into().unwrap();
    let install = move || apply_filter(&program).map_err(|_| std::io::Error::last_os_error());
    // SAFETY: between fork and exec it makes two system calls with memory that is there already.
    unsafe { command.pre_exec(install) };
}

#[test]
fn a_worker_that_was_taken_over_reads_and_writes_no_file_of_the_system() {
    if !need::root_to_become_another() {
        return;
    }
    let folder = open_folder();
    let public = folder.path().join("public");
    fs::write(&public, "x").unwrap();
    fs::set_permissions(&public, fs::Permissions::from_mode(0o666)).unwrap();
    let new = folder.path().join("new");
    let memory = format!("/proc/{}/mem", own_id());
    let mut worker = worker();
    let mut is = |what, object: &Path, expected: &str| {
        let outcome = worker.attempt(what, object.to_str().unwrap());
        assert_eq!(outcome, failed(expected), "{what} {}", object.display());
    };
    is("read", Path::new("/etc/shadow"), "EACCES");
    is("read", Path::new("/etc/passwd"), "EACCES");
    is("read", Path::new("/proc/self/environ"), "EACCES");
    is("read", Path::new(&memory), "EACCES");
    is("read", &public, "EACCES");
    is("list", folder.path(), "EACCES");
    is("write", &public, "EPERM");
    is("write", &new, "EPERM");
    is(
        "write",
        Path::new("/tmp/authchain-worker-was-here"),
        "EPERM",
    );
    is(
        "write",
        Path::new("/dev/shm/authchain-worker-was-here"),
        "EPERM",
    );
    is("make folder", &new, "EPERM");
    is("remove", &public, "EPERM");
}

#[test]
fn a_worker_that_was_taken_over_starts_no_program_and_no_process() {
    if !need::root_to_become_another() {
        return;
    }
    let killed = Outcome::Killed(Signal::SIGSYS, false);
    assert_eq!(worker().attempt("exec", "/bin/sh"), killed);
    assert_eq!(worker().attempt("spawn", "/bin/sh"), failed("EPERM"));
}

#[test]
fn a_worker_that_was_taken_over_reaches_into_no_other_process() {
    if !need::root_to_become_another() {
        return;
    }
    let killed = Outcome::Killed(Signal::SIGSYS, false);
    assert_eq!(worker().attempt("trace", &own_id()), killed);
    assert_eq!(worker().attempt("peek", &own_id()), killed);
    assert_eq!(worker().attempt("signal", &own_id()), failed("EPERM"));
}

#[test]
fn a_worker_that_was_taken_over_is_never_root_again_and_keeps_its_limits() {
    if !need::root_to_become_another() {
        return;
    }
    let mut worker = worker();
    for what in ["be root", "be dumpable", "raise limit", "raw packets"] {
        assert_eq!(worker.attempt(what, ""), failed("EPERM"), "{what}");
    }
    assert_eq!(worker.attempt("allocate", "1024"), failed("ENOMEM"));
    assert_eq!(
        worker.attempt("abort", ""),
        Outcome::Killed(Signal::SIGABRT, false)
    );
}

#[test]
fn a_worker_that_was_taken_over_listens_nowhere_and_talks_to_no_daemon_of_this_machine() {
    if !need::root_to_become_another() {
        return;
    }
    let folder = open_folder();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let _bus = UnixListener::bind(path("bus")).unwrap();
    let _log = UnixDatagram::bind(path("log")).unwrap();
    let mut worker = worker();
    let refused = worker.attempt("listen", "");
    assert!(
        [failed("EACCES"), failed("EPERM")].contains(&refused),
        "{refused:?}"
    );
    assert_eq!(
        worker.attempt("connect unix", &path("bus")),
        failed("EPERM")
    );
    for way in ["log", "log through a pair"] {
        assert_eq!(worker.attempt(way, &path("log")), failed("EPERM"), "{way}");
    }
}

#[test]
fn what_a_worker_needs_works_in_confinement() {
    if !need::root_to_become_another() {
        return;
    }
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let folder = open_folder();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, "x").unwrap();
    let settings = json!({ "files": [ca] });
    let mut worker = Worker::probe(&worker_that_breaks_out(), settings);
    for (what, object) in [
        ("read", ca.to_str().unwrap()),
        ("read", "/etc/resolv.conf"),
        ("resolve", "localhost"),
        ("connect", &address),
        ("send datagram", &address),
        ("thread", ""),
        ("allocate", "16"),
        ("random", ""),
    ] {
        assert_eq!(
            worker.attempt(what, object),
            Outcome::Possible,
            "{what} {object}"
        );
    }
    worker.ask("wait", "", Duration::from_millis(50));
    let late = worker.attempt("random", "");
    assert_eq!(late, failed("timed out"), "the clock does not run");
}

#[test]
fn a_server_on_a_unix_socket_is_reached_where_the_backend_names_it() {
    if !need::root_to_become_another() {
        return;
    }
    let folder = open_folder();
    let path = folder.path().join("ldapi");
    let _server = UnixListener::bind(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let mut worker = Worker::probe(&worker_that_breaks_out(), json!({ "unix_sockets": [path] }));
    let reached = worker.attempt("connect unix", path.to_str().unwrap());
    assert_eq!(reached, Outcome::Possible);
    assert_eq!(
        worker.attempt("log", path.to_str().unwrap()),
        failed("EPERM")
    );
}

#[test]
fn only_the_ports_of_the_servers_are_reached_where_the_kernel_can_tell() {
    if !need::root_to_become_another() {
        return;
    }
    let (server, other) = (
        TcpListener::bind("127.0.0.1:0").unwrap(),
        TcpListener::bind("127.0.0.1:0").unwrap(),
    );
    let port = server.local_addr().unwrap().port().to_string();
    let mut worker = Worker::probe(&worker_that_breaks_out(), json!({ "ports": [port] }));
    let mut connect =
        |to: &TcpListener| worker.attempt("connect", &to.local_addr().unwrap().to_string());
    assert_eq!(connect(&server), Outcome::Possible);
    let (report, _) = about(&mut Command::new(worker_that_breaks_out()));
    let can_tell = report["confined"]["landlock"]["abi"].as_i64() >= Some(4);
    let expected = if can_tell {
        failed("EACCES")
    } else {
        Outcome::Possible
    };
    assert_eq!(connect(&other), expected);
}

#[test]
fn the_kernel_itself_says_that_nothing_is_left() {
    if !need::root_to_become_another() {
        return;
    }
    let worker = worker();
    let ids: Vec<String> = worker.status("Uid").split(' ').map(str::to_owned).collect();
    assert!(ids.iter().all(|id| *id == ids[0] && id != "0"), "{ids:?}");
    for (name, expected) in [
        ("Groups", ""),
        ("CapPrm", "0000000000000000"),
        ("CapEff", "0000000000000000"),
        ("CapAmb", "0000000000000000"),
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
        ("Threads", "1"),
        ("Umask", "0077"),
    ] {
        assert_eq!(worker.status(name), expected, "{name}");
    }
    // Not dumpable: what /proc has about it belongs to root.
    assert_eq!(fs::metadata(worker.proc("environ")).unwrap().uid(), 0);
}

/// Starts the worker from a shell that does first what callers of su can do.
fn started_by_a_hostile_caller() -> Worker {
    let prepare = "umask 0; ulimit -c unlimited; ulimit -t 3600; cd /tmp; exec 7</etc/shadow 9<&7; \
                   exec setpriv --ruid 61234 --keep-groups \"$0\"";
    let mut shell = Command::new("/bin/bash");
    Worker::start(shell.arg("-c").arg(prepare).arg(worker_that_breaks_out()))
}

#[test]
fn what_the_caller_of_su_chose_for_the_worker_is_gone_before_it_reads_a_byte() {
    if !need::root_to_become_another() || !need::program("setpriv") {
        return;
    }
    let worker = started_by_a_hostile_caller();
    // Its last step before it waits for the hello is to forbid growing files.
    let limit = |name: &str| {
        let limits = fs::read_to_string(worker.proc("limits")).unwrap();
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..]
            .split_whitespace()
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let start = Instant::now();
    while limit("Max file size") != "0 0" {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{}",
            limit("Max file size")
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(
        worker.status("Uid"),
        "0 0 0 0",
        "its caller can send it signals"
    );
    assert_eq!(worker.status("Groups"), "");
    assert_eq!(worker.status("Umask"), "0077");
    assert_eq!(worker.status("SigBlk"), "0000000000000000");
    assert_eq!(
        fs::read_link(worker.proc("cwd")).unwrap(),
        PathBuf::from("/")
    );
    let mut open: Vec<String> = fs::read_dir(worker.proc("fd"))
        .unwrap()
        .map(|entry| {
            fs::read_link(entry.unwrap().path())
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    open.retain(|target| !target.starts_with("socket:") && target != "/dev/null");
    assert_eq!(open, Vec::<String>::new());
    for (name, expected) in [
        ("Max core file size", "0 0"),
        ("Max cpu time", "10 10"),
        ("Max open files", "64 64"),
        ("Max data size", "67108864 67108864"),
        ("Max address space", "536870912 536870912"),
    ] {
        assert_eq!(limit(name), expected, "{name}");
    }
}

#[test]
fn it_ends_when_its_socket_closes_whatever_it_is_waiting_for() {
    for busy_with in [None, Some("wait"), Some("wait in a thread")] {
        let mut worker = worker();
        if let Some(what) = busy_with {
            worker.ask(what, "", Duration::from_secs(60));
        }
        worker.hang_up();
        assert!(worker.end().success(), "{busy_with:?}");
    }
    let mut silent = Worker::start(&mut Command::new(worker_that_breaks_out()));
    silent.hang_up();
    assert!(silent.end().success());
}

#[test]
fn what_is_no_message_ends_the_worker() {
    let mut worker = worker();
    for _ in 0..16 {
        worker.ask("wait", "", Duration::from_secs(60));
    }
    assert!(worker.end().success(), "more questions than anybody asks");
}

#[test]
fn started_by_somebody_else_than_root_it_is_confined_as_far_as_it_can_be_and_says_so() {
    if !need::root_to_become_another() {
        return;
    }
    let folder = open_folder();
    let path = folder.path().join("worker");
    fs::copy(worker_that_breaks_out(), &path).unwrap();
    let mut command = Command::new(&path);
    command.uid(SOMEBODY).gid(SOMEBODY);
    let (report, is_usable) = about(&mut command);
    assert!(is_usable, "{report}");
    let confined = &report["confined"];
    assert_eq!(
        (&confined["user"]["is_other"], &report["complete"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(
        (&confined["seccomp"], &confined["capabilities"]),
        (&json!(true), &json!(0))
    );
    assert!(
        confined["notes"][0]
            .as_str()
            .unwrap()
            .contains("keeps its user"),
        "{report}"
    );

    let own = folder.path().join("own");
    fs::write(&own, "x").unwrap();
    nix::unistd::chown(&own, Some(SOMEBODY.into()), None).unwrap();
    let mut worker = Worker::start(Command::new(&path).uid(SOMEBODY).gid(SOMEBODY));
    worker.greet(json!({}));
    for (what, error) in [("read", "EACCES"), ("write", "EPERM"), ("remove", "EPERM")] {
        assert_eq!(
            worker.attempt(what, own.to_str().unwrap()),
            failed(error),
            "{what}"
        );
    }
    assert_eq!(
        worker.attempt("exec", "/bin/sh"),
        Outcome::Killed(Signal::SIGSYS, false)
    );
}

#[test]
fn the_worker_says_what_confines_it_here() {
    if !need::root_to_become_another() {
        return;
    }
    let (report, is_usable) =
        about(Command::new(worker_that_breaks_out()).args(["--user", "nobody"]));
    assert!(is_usable, "{report}");
    let confined = &report["confined"];
    assert_eq!(
        (&confined["seccomp"], &confined["no_new_privs"]),
        (&json!(true), &json!(true))
    );
    let state = confined["landlock"]["state"].as_str().unwrap();
    let is_noted = confined["notes"].to_string().contains("no Landlock");
    assert_eq!(state != "enforced", is_noted, "{report}");
    assert_eq!(report["complete"], json!(state == "enforced"), "{report}");
}

#[test]
fn where_the_kernel_lacks_landlock_the_rest_holds_and_the_report_says_so() {
    if !need::root_to_become_another() {
        return;
    }
    let landlock = [
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_restrict_self,
    ];
    let path = worker_that_breaks_out();
    let mut command = Command::new(&path);
    without(&mut command, &landlock, libc::ENOSYS);
    let (report, is_usable) = about(&mut command);
    assert!(is_usable, "{report}");
    assert_eq!(report["complete"], json!(false));
    assert_eq!(report["confined"]["landlock"]["state"], json!("missing"));
    assert!(
        report["confined"]["notes"]
            .to_string()
            .contains("no Landlock"),
        "{report}"
    );

    let folder = open_folder();
    let new = folder.path().join("new").to_str().unwrap().to_owned();
    let mut command = Command::new(&path);
    without(&mut command, &landlock, libc::ENOSYS);
    let mut worker = Worker::start(&mut command);
    worker.greet(json!({}));
    let memory = format!("/proc/{}/mem", own_id());
    for (what, object, error) in [
        ("read", "/etc/shadow", "EACCES"),
        ("read", &memory, "EACCES"),
        ("write", &new, "EPERM"),
        ("listen", "", "EPERM"),
        ("be root", "", "EPERM"),
        ("spawn", "/bin/sh", "EPERM"),
    ] {
        assert_eq!(
            worker.attempt(what, object),
            failed(error),
            "{what} {object}"
        );
    }
}

#[test]
fn a_kernel_without_filters_is_reported_and_one_that_refuses_them_is_not_trusted() {
    if !need::root_to_become_another() {
        return;
    }
    for (errno, is_usable) in [(libc::EINVAL, true), (libc::EACCES, false)] {
        let mut command = Command::new(worker_that_breaks_out());
        without(&mut command, &[libc::SYS_seccomp], errno);
        let (report, found) = about(&mut command);
        assert_eq!(found, is_usable, "{report}");
        assert_eq!(report["complete"], json!(false));
        let text = report.to_string();
        assert!(
            text.contains("no seccomp filters") || text.contains("filter was refused"),
            "{report}"
        );
    }
}

#[test]
fn without_a_user_of_its_own_it_is_nobody_and_root_is_no_user_for_it() {
    if !need::root_to_become_another() {
        return;
    }
    for user in ["no-such-user", "root"] {
        let (report, _) = about(Command::new(worker_that_breaks_out()).args(["--user", user]));
        assert_eq!(report["confined"]["user"]["uid"], json!(NOBODY), "{report}");
        assert!(
            report["confined"]["notes"].to_string().contains(user),
            "{report}"
        );
    }
}

#[test]
fn a_person_who_starts_it_by_hand_is_told_what_it_is() {
    let mut command = Command::new(worker_that_breaks_out());
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("started by the PAM module"), "{text}");
    let output = Command::new(worker_that_breaks_out())
        .arg("--help")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
}
