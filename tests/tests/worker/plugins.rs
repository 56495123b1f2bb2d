//! A plugin that is hostile: what it can do, and what it cannot.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use authchain::backends::protocol::Reply;
use authchain_tests::host::built;
use authchain_tests::need;
use authchain_tests::worker::{Outcome, Worker, failed, open_folder, own_id};
use serde_json::{Value, json};

fn program() -> PathBuf {
    built::script("tests/worker/plugin.py")
}

fn plugin(more: &[&str]) -> Worker {
    Worker::plugin(&built::worker(), &program(), more)
}

fn is_needed_here() -> bool {
    need::root("the plugin") && need::file("the plugin", "/usr/bin/python3")
}

#[test]
fn a_plugin_reads_what_it_was_given_and_writes_nothing() {
    if !is_needed_here() {
        return;
    }
    let folder = open_folder();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for name in ["given", "other"] {
        fs::write(path(name), "x").unwrap();
        fs::set_permissions(path(name), fs::Permissions::from_mode(0o666)).unwrap();
    }
    let mut plugin = plugin(&["--read", &path("given")]);
    let possible = ["/usr/lib/os-release", &path("given")];
    for path in possible {
        assert_eq!(plugin.attempt("read", path), Outcome::Possible, "{path}");
    }
    let memory = format!("/proc/{}/environ", own_id());
    for path in [
        "/etc/shadow",
        "/etc/passwd",
        "/proc/self/environ",
        &memory,
        &path("other"),
    ] {
        assert_eq!(plugin.attempt("read", path), failed("EACCES"), "{path}");
    }
    assert_eq!(plugin.attempt("list", "/etc"), failed("EACCES"));
    let new = path("new");
    for (what, path) in [
        ("write", path("given")),
        ("write", new),
        ("write", "/tmp/authchain-plugin-was-here".to_owned()),
        ("remove", path("other")),
    ] {
        assert_eq!(
            plugin.attempt(what, &path),
            failed("EACCES"),
            "{what} {path}"
        );
    }
    for what in ["chmod", "set an attribute", "set the time", "watch"] {
        let outcome = plugin.attempt(what, &path("given"));
        assert_eq!(outcome, failed("EPERM"), "{what}");
    }
    assert_eq!(plugin.attempt("write", "/dev/null"), Outcome::Possible);
}

#[test]
fn a_plugin_starts_programs_of_the_system_and_stays_in_its_process_group() {
    if !is_needed_here() {
        return;
    }
    let folder = open_folder();
    let own = folder.path().join("true");
    fs::copy("/bin/true", &own).unwrap();
    let mut plugin = plugin(&["--read", own.to_str().unwrap()]);
    assert_eq!(plugin.attempt("spawn", "/bin/true"), Outcome::Possible);
    assert_eq!(plugin.attempt("thread", ""), Outcome::Possible);
    assert_eq!(
        plugin.attempt("spawn", own.to_str().unwrap()),
        failed("EACCES")
    );
    for what in [
        "be a child of the host",
        "leave shared memory",
        "leave a queue",
        "share memory",
        "leave the group",
        "leave the session",
        "new namespace",
        "be root",
    ] {
        assert_eq!(plugin.attempt(what, ""), failed("EPERM"), "{what}");
    }
}

#[test]
fn a_plugin_reaches_into_no_other_process() {
    if !is_needed_here() {
        return;
    }
    let mut other = plugin(&[]);
    let mut plugin = plugin(&[]);
    // Both have one user id.
    for pid in [own_id(), other.id()] {
        for what in ["signal", "trace", "limit", "slow down"] {
            assert_eq!(plugin.attempt(what, &pid), failed("EPERM"), "{what}");
        }
        let memory = format!("/proc/{pid}/mem");
        assert_eq!(plugin.attempt("read", &memory), failed("EACCES"));
    }
    assert_eq!(other.attempt("thread", ""), Outcome::Possible);
}

#[test]
fn a_plugin_has_no_network_unless_it_is_given_one() {
    if !is_needed_here() {
        return;
    }
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let mut without = plugin(&[]);
    for what in ["internet", "datagrams", "unix", "netlink"] {
        assert_eq!(without.attempt(what, ""), failed("EPERM"), "{what}");
    }
    assert_eq!(without.attempt("connect", &address), failed("EPERM"));
    assert_eq!(without.attempt("pair", ""), Outcome::Possible);
    let mut with = plugin(&["--network"]);
    for (what, target) in [
        ("internet", ""),
        ("datagrams", ""),
        ("connect", &address),
        ("resolve", "localhost"),
    ] {
        assert_eq!(with.attempt(what, target), Outcome::Possible, "{what}");
    }
    for what in ["unix", "netlink"] {
        assert_eq!(with.attempt(what, ""), failed("EPERM"), "{what}");
    }
    let listened = with.attempt("listen", "");
    assert!(
        [failed("EACCES"), failed("EPERM")].contains(&listened),
        "{listened:?}"
    );
}

#[test]
fn a_plugin_has_bounds_and_nothing_of_it_is_left() {
    if !is_needed_here() {
        return;
    }
    assert_eq!(plugin(&[]).attempt("allocate", "512"), failed("ENOMEM"));
    let mut bomb = plugin(&["--user", "games"]);
    assert_eq!(bomb.attempt("fork bomb", ""), failed("EAGAIN"));
    assert_eq!(plugin(&[]).attempt("spawn", "/bin/true"), Outcome::Possible);
    bomb.kill_group();
    // The kernel counts the processes of the user until the last of them has ended.
    let start = Instant::now();
    let spawn = || plugin(&["--user", "games"]).attempt("spawn", "/bin/true");
    while spawn() != Outcome::Possible {
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}

/// Returns a plugin that a hostile caller of su started, who did this first.
fn started_after(limits: &str) -> Worker {
    let prepare = "umask 0; eval \"$2\"; cd /tmp; exec 7</etc/shadow 9<&7; trap '' INT USR1; \
                   exec nice -n 7 chrt --batch 0 setpriv --ruid 61234 --keep-groups \
                   \"$0\" --run \"$1\"";
    let mut shell = Command::new("/bin/bash");
    shell
        .arg("-c")
        .arg(prepare)
        .arg(built::worker())
        .arg(program())
        .arg(limits);
    Worker::start(&mut shell)
}

fn surroundings(mut plugin: Worker) -> Value {
    plugin.hello(json!({}));
    match plugin.attempt("surroundings", "") {
        Outcome::Failed(text) => serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_that_the_caller_of_su_chose_reaches_a_plugin() {
    if !is_needed_here() || !need::file("the plugin", "/usr/bin/setpriv") {
        return;
    }
    let limits = "ulimit -n 2000; ulimit -c unlimited; ulimit -t 3600; ulimit -u 20000; \
                  ulimit -i 1024; ulimit -S -v 99999999; ulimit -l 64; taskset -p 1 $$ >/dev/null";
    let given = surroundings(started_after(limits));
    let is = |name: &str, expected: Value| assert_eq!(given[name], expected, "{name}");
    is("environment", json!([]));
    is("arguments", json!(1));
    is("folder", json!("/"));
    is("umask", json!(0o077));
    is("nice", json!(0));
    is("policy", json!(0));
    is("groups", json!([]));
    is("blocked", json!(0));
    let processors = std::thread::available_parallelism().unwrap().get();
    is("processors", json!(processors));
    // Three streams, and the script.
    is("open", json!(4));
    assert!(
        given["ids"][0].as_u64().unwrap() > 0 && given["ids"][1].is_null(),
        "{given}"
    );
    let limits = &given["limits"];
    let megabytes = |count: u64| json!([count << 20, count << 20]);
    assert_eq!(limits["CORE"], json!([0, 0]));
    assert_eq!(limits["CPU"], json!([10, 10]));
    assert_eq!(limits["DATA"], megabytes(256));
    assert_eq!(limits["AS"], json!([-1, -1]));
    assert_eq!(limits["NOFILE"], json!([256, 256]));
    assert_eq!(limits["FSIZE"], json!([0, 0]));
    assert_eq!(limits["NPROC"], json!([512, 512]));
    for name in ["MEMLOCK", "MSGQUEUE", "RTPRIO", "NICE"] {
        assert_eq!(limits[name], json!([0, 0]), "{name}");
    }
}

/// A root that may not raise limits, as in many containers, runs no plugin under lower ones: a
/// plugin that cannot start a program may take that for an answer.
#[test]
fn limits_that_are_too_low_are_raised_or_keep_a_plugin_from_starting() {
    if !is_needed_here() || !need::file("the plugin", "/usr/bin/setpriv") {
        return;
    }
    for low in [
        "ulimit -u 1",
        "ulimit -n 30",
        "ulimit -v 4000000",
        "ulimit -t 1",
    ] {
        let mut probe = started_after(low);
        probe.say_hello(json!({}));
        match probe.hear() {
            Some(Reply::Hello(_)) => {
                let limits = &surroundings(started_after(low))["limits"];
                assert_eq!(limits["NPROC"], json!([512, 512]), "{low}");
                assert_eq!(limits["NOFILE"], json!([256, 256]), "{low}");
                assert_eq!(limits["AS"], json!([-1, -1]), "{low}");
                assert_eq!(limits["CPU"], json!([10, 10]), "{low}");
            }
            Some(Reply::Verdict(conclusion)) => {
                let why = format!("{:?}", conclusion.verdict);
                assert!(why.contains("cannot raise the limits"), "{low}: {why}");
            }
            other => panic!("{low}: {other:?}"),
        }
    }
}

#[test]
fn a_program_that_others_could_have_written_is_not_executed() {
    if !is_needed_here() {
        return;
    }
    let folder = open_folder();
    let refusal = |program: &str| {
        let mut command = Command::new(built::worker());
        let mut plugin = Worker::start(command.args(["--run", program]));
        plugin.refusal()
    };
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::copy(program(), path("in-open-folder")).unwrap();
    let why = refusal(&path("in-open-folder"));
    assert!(
        why.contains("mode 0777 opens it to others") || why.contains("others"),
        "{why}"
    );
    let closed = tempfile::tempdir().unwrap();
    let script = closed.path().join("script");
    fs::write(&script, format!("#!{}\n", path("in-open-folder"))).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let why = refusal(script.to_str().unwrap());
    assert!(
        why.starts_with(&format!("interpreter of {}: ", script.display())),
        "{why}"
    );
    let why = refusal("/nowhere/plugin");
    assert_eq!(why, "/nowhere/plugin: no such file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o644)).unwrap();
    let why = refusal(script.to_str().unwrap());
    assert!(why.contains("execut"), "{why}");
}
