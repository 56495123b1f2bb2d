//! The hash that a change of a password leaves in the system's files.

use std::fs;
use std::os::unix::fs::symlink;

use authchain_tests::host::codes::SUCCESS;
use authchain_tests::real::machine::Machine;

use super::changes::{NEW, by_root, login, machine};

/// Returns the hash of alice after a change of her password by root.
fn new_hash(machine: &Machine) -> String {
    let answer = machine.ask(&by_root()).unwrap();
    assert_eq!(answer.codes, [SUCCESS], "{answer:?}");
    let shadow = fs::read_to_string(machine.outside("/etc/shadow")).unwrap();
    let line = shadow.lines().find(|line| line.starts_with("alice:"));
    line.unwrap().split(':').nth(1).unwrap().to_owned()
}

#[test]
fn a_cost_that_no_login_would_compute_is_not_computed_for_a_change_either() {
    let Some(machine) = machine("changes: cost") else {
        return;
    };
    let costly = "ENCRYPT_METHOD SHA512\nSHA_CRYPT_MAX_ROUNDS 999999999\n";
    machine.write("/etc/login.defs", 0o644, costly);
    let mark = machine.log.mark();
    let hash = new_hash(&machine);
    assert!(hash.starts_with("$y$"), "{hash}");
    let line = "pam_authchain(stage:chauthtok): local: the new hash is yescrypt: \
                rounds=999999999 is over the limit of 1000000";
    machine.log.wait_for(mark, line);
    assert_eq!(login(&machine, "alice", NEW), SUCCESS);
}

#[test]
fn the_systems_files_have_the_systems_hashes_by_whatever_links_they_are_named() {
    let Some(machine) = machine("changes: links") else {
        return;
    };
    fs::create_dir(machine.outside("/etc/linked")).unwrap();
    for name in ["passwd", "shadow"] {
        let target = format!("/etc/{name}");
        symlink(target, machine.outside(&format!("/etc/linked/{name}"))).unwrap();
    }
    let config = "chain = [\"files\"]\npasswd_file = \"/etc/linked/passwd\"\n[backend.files]\n\
         type = \"local\"\npasswd = \"/etc/linked/passwd\"\nshadow = \"/etc/linked/shadow\"\n";
    machine.write("/etc/authchain/authchain.toml", 0o644, config);
    let hash = new_hash(&machine);
    assert!(hash.starts_with("$y$") || hash.starts_with("$6$"), "{hash}");
    assert!(machine.outside("/etc/.pwd.lock").exists());
    for folder in ["/etc", "/etc/linked"] {
        let ours = machine.outside(&format!("{folder}/.shadow.lock"));
        assert!(!ours.exists(), "{}", ours.display());
    }
}
