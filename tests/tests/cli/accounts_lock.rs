//! The command where the kernel cannot lock: a file server without its lock daemon.

use std::process::{Command, Output};
use std::thread;

use authchain_tests::host::built;
use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// Makes the locks of fcntl(2) fail with `errno`, in this thread and its children.
fn let_locks_fail(errno: libc::c_int) {
    let (length, is) = (SeccompCmpArgLen::Dword, SeccompCmpOp::Eq);
    let lock = libc::F_OFD_SETLK.unsigned_abs().into();
    let locks = SeccompCondition::new(1, length, is, lock).unwrap();
    let rule = SeccompRule::new(vec![locks]).unwrap();
    let rules = [(libc::SYS_fcntl, vec![rule])].into();
    let answer = SeccompAction::Errno(errno.unsigned_abs());
    let processor = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, processor);
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&program).unwrap();
}

/// Adds an account where locks fail like this. Returns the output and the shadow file.
fn added(errno: libc::c_int) -> (Output, String) {
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
            let_locks_fail(errno);
            add.output().unwrap()
        };
        scope.spawn(start).join().unwrap()
    });
    (output, std::fs::read_to_string(shadow).unwrap_or_default())
}

#[test]
fn nothing_is_changed_where_the_files_cannot_be_locked() {
    let (output, shadow) = added(libc::ENOLCK);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        complaint.contains(".passwd.lock: No record locks available"),
        "{complaint}"
    );
    assert_eq!(shadow, "");
}
