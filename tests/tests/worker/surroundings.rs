//! Who starts a worker, on which kernel, and what it says about that.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use authchain::backends::protocol::Reply;
use authchain_tests::host::built::{self, worker_that_breaks_out};
use authchain_tests::host::sandbox::{Sandbox, filter, refusing, without_prctl};
use authchain_tests::namespace::in_own_network;
use authchain_tests::need;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::hostile;
use authchain_tests::worker::{Outcome, Worker, about, failed, open_folder, own_id};
use nix::libc;
use nix::sys::signal::Signal;
use seccompiler::SeccompAction;
use serde_json::json;

const NOBODY: u32 = 65_534;

/// An unprivileged user without any other process.
const SOMEBODY: u32 = 61_234;

/// Makes `call` unknown to the kernel, for the program that is started.
fn without(command: &mut Command, calls: &[i64], errno: i32) {
    let answer = SeccompAction::Errno(errno.unsigned_abs());
    filter(command, refusing(calls, answer));
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
    if !need::root("the worker") || !need::file("the worker", "/usr/bin/setpriv") {
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
        // Room for hashes, until it is told that it computes none.
        ("Max data size", "335544320 335544320"),
        ("Max address space", "536870912 536870912"),
    ] {
        assert_eq!(limit(name), expected, "{name}");
    }
    let first_to_go = fs::read_to_string(worker.proc("oom_score_adj")).unwrap();
    assert_eq!(first_to_go.trim(), "1000");
}

#[test]
fn started_by_somebody_else_than_root_it_is_confined_as_far_as_it_can_be_and_says_so() {
    if !need::root("the worker") {
        return;
    }
    let folder = open_folder();
    let path = folder.path().join("worker");
    built::copy(worker_that_breaks_out(), &path);
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
    assert!(!confined["notes"].to_string().contains("user"), "{report}");

    let own = folder.path().join("own");
    fs::write(&own, "x").unwrap();
    nix::unistd::chown(&own, Some(SOMEBODY.into()), None).unwrap();
    let mut worker = Worker::start(Command::new(&path).uid(SOMEBODY).gid(SOMEBODY));
    // With a file of its own to read, or the filter alone would keep it from all.
    worker.greet(json!({ "files": ["/etc/hosts"] }));
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
    if !need::root("the worker") {
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
    if !need::root("the worker") {
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
    // With a file to read, or the filter would stand in for Landlock.
    worker.greet(json!({ "files": ["/etc/hosts"] }));
    for _ in 0..2 {
        worker.ask("random", "", Duration::from_secs(5));
        let Some(Reply::Verdict(told)) = worker.hear() else {
            panic!("no verdict");
        };
        let is_said = |note: &&String| note.contains("no Landlock");
        let count = told.notes.iter().filter(is_said).count();
        assert_eq!(count, 1, "{told:?}");
    }
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
    if !need::root("the worker") {
        return;
    }
    // EINVAL is what a kernel without filters says, but this one has them.
    for (errno, is_usable) in [
        (libc::ENOSYS, true),
        (libc::EINVAL, false),
        (libc::EACCES, false),
    ] {
        let mut command = Command::new(worker_that_breaks_out());
        let program = without_prctl(libc::PR_SET_SECCOMP, &[libc::SYS_seccomp], errno);
        filter(&mut command, program);
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
    if !need::root("the worker") {
        return;
    }
    let about_as = |user| about(Command::new(worker_that_breaks_out()).args(["--user", user]));
    let (report, is_usable) = about_as("no-such-user");
    let user = &report["confined"]["user"];
    assert!(is_usable, "{report}");
    assert_eq!(
        (&user["uid"], &user["stands_in_for"]),
        (&json!(NOBODY), &json!("no-such-user"))
    );
    let (report, is_usable) = about_as("root");
    let why = report["refused"].as_str().unwrap_or_default();
    assert!(
        !is_usable && why.contains("root has the user or group id 0"),
        "{report}"
    );
}

#[test]
fn a_worker_that_cannot_be_confined_says_hello_and_does_nothing_that_is_asked() {
    if !need::root("the worker") {
        return;
    }
    let mut worker = Worker::start(Command::new(worker_that_breaks_out()).args(["--user", "root"]));
    worker.hello(json!({}));
    for what in ["random", "read"] {
        match worker.attempt(what, "/etc/passwd") {
            Outcome::Failed(why) => {
                assert!(why.contains("root has the user or group id 0"), "{why}")
            }
            other => panic!("{what}: {other:?}"),
        }
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

/// The sandbox of one service would otherwise keep every other from a server that is up.
#[test]
fn a_service_that_may_not_reach_a_server_calls_none_down() {
    let corp = Asker::new(hostile::settings(hostile::serve(hostile::wait)));
    let forbidden = std::thread::spawn(move || {
        Sandbox::UnixOnly.enter();
        corp.login("alice", "pw-alice")
    });
    let told = forbidden.join().unwrap();
    let why = told.failed().unwrap_or_else(|| panic!("{told:?}"));
    assert!(why.contains("RestrictAddressFamilies"), "{why}");
    assert!(told.conclusion.servers.down.is_empty(), "{told:?}");

    if !need::root("a network of its own") {
        return;
    }
    in_own_network("", "", || {
        let corp = Asker::new(hostile::settings(389));
        let corp = corp.with("uris", json!(["ldap://192.0.2.1"]));
        let told = corp.login("alice", "pw-alice");
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains("connect: network is unreachable"), "{why}");
        assert!(told.conclusion.servers.down.is_empty(), "{told:?}");
    });
}
