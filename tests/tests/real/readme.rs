//! The steps of README.md and docs/moving-over.md, typed as they stand there.

use std::fs;

use authchain_tests::host::built;
use authchain_tests::need;
use authchain_tests::real::hosts::Host;
use authchain_tests::real::machine::Machine;
use authchain_tests::real::module::Module;
use authchain_tests::real::people::{everybody, person};
use authchain_tests::real::ssh;
use authchain_tests::real::stacks::{COMMON_ACCOUNT, COMMON_AUTH, installed};

const README: &str = include_str!("../../../README.md");
const MOVING_OVER: &str = include_str!("../../../docs/moving-over.md");

/// Where the pages' commands find the stacks we ship, and where a test machine has them.
const EXAMPLES: [&str; 2] = [
    "/usr/share/doc/authchain/examples/pam.d",
    "/run/stage/pam.d",
];

/// What stands for the programs that a test machine cannot run, or that a person types into.
const SHELL: &str = r#"
PATH=/run/stage/bin:$PATH
authchain() { echo carols sesame | command authchain "$@" || [ $? = 1 ]; }
sudo() { [ "$1" = apt-get ] || "$@"; }
ssh() { :; }
set -e
"#;

/// One of a page's numbered steps.
fn step(page: &str, number: usize) -> &str {
    let after = page.split_once(&format!("\n{number}. ")).unwrap().1;
    after.split_once(&format!("\n{}. ", number + 1)).unwrap().0
}

/// The lines of a step that are typed into a shell: those that are indented as code, outside of
/// fenced blocks.
fn commands(step: &str) -> String {
    let mut is_fenced = false;
    let mut typed = String::new();
    for line in step.lines() {
        is_fenced ^= line.trim_start().starts_with("```");
        if let Some(command) = line.strip_prefix("       ").filter(|_| !is_fenced) {
            typed += command;
            typed.push('\n');
        }
    }
    typed
}

/// The configuration that a step shows.
fn configuration(step: &str) -> String {
    let block = step.split_once("```toml\n").unwrap().1;
    let block = block.split_once("```").unwrap().0;
    let lines = block.lines().map(str::trim_start);
    lines.map(|line| line.to_owned() + "\n").collect()
}

/// Types the commands of a step, and returns what is shown.
fn follow(machine: &Machine, step: &str) -> String {
    let typed = commands(step).replace(EXAMPLES[0], EXAMPLES[1]);
    let ending = machine.run(&machine.command(&["/bin/sh", "-c", &format!("{SHELL}{typed}")]));
    assert_eq!(ending.code, 0, "{typed}\n{}", ending.output);
    assert!(!ending.output.contains("error: "), "{}", ending.output);
    ending.output
}

/// A machine as Debian ships it, with sshd, the command and the examples.
fn fresh_debian(test: &str) -> Option<Machine> {
    let needed = [
        "/usr/lib/libnss_extrausers.so.2",
        "/etc/pam.d/sshd",
        "/usr/sbin/sshd",
    ];
    if !need::root(test) || !needed.iter().all(|path| need::file(test, path)) {
        return None;
    }
    let machine = Machine::new(Module::authchain());
    fs::create_dir_all(machine.outside("/run/stage/bin")).unwrap();
    built::copy(
        built::command(),
        machine.outside("/run/stage/bin/authchain"),
    );
    for (file, text) in [
        ("debian-common-auth", COMMON_AUTH),
        ("debian-common-account", COMMON_ACCOUNT),
    ] {
        let text = installed(&machine, text);
        machine.write(&format!("{}/{file}", EXAMPLES[1]), 0o644, &text);
    }
    fs::remove_dir_all(machine.outside("/etc/pam.d")).unwrap();
    // Debian's own, but for sessions, which need what a container has not.
    let sshd = fs::read_to_string("/etc/pam.d/sshd").unwrap();
    let lines = sshd.lines().filter(|line| !line.starts_with("session"));
    let sshd: String = lines.map(|line| line.to_owned() + "\n").collect();
    machine.stack("sshd", &sshd);
    for (file, text) in [
        ("common-auth", "auth required pam_unix.so nodelay\n"),
        ("common-account", "account required pam_unix.so\n"),
        ("common-password", "password required pam_deny.so\n"),
        ("common-session", "session required pam_permit.so\n"),
        (
            "common-session-noninteractive",
            "session required pam_permit.so\n",
        ),
    ] {
        machine.stack(file, text);
    }
    machine.write("/var/lib/extrausers/.keep", 0o644, "");
    ssh::start(&machine);
    Some(machine)
}

#[test]
fn carol_of_the_readme_logs_in_over_ssh() {
    let Some(machine) = fresh_debian("README") else {
        return;
    };
    let enter = |user: &str, password: &str| {
        let outcome = Host::SshdPassword.attempt(&machine, user, password);
        (outcome.accepted, outcome.shown)
    };
    let people = step(README, 4);
    let configuration = configuration(people);
    machine.write("/etc/authchain/authchain.toml", 0o644, &configuration);
    let shown = follow(&machine, people);
    let entry = "\ncarol:x:70000:70000::/home/carol:/bin/bash\n";
    assert!(shown.contains(entry), "{shown}");
    assert!(!shown.contains("the system does not know"), "{shown}");
    let shown = follow(&machine, step(README, 5));
    assert!(shown.contains("authchain is used by sshd"), "{shown}");

    let (is_in, shown) = enter("carol", "carols sesame");
    assert!(is_in, "{shown}");
    let (is_in, shown) = enter("carol", "a wrong guess");
    assert!(!is_in, "{shown}");
    // The people of before get in as before.
    for name in ["alice", "lola"] {
        let person = person(name);
        assert!(everybody().iter().any(|one| one.name == person.name));
        let (is_in, shown) = enter(name, &person.password.unwrap());
        assert_eq!(is_in, name == "alice", "{name}: {shown}");
    }
}

/// carol has a password, and NSS has not heard of her: the log says which of the two it is.
#[test]
fn a_name_that_nss_does_not_know_is_said_to_be_that() {
    let Some(machine) = fresh_debian("a name that NSS does not know") else {
        return;
    };
    let people = step(README, 4);
    let configuration = configuration(people);
    machine.write("/etc/authchain/authchain.toml", 0o644, &configuration);
    let before = fs::read_to_string(machine.outside("/etc/nsswitch.conf")).unwrap();
    follow(&machine, people);
    follow(&machine, step(README, 5));
    machine.write("/etc/nsswitch.conf", 0o644, &before);
    let mark = machine.log.mark();
    let outcome = Host::SshdPassword.attempt(&machine, "carol", "carols sesame");
    assert!(!outcome.accepted, "{}", outcome.shown);
    machine.log.wait_for(
        mark,
        "pam_authchain(sshd:auth): (unknown): denied before any backend: sshd does not know this \
         name (NSS), or its settings bar it",
    );
}

/// The common files are as pam-auth-update writes them, with a module behind the block.
#[test]
fn the_blocks_come_where_pam_auth_update_had_its_own() {
    let Some(machine) = fresh_debian("moving over") else {
        return;
    };
    let [primary, additional] = [
        "# here are the per-package modules (the \"Primary\" block)\n",
        "# and here are more per-package modules (the \"Additional\" block)\n",
    ];
    let parts = ["auth", "account"];
    for part in parts {
        let text = format!(
            "# of before\n{primary}{part} [success=1 default=ignore] pam_unix.so\n# the fallback\n\
             {part} requisite pam_deny.so\n{part} required pam_permit.so\n{additional}\
             {part} optional pam_permit.so\n# end of pam-auth-update config\n"
        );
        machine.stack(&format!("common-{part}"), &text);
    }
    let shown = follow(&machine, step(MOVING_OVER, 4));
    assert!(!shown.contains(" /etc/pam.d/common-"), "{shown}");
    for (part, block) in parts.into_iter().zip([COMMON_AUTH, COMMON_ACCOUNT]) {
        let file = machine.outside(&format!("/etc/pam.d/common-{part}"));
        let block = installed(&machine, block);
        assert_eq!(
            fs::read_to_string(file).unwrap(),
            format!(
                "# of before\n{primary}{block}{additional}{part} optional pam_permit.so\n\
                 # end of pam-auth-update config\n"
            )
        );
    }
}
