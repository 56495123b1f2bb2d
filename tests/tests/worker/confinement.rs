//! A worker that was taken over by what a server sent: what it can still do, and what it cannot.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use authchain_tests::host::built::worker_that_breaks_out;
use authchain_tests::need;
use authchain_tests::worker::{Outcome, Worker, about, failed, open_folder, own_id};
use nix::sys::signal::Signal;
use serde_json::json;

fn worker() -> Worker {
    Worker::probe(&worker_that_breaks_out(), json!({}))
}

#[test]
fn a_worker_that_was_taken_over_reads_and_writes_no_file_of_the_system() {
    if !need::root("the worker") {
        return;
    }
    let folder = open_folder();
    let public = folder.path().join("public");
    fs::write(&public, "x").unwrap();
    fs::set_permissions(&public, fs::Permissions::from_mode(0o666)).unwrap();
    let new = folder.path().join("new");
    let memory = format!("/proc/{}/mem", own_id());
    // One that has a file to read: then Landlock alone keeps it from the others.
    let own = folder.path().join("own");
    fs::write(&own, "x").unwrap();
    let mut worker = Worker::probe(&worker_that_breaks_out(), json!({ "files": [own] }));
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
    // The usual one has none, and no call to open any.
    let mut bare = self::worker();
    for path in ["/etc/passwd", "/etc/resolv.conf", public.to_str().unwrap()] {
        assert_eq!(bare.attempt("read", path), failed("EPERM"), "{path}");
    }
}

#[test]
fn a_worker_that_was_taken_over_starts_no_program_and_no_process() {
    if !need::root("the worker") {
        return;
    }
    let killed = Outcome::Killed(Signal::SIGSYS, false);
    assert_eq!(worker().attempt("exec", "/bin/sh"), killed);
    assert_eq!(worker().attempt("spawn", "/bin/sh"), failed("EPERM"));
    assert_eq!(worker().attempt("thread", ""), failed("EPERM"));
}

#[test]
fn a_worker_that_was_taken_over_reaches_into_no_other_process() {
    if !need::root("the worker") {
        return;
    }
    let killed = Outcome::Killed(Signal::SIGSYS, false);
    assert_eq!(worker().attempt("trace", &own_id()), killed);
    assert_eq!(worker().attempt("peek", &own_id()), killed);
    assert_eq!(worker().attempt("signal", &own_id()), failed("EPERM"));
}

#[test]
fn a_worker_that_was_taken_over_is_never_root_again_and_keeps_its_limits() {
    if !need::root("the worker") {
        return;
    }
    let mut worker = worker();
    for what in ["be root", "be dumpable", "set limit", "raw packets"] {
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
    if !need::root("the worker") {
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
    assert_eq!(worker.attempt("bind", ""), failed("EPERM"));
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
    if !need::root("the worker") {
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
        ("resolve", "localhost"),
        ("connect", &address),
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
    if !need::root("the worker") {
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
    if !need::root("the worker") {
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
    for server in [&server, &other] {
        let address = server.local_addr().unwrap().to_string();
        let past_the_rule = worker.attempt("connect by sending", &address);
        assert_eq!(past_the_rule, failed("EPERM"), "TCP Fast Open");
    }
    let mut nowhere = Worker::probe(&worker_that_breaks_out(), json!({ "ports": [] }));
    let address = server.local_addr().unwrap().to_string();
    assert_eq!(nowhere.attempt("connect", &address), expected);
}

#[test]
fn the_kernel_itself_says_that_nothing_is_left() {
    if !need::root("the worker") {
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

#[test]
fn it_ends_when_its_socket_closes_whatever_it_is_waiting_for() {
    for busy_with in [None, Some("wait")] {
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
