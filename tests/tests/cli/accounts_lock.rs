//! The command where the kernel cannot lock or unlock: a file server without its lock daemon, or a
//! signal at the wrong moment.

use std::process::{Command, Output};
use std::thread;

use authchain_tests::host::built;
use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// Makes `flock(2)` fail with `errno` for `operation`, in this thread and its children.
fn let_flock_fail(operation: libc::c_int, errno: libc::c_int) {
    let (length, is) = (SeccompCmpArgLen::Dword, SeccompCmpOp::Eq);
    let operation = SeccompCondition::new(1, length, is, operation.unsigned_abs().into()).unwrap();
    let rule = SeccompRule::new(vec![operation]).unwrap();
    let rules = [(libc::SYS_flock, vec![rule])].into();
    let answer = SeccompAction::Errno(errno.unsigned_abs());
    let processor = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, processor);
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&program).unwrap();
}

/// Adds an account where `flock(2)` fails like this. Returns the output and the shadow file.
fn added(operation: libc::c_int, errno: libc::c_int) -> (Output, String) {
    let command = built::command();
    let folder = tempfile::tempdir().unwrap();
    let [passwd, shadow, config] = ["passwd", "shadow", "config"].map(|it| folder.path().join(it));
    std::fs::write(&config, "").unwrap();
    let mut add = Command::new(command);
    add.arg("--config")
        .arg(config)
        .args(["user", "add", "lock-test", "--no-password"]);
    add.arg("--passwd-file")
        .arg(&passwd)
        .arg("--shadow-file")
        .arg(&shadow);
    // The filter ends with its thread.
    let output = thread::scope(|scope| {
        let start = || {
            let_flock_fail(operation, errno);
            add.output().unwrap()
        };
        scope.spawn(start).join().unwrap()
    });
    (output, std::fs::read_to_string(shadow).unwrap_or_default())
}

#[test]
fn a_change_is_made_although_the_files_cannot_be_unlocked() {
    for errno in [libc::ENOLCK, libc::EINTR, libc::EIO] {
        let (output, shadow) = added(libc::LOCK_UN, errno);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(shadow.starts_with("lock-test:!:"), "{shadow}");
    }
}

#[test]
fn nothing_is_changed_where_the_files_cannot_be_locked() {
    let (output, shadow) = added(libc::LOCK_EX | libc::LOCK_NB, libc::ENOLCK);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        complaint.contains(".shadow.lock: No record locks available"),
        "{complaint}"
    );
    assert_eq!(shadow, "");
}
