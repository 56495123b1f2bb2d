//! Plays the stories of `stories/real/changes`.

use std::fs;

use authchain_tests::need;
use authchain_tests::real::changes::{bring_dictionary, play};
use authchain_tests::real::machine::Machine;
use authchain_tests::real::module::pam_folder;
use authchain_tests::real::people::everybody;
use authchain_tests::real::stories::machine_with;

/// A machine with our module, if the program is here.
fn machine(program: &str) -> Option<Machine> {
    if !need::file("changing programs", program) {
        return None;
    }
    machine_with("changing programs", &everybody()).filter(|machine| machine.module.is_ours())
}

fn play_all(machine: &Machine, book: &str) {
    play(machine, &everybody(), book);
}

#[test]
fn passwd_changes_the_callers_own_password() {
    if let Some(machine) = machine("/usr/bin/passwd") {
        play_all(
            &machine,
            include_str!("../../stories/real/changes/passwd.toml"),
        );
    }
}

#[test]
fn passwd_of_root_changes_anybodys_password() {
    if let Some(machine) = machine("/usr/bin/passwd") {
        play_all(
            &machine,
            include_str!("../../stories/real/changes/passwd-root.toml"),
        );
    }
}

#[test]
fn passwd_reads_a_new_password_from_standard_input() {
    let Some(machine) = machine("/usr/bin/passwd") else {
        return;
    };
    let help = machine.run(&machine.command(&["/usr/bin/passwd", "--help"]));
    let knows_it = help.output.contains("--stdin");
    if need::since_debian_13("passwd --stdin", "passwd --stdin", knows_it) {
        play_all(
            &machine,
            include_str!("../../stories/real/changes/passwd-stdin.toml"),
        );
    }
}

#[test]
fn chpasswd_changes_many_passwords() {
    if let Some(machine) = machine("/usr/sbin/chpasswd") {
        play_all(
            &machine,
            include_str!("../../stories/real/changes/chpasswd.toml"),
        );
    }
}

#[test]
fn newusers_gives_new_people_their_first_passwords() {
    let Some(machine) = machine("/usr/sbin/newusers") else {
        return;
    };
    play_all(
        &machine,
        include_str!("../../stories/real/changes/newusers.toml"),
    );
    // The last story's person: newusers makes the account before it asks PAM.
    let made = |file: &str| fs::read_to_string(machine.outside(file)).unwrap();
    assert!(made("/etc/passwd").contains("\nnewbie:x:6001:"));
    let shadow = made("/etc/shadow");
    assert!(shadow.contains("\nnewbie:!:"), "{shadow}");
}

/// Returns whether libpam has this module here.
fn has_module(name: &str) -> bool {
    let path = pam_folder().join(name);
    need::file("modules in front", path.to_str().unwrap())
}

#[test]
fn the_shipped_stack_takes_the_new_password_from_pam_pwhistory() {
    if !has_module("pam_pwhistory.so") {
        return;
    }
    if let Some(machine) = machine("/usr/bin/passwd") {
        play_all(
            &machine,
            include_str!("../../stories/real/changes/history.toml"),
        );
    }
}

#[test]
fn pam_pwquality_in_front_judges_the_new_password() {
    let dictionary = "/var/cache/cracklib/cracklib_dict.pwd";
    if !has_module("pam_pwquality.so") || !need::file("pam_pwquality", dictionary) {
        return;
    }
    if let Some(machine) = machine("/usr/bin/passwd") {
        bring_dictionary(&machine);
        play_all(
            &machine,
            include_str!("../../stories/real/changes/quality.toml"),
        );
    }
}
