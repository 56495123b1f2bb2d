//! The caller of passwd sends it signals while it holds the lock of the account files.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use authchain_tests::host::codes::{AUTH_ERR, AUTHTOK_ERR, SUCCESS};
use authchain_tests::need;
use authchain_tests::real::ask::{Answer, Ask};
use authchain_tests::real::hosts::by;
use authchain_tests::real::machine::{Ending, Machine, await_that};
use authchain_tests::real::people::person;

use super::changes::{NEW, STRACE, TRACE, by_root, login, machine};

/// alice changes her own password, in a program that is started as passwd is.
fn by_alice() -> Ask {
    let alice = person("alice");
    Ask {
        change: [alice.password.as_deref().unwrap(), NEW, NEW]
            .map(Into::into)
            .to_vec(),
        real_uid: Some(alice.uid),
        ..by_root()
    }
}

/// Makes a change under strace, which does to it what `injections` say.
fn under_strace(machine: &Machine, ask: &Ask, injections: &[&str]) -> Ending {
    let injections: Vec<String> = (injections.iter())
        .map(|what| format!("--inject={what}"))
        .collect();
    let mut wrapper = vec![STRACE, "-o", TRACE];
    wrapper.extend(injections.iter().map(String::as_str));
    wrapper.push("--");
    machine.ask_through(&wrapper, ask)
}

fn answer(ending: &Ending) -> Answer {
    let report: authchain_tests::host::scene::Report =
        serde_json::from_str(&ending.output).unwrap_or_else(|_| panic!("{ending:?}"));
    report.into()
}

fn machine_and_strace(test: &str) -> Option<Machine> {
    need::file(test, STRACE).then(|| machine(test))?
}

#[test]
fn a_passwd_that_its_caller_stops_does_not_keep_others_from_changing_accounts() {
    let Some(machine) = machine_and_strace("changes: stopped") else {
        return;
    };
    // Stops the program as soon as that is permitted, once it has begun to write.
    let stop = "while [ ! -e /etc/.shadow.new ]; do :; done\n\
         for process in /proc/[0-9]*; do\n\
           [ \"$(cat $process/comm)\" = pam-host ] && host=${process#/proc/}\n\
         done\n\
         while [ -e /proc/$host ]; do kill -STOP $host && break; done\n";
    let stop = by(&machine, &person("alice"), &["/bin/sh", "-c", stop]);
    let timed = |user: &str| {
        let begin = Instant::now();
        let ask = Ask {
            user: user.into(),
            ..by_root()
        };
        (machine.ask(&ask).unwrap().codes, begin.elapsed())
    };
    let (_, undisturbed) = timed("lola");
    thread::scope(|scope| {
        let slow = "fsync:delay_enter=300000";
        let alice = scope.spawn(|| under_strace(&machine, &by_alice(), &[slow]));
        let stopping = scope.spawn(|| machine.run(&stop));
        await_that("a new file", || {
            machine.outside("/etc/.shadow.new").exists()
        });
        let (codes, took) = timed("bob");
        stopping.join().unwrap();
        machine.run(&machine.command(&["/bin/sh", "-c", "kill -CONT -1"]));
        let alice = alice.join().unwrap();
        assert_eq!(codes, [SUCCESS]);
        // Two slow flushes, and a second.
        let longest = undisturbed + Duration::from_millis(1600);
        assert!(took < longest, "{took:?}, undisturbed {undisturbed:?}");
        assert_eq!(answer(&alice).codes, [SUCCESS], "{alice:?}");
    });
    for name in ["alice", "bob"] {
        assert_eq!(login(&machine, name, NEW), SUCCESS, "{name}");
    }
}

#[test]
fn the_lock_is_held_with_real_user_id_0_and_never_while_a_password_is_hashed() {
    let Some(machine) = machine_and_strace("changes: user ids") else {
        return;
    };
    let ending = under_strace(&machine, &by_alice(), &[]);
    assert_eq!(answer(&ending).codes, [SUCCESS], "{ending:?}");
    let trace = fs::read_to_string(machine.outside(TRACE)).unwrap();
    let calls: Vec<&str> = trace.lines().collect();
    let place = |what: &str| calls.iter().rposition(|call| call.starts_with(what));
    let uid = person("alice").uid;
    let order = [
        place("rt_sigprocmask(SIG_BLOCK, [TSTP TTIN TTOU]"),
        place("setresuid(0, -1, 0)"),
        calls
            .iter()
            .rposition(|call| call.contains("\"/etc/.pwd.lock\"")),
        place("rename("),
        place(&format!("setresuid({uid}, -1, 0)")),
    ];
    assert!(order.iter().all(Option::is_some), "{order:?}\n{trace}");
    assert!(order.is_sorted(), "{order:?}\n{trace}");
    // yescrypt maps 16 MiB, which nothing else does.
    let hashed = calls
        .iter()
        .rposition(|call| call.starts_with("mmap(NULL, 16777216"));
    assert!(hashed < order[1], "{hashed:?} {order:?}\n{trace}");
}

#[test]
fn a_program_that_does_not_get_its_user_id_back_is_refused_and_not_taken_for_roots() {
    let Some(machine) = machine_and_strace("changes: stranded") else {
        return;
    };
    let mark = machine.log.mark();
    let alice = person("alice");
    let twice = Ask {
        steps: ["chauthtok"; 2].map(Into::into).to_vec(),
        change: [alice.password.as_deref().unwrap(), NEW, NEW, "wrong"]
            .map(Into::into)
            .to_vec(),
        ..by_alice()
    };
    // The first two make the host one of alice's, and take it out of her reach.
    let ending = under_strace(&machine, &twice, &["setresuid:error=EPERM:when=3+"]);
    let answer = answer(&ending);
    assert_eq!(answer.codes, [AUTHTOK_ERR, AUTH_ERR], "{ending:?}");
    let line = "pam_authchain(stage:chauthtok): alice: password perhaps changed in local: \
                real user id 0 stays: ...";
    machine.log.wait_for(mark, line);
}

#[test]
fn a_user_id_that_cannot_be_given_back_at_once_is_given_back_later() {
    let Some(machine) = machine_and_strace("changes: late user id") else {
        return;
    };
    let ending = under_strace(&machine, &by_alice(), &["setresuid:error=EAGAIN:when=3..5"]);
    assert_eq!(answer(&ending).codes, [SUCCESS], "{ending:?}");
}

#[test]
fn a_program_that_could_not_get_its_user_id_back_keeps_it() {
    let Some(machine) = machine_and_strace("changes: no CAP_SETUID") else {
        return;
    };
    let ending = under_strace(&machine, &by_alice(), &["capget:error=EPERM"]);
    assert_eq!(answer(&ending).codes, [SUCCESS], "{ending:?}");
    let trace = fs::read_to_string(machine.outside(TRACE)).unwrap();
    assert!(!trace.contains("setresuid(0, -1, 0)"), "{trace}");
    assert_eq!(login(&machine, "alice", NEW), SUCCESS);
}
