//! A code is good once, whatever the caller does to the program that verifies it.

use std::fs;
use std::thread;
use std::time::Instant;

use authchain_tests::host::authenticator::{code, enrol};
use authchain_tests::host::codes::{SUCCESS, SYSTEM_ERR};
use authchain_tests::host::scene::Report;
use authchain_tests::need;
use authchain_tests::real::ask::Ask;
use authchain_tests::real::factors::{login_of, machine};
use authchain_tests::real::machine::{Machine, PATIENCE, await_that};
use authchain_tests::real::people::person;

use super::changes::{STRACE, TRACE, may_raise_limits};

const THEN: &str = "then = [\"totp\"]\n";

const FOLDER: &str = "/var/lib/authchain/factors/alice";

/// Makes somebody's app new: no code of it was used.
fn enrol_anew(machine: &Machine, name: &str) {
    let folder = format!("/var/lib/authchain/factors/{name}");
    fs::remove_dir_all(machine.outside(&folder)).unwrap();
    enrol(&machine.outside("/var/lib/authchain"), name);
}

/// Returns whether alice comes in, through a program and its arguments in front of the host.
fn comes_in(machine: &Machine, wrapper: &[&str], ask: &Ask) -> bool {
    let ending = machine.ask_through(wrapper, ask);
    let report = serde_json::from_str::<Report>(&ending.output);
    report.is_ok_and(|report| report.codes == [SUCCESS])
}

/// Returns the number of the first system call that is about alice's codes, and that of the last.
fn calls_about_codes(machine: &Machine) -> Option<(usize, usize)> {
    let wrapper = [STRACE, "-o", TRACE, "--"];
    assert!(comes_in(machine, &wrapper, &login_of("alice", &code(0))));
    let trace = fs::read_to_string(machine.outside(TRACE)).unwrap();
    let lines = trace.lines().filter(|line| !line.starts_with(['-', '+']));
    let calls: Vec<&str> = lines.collect();
    let first = calls
        .iter()
        .position(|call| call.contains("factors/alice"))?;
    let last = calls.iter().rposition(|call| call.contains("fdatasync"))?;
    assert!(last > first, "{trace}");
    Some((first + 1, last + 3))
}

#[test]
fn a_login_that_is_killed_at_any_system_call_makes_no_code_good_twice() {
    if !need::file("second factors: strace", STRACE) {
        return;
    }
    let Some(machine) = machine("second factors: killed", THEN) else {
        return;
    };
    let (first, last) = calls_about_codes(&machine).unwrap();
    for number in first..=last {
        enrol_anew(&machine, "alice");
        let kill = format!("--inject=all:signal=SIGKILL:when={number}");
        let killed = [STRACE, "-o", "/dev/null", &kill, "--"];
        let now = login_of("alice", &code(0));
        let before = comes_in(&machine, &killed, &now);
        let after = comes_in(&machine, &[], &now);
        assert!(!(before && after), "call {number}");
        // Whatever became of that code, the next one is good.
        let next = login_of("alice", &code(1));
        assert!(comes_in(&machine, &[], &next), "call {number}");
    }
}

#[test]
fn a_login_that_is_stopped_at_any_system_call_keeps_nobody_waiting() {
    if !need::file("second factors: strace", STRACE) {
        return;
    }
    let Some(machine) = machine("second factors: stopped", THEN) else {
        return;
    };
    let (first, last) = calls_about_codes(&machine).unwrap();
    for number in first..=last {
        enrol_anew(&machine, "alice");
        enrol_anew(&machine, "bob");
        machine.write(TRACE, 0o600, "");
        let ask = login_of("alice", &code(0));
        let stop = format!("--inject=all:signal=SIGSTOP:when={number}");
        let stopped = [STRACE, "-o", TRACE, &stop, "--"];
        thread::scope(|scope| {
            let stopped = scope.spawn(|| comes_in(&machine, &stopped, &ask));
            await_that("a stopped login", || {
                let trace = fs::read_to_string(machine.outside(TRACE)).unwrap();
                // The last numbers may lie behind the end.
                trace.contains("stopped by SIGSTOP") || stopped.is_finished()
            });
            let begin = Instant::now();
            let alice = comes_in(&machine, &[], &ask);
            let bob = comes_in(&machine, &[], &login_of("bob", &code(0)));
            let took = begin.elapsed();
            machine.run(&machine.command(&["/bin/sh", "-c", "kill -CONT -1"]));
            let stopped = stopped.join().unwrap();
            assert!(bob && took < PATIENCE / 2, "call {number}: bob, {took:?}");
            assert_ne!(stopped, alice, "call {number}: one of the two comes in");
        });
    }
}

#[test]
fn of_many_programs_that_use_one_code_at_once_one_lets_in() {
    let Some(machine) = machine("second factors: at once", THEN) else {
        return;
    };
    for (programs, rounds) in [(24, 3), (100, 1)] {
        for round in 0..rounds {
            enrol_anew(&machine, "alice");
            let ask = login_of("alice", &code(0));
            let let_in: usize = thread::scope(|scope| {
                let logins: Vec<_> = (0..programs)
                    .map(|_| scope.spawn(|| usize::from(comes_in(&machine, &[], &ask))))
                    .collect();
                logins.into_iter().map(|login| login.join().unwrap()).sum()
            });
            assert_eq!(let_in, 1, "round {round} of {programs}");
        }
    }
}

#[test]
fn where_a_code_cannot_be_counted_nobody_comes_in() {
    if !need::file("second factors: strace", STRACE) {
        return;
    }
    let Some(machine) = machine("second factors: faults", THEN) else {
        return;
    };
    let of_folder = format!("--trace-path={FOLDER}");
    let on_folder: &[&str] = &[&of_folder];
    // The file is opened by its name in the folder, and then known by its path.
    let of_ledger = format!("{of_folder}/ledger.1");
    let on_ledger: &[&str] = &[&of_ledger, "--trace-path=ledger.1"];
    for (on, fault) in [
        (on_folder, "openat:error=EMFILE"),
        (on_folder, "getdents64:error=EIO"),
        (on_folder, "fsync:error=EIO"),
        (on_ledger, "openat:error=EMFILE"),
        (on_ledger, "openat:error=EACCES"),
        (on_ledger, "openat:error=EROFS"),
        (on_ledger, "pread64:error=EIO"),
        (on_ledger, "write:error=ENOSPC"),
        (on_ledger, "write:retval=10"),
        (on_ledger, "fdatasync:error=EIO"),
    ] {
        enrol_anew(&machine, "alice");
        let inject = format!("--inject={fault}");
        let wrapper = [&[STRACE, "-o", "/dev/null"], on, &[&inject, "--"]].concat();
        let ending = machine.ask_through(&wrapper, &login_of("alice", &code(0)));
        let report = serde_json::from_str::<Report>(&ending.output).unwrap();
        assert_eq!(report.codes, [SYSTEM_ERR], "{fault}");
    }
}

#[test]
fn a_caller_who_forbids_to_write_gains_no_second_use() {
    let Some(machine) = machine("second factors: ulimit", THEN) else {
        return;
    };
    let ask = Ask {
        real_uid: Some(person("mallory").uid),
        ..login_of("alice", &code(0))
    };
    let limited = ["/bin/sh", "-c", "ulimit -f 0; exec \"$@\"", "sh"];
    let first = comes_in(&machine, &limited, &ask);
    assert_eq!(first, may_raise_limits());
    let second = comes_in(&machine, &limited, &ask);
    assert!(!second, "the code is used, or cannot be counted");
}
