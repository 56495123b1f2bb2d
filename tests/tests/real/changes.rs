//! Passwords changed by the real programs, and what is left where a change does not succeed.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::time::Instant;

use authchain_tests::host::codes::{AUTHTOK_ERR, AUTHTOK_LOCK_BUSY, SUCCESS};
use authchain_tests::need;
use authchain_tests::real::ask::{Answer, Ask};
use authchain_tests::real::hosts::by;
use authchain_tests::real::ipc::Run;
use authchain_tests::real::log::listing;
use authchain_tests::real::machine::{Ending, Machine};
use authchain_tests::real::people::{everybody, person};
use authchain_tests::real::pty::Pty;
use authchain_tests::real::stories::machine_with;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

pub(super) const NEW: &str = "new and quite long";

/// A machine on which every service asks our module, also to change passwords.
pub(super) fn machine(test: &str) -> Option<Machine> {
    let machine = machine_with(test, &everybody()).filter(|machine| machine.module.is_ours())?;
    let (module, arguments) = (machine.module.inside(), machine.module.arguments);
    let stack = machine.plain_stack() + &format!("password required {module} {arguments}\n");
    for service in ["passwd", "su", "sudo", "login", "sshd", "stage"] {
        machine.stack(service, &stack);
    }
    Some(machine)
}

/// A change of alice's password by root, who types a new one twice.
pub(super) fn by_root() -> Ask {
    Ask {
        service: "stage".into(),
        user: "alice".into(),
        change: vec![NEW.into(), NEW.into()],
        steps: vec!["chauthtok".into()],
        ..Ask::default()
    }
}

pub(super) fn login(machine: &Machine, user: &str, password: &str) -> i32 {
    let ask = Ask {
        service: "stage".into(),
        user: user.into(),
        password: password.into(),
        steps: vec!["auth".into()],
        ..Ask::default()
    };
    machine.ask(&ask).unwrap().first_refusal()
}

pub(super) fn shadow(machine: &Machine) -> String {
    fs::read_to_string(machine.outside("/etc/shadow")).unwrap()
}

/// Asserts that shadow is whole, and differs from `before` in alice's line at most.
fn is_whole(before: &str, after: &str) {
    let others = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("alice:"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(others(before), others(after));
    let alice: Vec<&str> = after
        .lines()
        .filter(|line| line.starts_with("alice:"))
        .collect();
    assert_eq!(alice.len(), 1, "{after}");
    assert_eq!(alice[0].matches(':').count(), 8, "{after}");
}

/// Answers the prompts of a program, one after the other.
pub(super) fn typed(machine: &Machine, run: &Run, dialogue: &[(&str, &str)]) -> Ending {
    let mut terminal = Pty::start(machine, run);
    for (prompt, answer) in dialogue {
        if terminal.wait_for(&[prompt]).is_some() {
            terminal.enter(answer);
        }
    }
    terminal.end()
}

#[test]
fn passwd_changes_the_callers_password_whatever_the_caller_sets() {
    let Some(machine) = machine("changes: passwd") else {
        return;
    };
    let alice = person("alice");
    let plain = by(&machine, &alice, &["/usr/bin/passwd"]);
    let soft = Run {
        argv: ["/bin/sh", "-c", "ulimit -S -f 0; exec passwd"]
            .map(String::from)
            .to_vec(),
        ..plain.clone()
    };
    let hostile = Run {
        umask: 0o777,
        max_file_size: Some(0),
        blocked: (1..=31)
            .filter(|signal| ![9, 19].contains(signal))
            .collect(),
        directory: "/tmp/gone".into(),
        directory_is_deleted: true,
        ..plain.clone()
    };
    let mut old = alice.password.unwrap();
    for (number, run) in [plain, soft, hostile].into_iter().enumerate() {
        let new = format!("{NEW} {number}");
        let dialogue = [
            ("Current password: ", old.as_str()),
            ("New password: ", &new),
            ("Retype new password: ", &new),
        ];
        let mark = machine.log.mark();
        let ending = typed(&machine, &run, &dialogue);
        let lines = listing(&machine.log.since(mark));
        if run.max_file_size.is_some() && !may_raise_limits() {
            assert_eq!(ending.code, 10, "{}\n{lines}", ending.output);
            assert!(lines.contains("File too large"), "{lines}");
            continue;
        }
        assert_eq!(ending.code, 0, "{}\n{lines}", ending.output);
        assert!(
            ending.output.contains("password updated successfully"),
            "{}",
            ending.output
        );
        assert_eq!(login(&machine, "alice", &new), SUCCESS);
        assert_ne!(login(&machine, "alice", &old), SUCCESS);
        old = new;
    }
    let mode = fs::metadata(machine.outside("/etc/shadow")).unwrap().mode();
    assert_eq!(mode & 0o7777, 0o640);
    assert!(!machine.outside("/etc/.shadow.new").exists());
}

/// Returns whether root has CAP_SYS_RESOURCE (capabilities(7)), which containers take away.
pub(super) fn may_raise_limits() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let bounds = status.lines().find_map(|line| line.strip_prefix("CapBnd:"));
    let bounds = u64::from_str_radix(bounds.unwrap().trim(), 16).unwrap();
    bounds >> 24 & 1 == 1
}

#[test]
fn a_lock_that_another_program_holds_ends_a_change_at_the_deadline() {
    let Some(machine) = machine("changes: lock") else {
        return;
    };
    let text = "chain = [\"local\"]\ndeadline = \"300ms\"\n";
    machine.write("/etc/authchain/authchain.toml", 0o644, text);
    let before = shadow(&machine);
    let held = File::create(machine.outside("/etc/.pwd.lock")).unwrap();
    // As lckpwdf(3) takes it.
    let lock = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(&held, FcntlArg::F_SETLK(&lock)).unwrap();
    let begin = Instant::now();
    let answer = machine.ask(&by_root()).unwrap();
    assert_eq!(answer.codes, [AUTHTOK_LOCK_BUSY], "{answer:?}");
    assert!(begin.elapsed().as_secs() < 10);
    assert_eq!(answer.told.len(), 1, "{answer:?}");
    assert_eq!(shadow(&machine), before);
    drop(held);
    assert_eq!(machine.ask(&by_root()).unwrap().codes, [SUCCESS]);
}

#[test]
fn two_changes_at_once_are_both_kept() {
    let Some(machine) = machine("changes: two") else {
        return;
    };
    for round in 0..5 {
        let new = format!("{NEW} {round}");
        std::thread::scope(|scope| {
            for name in ["alice", "bob"] {
                let (machine, new) = (&machine, &new);
                scope.spawn(move || {
                    let change = Ask {
                        user: name.into(),
                        change: vec![new.as_str().into(), new.as_str().into()],
                        ..by_root()
                    };
                    assert_eq!(machine.ask(&change).unwrap().codes, [SUCCESS]);
                });
            }
        });
        for name in ["alice", "bob"] {
            assert_eq!(login(&machine, name, &new), SUCCESS, "{name}, {round}");
        }
    }
}

pub(super) const STRACE: &str = "/usr/bin/strace";

/// The file for strace's list of the host's system calls.
pub(super) const TRACE: &str = "/run/stage/trace";

/// Returns the system calls of a change, and the place of the one that opens the lock.
fn calls(machine: &Machine) -> (Vec<String>, usize) {
    machine.ask_through(&[STRACE, "-o", TRACE, "--"], &by_root());
    let trace = fs::read_to_string(machine.outside(TRACE)).unwrap();
    let lines = trace.lines().filter(|line| !line.starts_with(['-', '+']));
    let calls: Vec<String> = lines.map(str::to_owned).collect();
    let lock = calls
        .iter()
        .position(|call| call.contains("\"/etc/.pwd.lock\""));
    (calls, lock.expect("the lock is taken"))
}

#[test]
fn a_change_that_is_killed_at_any_system_call_leaves_a_whole_file() {
    if !need::file("changes: strace", STRACE) {
        return;
    }
    let Some(machine) = machine("changes: killed") else {
        return;
    };
    let (calls, lock) = calls(&machine);
    let name = |call: &String| call.split('(').next().unwrap_or_default().to_owned();
    for forbidden in ["alarm", "setitimer", "rt_sigaction", "umask", "chdir"] {
        let begin = calls.iter().skip(lock).map(name);
        assert!(
            !begin.into_iter().any(|call| call == forbidden),
            "{forbidden}"
        );
    }
    let before = shadow(&machine);
    for number in lock + 1..=calls.len() {
        let kill = format!("--inject=all:signal=SIGKILL:when={number}");
        machine.ask_through(&[STRACE, "-o", "/dev/null", &kill, "--"], &by_root());
        is_whole(&before, &shadow(&machine));
        let passwd = fs::read_to_string(machine.outside("/etc/passwd")).unwrap();
        assert!(passwd.contains("\nalice:x:"), "{passwd}");
    }
    assert_eq!(
        machine.ask(&by_root()).unwrap().codes,
        [SUCCESS],
        "the lock is gone"
    );
    assert!(!machine.outside("/etc/.shadow.new").exists());
}

#[test]
fn a_fault_at_any_step_of_writing_leaves_the_old_file_and_is_told() {
    if !need::file("changes: strace", STRACE) {
        return;
    }
    let Some(machine) = machine("changes: faults") else {
        return;
    };
    let asked = |fault: &str| -> Answer {
        let inject = format!("--inject={fault}");
        let ending = machine.ask_through(&[STRACE, "-o", "/dev/null", &inject, "--"], &by_root());
        let report: authchain_tests::host::scene::Report =
            serde_json::from_str(&ending.output).unwrap_or_else(|_| panic!("{ending:?}"));
        report.into()
    };
    let before = shadow(&machine);
    for fault in [
        "write:error=ENOSPC:when=1",
        "write:error=EIO:when=1",
        "fsync:error=EIO:when=1",
        "fchown:error=EPERM",
        "fchmod:error=EROFS",
        "rename:error=EPERM",
        "rename:error=EROFS",
        "getrandom:error=EAGAIN",
    ] {
        let mark = machine.log.mark();
        let answer = asked(fault);
        assert_eq!(answer.codes, [AUTHTOK_ERR], "{fault}: {answer:?}");
        let text = "The password could not be changed; it stays as it was.";
        assert_eq!(answer.told, [text], "{fault}");
        assert_eq!(shadow(&machine), before, "{fault}");
        assert!(!machine.outside("/etc/.shadow.new").exists(), "{fault}");
        let line = "pam_authchain(stage:chauthtok): alice: password not changed: local failed: ...";
        machine.log.wait_for(mark, line);
    }
    // The new file is in place, but its folder is not on the disk.
    let mark = machine.log.mark();
    assert_eq!(asked("fsync:error=EIO:when=2").codes, [SUCCESS]);
    let line =
        "pam_authchain(stage:chauthtok): local: the new password may not be on the disk: ...";
    machine.log.wait_for(mark, line);
    assert_eq!(login(&machine, "alice", NEW), SUCCESS);
}
