//! Home directories that are made when a session begins.

use std::fs;
use std::os::unix::fs::MetadataExt;

use authchain_tests::host::codes::SUCCESS;
use authchain_tests::host::scene::Report;
use authchain_tests::real::ask::Ask;
use authchain_tests::real::machine::Machine;
use authchain_tests::real::people::{everybody, person};
use authchain_tests::real::stories::machine_with;

/// Starts a machine whose people have no homes, and a skeleton.
fn without_homes(test: &str, config: &str) -> Option<Machine> {
    let machine = machine_with(test, &everybody())?;
    machine.stack("homes", &machine.plain_stack());
    machine.write("/etc/authchain/authchain.toml", 0o644, config);
    for name in ["alice", "lola"] {
        fs::remove_dir_all(machine.outside(&person(name).home())).unwrap();
    }
    machine.write(
        "/etc/skel/.config/app",
        0o600,
        &"its settings\n".repeat(1_000),
    );
    Some(machine)
}

/// Opens a session in a program that is started through `wrapper`.
fn open_session(machine: &Machine, user: &str, wrapper: &[&str]) {
    let ask = Ask {
        service: "homes".into(),
        user: user.into(),
        steps: vec!["open".into()],
        ..Ask::default()
    };
    let ending = machine.ask_through(wrapper, &ask);
    let report: Report = serde_json::from_str(&ending.output).unwrap();
    assert_eq!(report.codes, [SUCCESS]);
}

#[test]
fn a_session_begins_with_a_home_where_the_rules_say_so_and_its_owner_owns_all_of_it() {
    let config = "[[rule]]\nuser = [\"alice\"]\nmake_home = true\n";
    let Some(machine) = without_homes("homes by a rule", config) else {
        return;
    };
    let mark = machine.log.mark();
    let hostile = [
        "/bin/sh",
        "-c",
        "umask 0777; ulimit -S -f 2; exec \"$@\"",
        "sh",
    ];
    for name in ["alice", "lola"] {
        open_session(&machine, name, &hostile);
    }
    machine
        .log
        .wait_for(mark, "...alice: made the home directory /home/alice");
    let about = |path: &str| {
        let about = machine.outside(path).symlink_metadata().unwrap();
        (about.uid(), about.gid(), about.mode() & 0o7777)
    };
    let uid = person("alice").uid;
    assert_eq!(about("/home/alice"), (uid, uid, 0o700));
    assert_eq!(about("/home/alice/.config/app"), (uid, uid, 0o600));
    assert!(!machine.outside("/home/lola").exists(), "no rule");
}

#[test]
fn no_session_depends_on_a_home() {
    let config = "make_home = true\nhome_dirs = [\"/srv\"]\n";
    let Some(machine) = without_homes("homes elsewhere", config) else {
        return;
    };
    let mark = machine.log.mark();
    open_session(&machine, "alice", &[]);
    machine.log.wait_for(
        mark,
        "...alice: /home/alice was not made: its path: not in one of the folders for homes",
    );
    machine.write("/etc/authchain/authchain.toml", 0o644, "make_home = 1\n");
    open_session(&machine, "alice", &[]);
    assert!(!machine.outside("/home/alice").exists());
}
