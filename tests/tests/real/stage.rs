//! Tests of the stage itself, on which other tests run.

use std::path::PathBuf;

use authchain_tests::need;
use authchain_tests::real::machine::Machine;
use authchain_tests::real::module::Module;

fn machine(test: &str) -> Option<Machine> {
    if !need::root(test) {
        return None;
    }
    let module = Module::pam_unix();
    if module.is_none() {
        need::skip(test, "there is no pam_unix.so");
    }
    module.map(Machine::new)
}

#[test]
fn a_machine_has_its_own_files_and_processes_and_leaves_nothing_behind() {
    let Some(machine) = machine("stage") else {
        return;
    };
    let before = std::fs::read("/etc/passwd").unwrap();
    machine.write("/etc/marker", 0o644, "");
    let seen = machine.run(&machine.command(&[
        "/bin/sh",
        "-c",
        "ls /etc/marker && id -u mallory && hostname && echo $$ && ls -d /proc/[0-9]* | wc -l",
    ]));
    assert_eq!(seen.code, 0, "{seen:?}");
    assert!(
        seen.output.starts_with("/etc/marker\n5099\nstage\n"),
        "{seen:?}"
    );
    let processes: usize = seen.output.lines().last().unwrap().trim().parse().unwrap();
    assert!(processes < 10, "the outside is to be seen: {seen:?}");
    machine.start(&machine.command(&["/bin/sleep", "1000"]));
    let folder: PathBuf = machine.outside("/");
    drop(machine);
    assert!(!folder.exists(), "{folder:?} is left");
    assert!(!PathBuf::from("/etc/marker").exists());
    assert_eq!(std::fs::read("/etc/passwd").unwrap(), before);
}

#[test]
fn an_ending_tells_code_or_signal() {
    let Some(machine) = machine("endings") else {
        return;
    };
    for (script, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -9 $$", 137),
        ("kill -11 $$", 139),
    ] {
        let ending = machine.run(&machine.command(&["/bin/sh", "-c", script]));
        assert_eq!(ending.code, code, "{script}: {ending:?}");
    }
}
