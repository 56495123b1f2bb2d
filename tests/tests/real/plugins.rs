//! A plugin as a second factor at the real programs.

use authchain_tests::host::built;
use authchain_tests::need;
use authchain_tests::real::factors::machine;
use authchain_tests::real::hosts::by;
use authchain_tests::real::machine::Machine;
use authchain_tests::real::people::person;
use authchain_tests::real::ssh;

use super::changes::typed;

const WORKER: &str = "/run/stage/authchain-worker";
const PLUGIN: &str = "/run/stage/plugin";

/// A machine whose second factor is a plugin, with these keys in its section.
fn machine_with_plugin(test: &str, keys: &str) -> Option<Machine> {
    let rules = format!(
        "worker = \"{WORKER}\"\nthen = [\"card\"]\n[backend.card]\ntype = \"plugin\"\n\
         program = \"{PLUGIN}\"\n{keys}"
    );
    let machine = machine(test, &rules)?;
    built::copy(built::worker(), machine.outside(WORKER));
    built::copy(built::script("stories/plugin.sh"), machine.outside(PLUGIN));
    Some(machine)
}

fn password() -> String {
    person("alice").password.unwrap()
}

#[test]
fn su_passes_on_the_question_of_a_plugin() {
    let Some(machine) = machine_with_plugin("plugins: su", "") else {
        return;
    };
    let argv = ["/bin/su", "alice", "-c", "echo now I am $(/usr/bin/id -un)"];
    let run = by(&machine, &person("mallory"), &argv);
    for (word, expected) in [
        ("pea", "Authentication failure"),
        ("bean", "now I am alice"),
    ] {
        let password = password();
        let dialogue = [
            ("Password: ", password.as_str()),
            ("Word on the card: ", word),
        ];
        let ending = typed(&machine, &run, &dialogue);
        assert!(ending.output.contains(expected), "{}", ending.output);
    }
    let mark = machine.log.mark();
    let ending = typed(&machine, &run, &[("Password: ", "wrong")]);
    assert!(
        !ending.output.contains("Word on the card"),
        "{}",
        ending.output
    );
    machine.log.wait_for(
        mark,
        "pam_authchain(su:auth): alice: local denied: wrong password ...",
    );
}

#[test]
fn sudo_asks_what_a_plugin_asks_and_tries_again() {
    let Some(machine) = machine_with_plugin("plugins: sudo", "prompt = \"Code: \"\n") else {
        return;
    };
    let sudoers = "Defaults !lecture, timestamp_timeout=0, passwd_tries=3\nALL ALL=(ALL:ALL) ALL\n";
    machine.write("/etc/sudoers", 0o440, sudoers);
    let argv = [
        "/usr/bin/sudo",
        "/bin/sh",
        "-c",
        "echo now I am $(/usr/bin/id -un)",
    ];
    let run = by(&machine, &person("alice"), &argv);
    let (prompt, password) = ("[sudo] password for alice: ", password());
    let dialogue = [
        (prompt, password.as_str()),
        ("Code: ", "000000"),
        (prompt, "wrong"),
        ("Code: ", "123456"),
        (prompt, &password),
        ("Code: ", "123456"),
    ];
    let ending = typed(&machine, &run, &dialogue);
    assert!(ending.output.contains("now I am root"), "{}", ending.output);
}

#[test]
fn sshd_asks_what_a_plugin_asks_by_keyboard_interactive() {
    let test = "plugins: sshd";
    if !need::file(test, "/usr/sbin/sshd") {
        return;
    }
    let prompt = "prompt = \"Verification code: \"\n";
    let Some(machine) = machine_with_plugin(test, prompt) else {
        return;
    };
    ssh::start_with(&machine, "");
    let knock = |methods: &str, code: &str| {
        ssh::knock_with_code(&machine, methods, "alice", &password(), code).output
    };
    assert!(!knock("keyboard-interactive", "000000").contains("now I am alice"));
    let shown = knock("keyboard-interactive", "123456");
    assert!(shown.contains("now I am alice"), "{shown}");
    let mark = machine.log.mark();
    assert!(!knock("password", "").contains("now I am alice"));
    machine.log.wait_for(
        mark,
        "pam_authchain(sshd:auth): alice: local: accepted (<n> ms); card refused: the program \
         answered the question for the code with the password, ...",
    );
}
