//! Second factors at the real programs.

use authchain_tests::host::authenticator::{code, enrol};
use authchain_tests::host::codes::{AUTH_ERR, SUCCESS};
use authchain_tests::need;
use authchain_tests::real::ask::Ask;
use authchain_tests::real::hosts::{Host, by};
use authchain_tests::real::machine::{Ending, Machine};
use authchain_tests::real::people::{everybody, person};
use authchain_tests::real::ssh;
use authchain_tests::real::stories::machine_with;

use super::changes::typed;

/// The services of these tests.
const SERVICES: [&str; 8] = [
    "su", "sudo", "login", "sshd", "stage", "dovecot", "imap", "vsftpd",
];

/// The keys before the rules.
pub(super) const TOP: &str = "chain = [\"local\"]\nfail_delay = \"0s\"\n";

/// A machine on which every service asks our module, and alice and bob are enrolled.
pub(super) fn machine(test: &str, rules: &str) -> Option<Machine> {
    let machine = machine_with(test, &everybody()).filter(|machine| machine.module.is_ours())?;
    let stack = machine.plain_stack();
    for service in SERVICES {
        machine.stack(service, &stack);
    }
    let config = format!("{TOP}{rules}");
    machine.write("/etc/authchain/authchain.toml", 0o644, &config);
    for name in ["alice", "bob"] {
        enrol(&machine.outside("/var/lib/authchain"), name);
    }
    Some(machine)
}

/// A login of alice's with her password and this code, in a program without peculiarities.
pub(super) fn login_of(user: &str, code: &str) -> Ask {
    Ask {
        service: "stage".into(),
        user: user.into(),
        password: person(user).password.unwrap().into(),
        change: vec![code.into()],
        steps: vec!["auth".into()],
        ..Ask::default()
    }
}

/// sudo's own prompt. With `-p` it would show that in place of the question for the code, too.
const SUDO: &str = "[sudo] password for alice: ";

const THEN: &str = "then = [\"totp\"]\n";

fn password(name: &str) -> String {
    person(name).password.unwrap()
}

fn su_to_alice(machine: &Machine, code: &str) -> Ending {
    let argv = ["/bin/su", "alice", "-c", "echo now I am $(/usr/bin/id -un)"];
    let run = by(machine, &person("mallory"), &argv);
    let password = password("alice");
    typed(
        machine,
        &run,
        &[("Password: ", &password), ("Verification code: ", code)],
    )
}

#[test]
fn su_and_login_ask_for_the_code_and_take_it_once() {
    let Some(machine) = machine("second factors: su", THEN) else {
        return;
    };
    let now = code(0);
    let ending = su_to_alice(&machine, &now);
    assert!(
        ending.output.contains("now I am alice"),
        "{}",
        ending.output
    );
    let ending = su_to_alice(&machine, &now);
    assert!(
        ending.output.contains("Authentication failure"),
        "{}",
        ending.output
    );
    let (password, next) = (password("alice"), code(1));
    let dialogue = [
        ("login: ", "alice"),
        ("Password: ", password.as_str()),
        ("Verification code: ", &next),
    ];
    let ending = typed(&machine, &machine.command(&["/bin/login"]), &dialogue);
    assert!(
        ending.output.contains("now I am alice"),
        "{}",
        ending.output
    );
}

#[test]
fn sudo_tries_again_and_remembers_in_its_session() {
    let rule = "[[rule]]\nservice = [\"sudo\"]\nthen = [\"totp\"]\nremember = \"15m\"\n";
    let Some(machine) = machine("second factors: sudo", rule) else {
        return;
    };
    let sudoers = "Defaults !lecture, timestamp_timeout=0, passwd_tries=3\nALL ALL=(ALL:ALL) ALL\n";
    machine.write("/etc/sudoers", 0o440, sudoers);
    let twice = "for n in 1 2; do sudo /bin/sh -c 'echo now I am $(/usr/bin/id -un)'; done";
    let run = by(&machine, &person("alice"), &["/bin/sh", "-c", twice]);
    let (password, now) = (password("alice"), code(0));
    let dialogue = [
        (SUDO, password.as_str()),
        ("Verification code: ", "000000"),
        (SUDO, &password),
        ("Verification code: ", &now),
        (SUDO, &password),
    ];
    let ending = typed(&machine, &run, &dialogue);
    assert_eq!(
        ending.output.matches("now I am root").count(),
        2,
        "{}",
        ending.output
    );
    assert_eq!(
        ending.output.matches("Verification code: ").count(),
        2,
        "{}",
        ending.output
    );
    // Another session of the same person asks again.
    let next = code(1);
    let dialogue = [
        (SUDO, password.as_str()),
        ("Verification code: ", &next),
        (SUDO, &password),
    ];
    let ending = typed(&machine, &run, &dialogue);
    assert_eq!(
        ending.output.matches("now I am root").count(),
        2,
        "{}",
        ending.output
    );
}

#[test]
fn sudo_reads_the_code_from_its_input_and_asks_for_none_where_it_may_not_ask() {
    let Some(machine) = machine("second factors: sudo -S", THEN) else {
        return;
    };
    machine.write(
        "/etc/sudoers",
        0o440,
        "Defaults !lecture\nALL ALL=(ALL:ALL) ALL\n",
    );
    let (password, now) = (password("alice"), code(0));
    let piped =
        format!("printf '%s\\n' '{password}' {now} | sudo -S /usr/bin/id -un; sudo -kn true");
    let run = by(&machine, &person("alice"), &["/bin/sh", "-c", &piped]);
    let shown = machine.run(&run).output;
    assert!(shown.contains("Verification code: "), "{shown}");
    assert!(shown.contains("root"), "{shown}");
    assert!(shown.contains("a password is required"), "{shown}");
}

fn sshd(test: &str, rules: &str, settings: &str) -> Option<Machine> {
    if !need::file(test, "/usr/sbin/sshd") {
        return None;
    }
    let machine = machine(test, rules)?;
    ssh::start_with(&machine, settings);
    Some(machine)
}

#[test]
fn sshd_asks_for_the_code_by_keyboard_interactive_and_cannot_by_password() {
    let Some(machine) = sshd("second factors: sshd", THEN, "") else {
        return;
    };
    let knock = |methods: &str, code: &str| {
        ssh::knock_with_code(&machine, methods, "alice", &password("alice"), code).output
    };
    assert!(!knock("keyboard-interactive", "000000").contains("now I am alice"));
    let shown = knock("keyboard-interactive", &code(0));
    assert!(shown.contains("now I am alice"), "{shown}");
    let mark = machine.log.mark();
    assert!(!knock("password", "").contains("now I am alice"));
    machine.log.wait_for(
        mark,
        "pam_authchain(sshd:auth): alice: local: accepted (<n> ms); totp refused: the program \
         answered the question for the code with the password, ...",
    );
}

#[test]
fn sshd_takes_a_key_for_the_password_where_a_rule_says_so() {
    let rules = "[[rule]]\nservice = [\"sshd\"]\nthen = [\"totp\"]\npublickey = \"counts\"\n";
    let methods = "AuthenticationMethods publickey,keyboard-interactive\n";
    let Some(machine) = sshd("second factors: key", rules, methods) else {
        return;
    };
    let knock = |code: &str| {
        let methods = "publickey,keyboard-interactive";
        ssh::knock_with_code(&machine, methods, "alice", "no password", code).output
    };
    assert!(!knock("000000").contains("now I am alice"));
    let shown = knock(&code(0));
    assert!(shown.contains("now I am alice"), "{shown}");
    assert!(!shown.contains("Password: "), "{shown}");
}

#[test]
fn mail_and_file_servers_take_the_code_behind_the_password() {
    let rules = "[[rule]]\nthen = [\"totp\"]\ncode = \"appended\"\n";
    for host in [Host::Dovecot, Host::Vsftpd] {
        let test = format!("second factors: {host:?}");
        if !host
            .programs()
            .iter()
            .all(|program| need::file(&test, program))
        {
            continue;
        }
        let Some(machine) = machine(&test, rules) else {
            return;
        };
        host.start(&machine);
        let attempt = |behind: &str| {
            let password = password("alice") + behind;
            host.attempt(&machine, "alice", &password)
        };
        assert!(!attempt("").accepted && !attempt("000000").accepted);
        let outcome = attempt(&code(0));
        assert!(outcome.accepted, "{host:?} {}", outcome.shown);
    }
}

#[test]
fn whoever_is_not_enrolled_is_refused_and_root_is_named_by_a_rule() {
    let rules = "then = [\"totp\"]\n[[rule]]\nuser = [\"root\"]\nthen = []\n";
    let Some(machine) = machine("second factors: root", rules) else {
        return;
    };
    let codes = |user: &str| machine.ask(&login_of(user, "000000")).unwrap().codes;
    assert_eq!(codes("charly"), [AUTH_ERR]);
    assert_eq!(codes("root"), [SUCCESS]);
}
