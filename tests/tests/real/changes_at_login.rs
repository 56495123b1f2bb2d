//! Passwords that must be changed, where a program asks for a new one before it lets in.

use std::path::Path;

use authchain_tests::host::codes::SUCCESS;
use authchain_tests::need;
use authchain_tests::real::hosts::{Host, by};
use authchain_tests::real::people::person;
use authchain_tests::real::pty::Pty;
use authchain_tests::real::ssh::{self, Method};

use super::changes::{NEW, login, machine, shadow, typed};

#[test]
fn su_and_login_go_on_once_a_password_that_must_be_changed_is_changed() {
    let Some(machine) = machine("changes: forced") else {
        return;
    };
    let charly = person("charly");
    let old = charly.password.unwrap();
    let line = shadow(&machine);
    let dialogue = [
        ("Password: ", old.as_str()),
        ("Current password: ", &old),
        ("New password: ", NEW),
        ("Retype new password: ", NEW),
    ];
    let argv = [
        "/bin/su",
        "charly",
        "-c",
        "echo now I am $(/usr/bin/id -un)",
    ];
    let su = by(&machine, &person("mallory"), &argv);
    let ending = typed(&machine, &su, &dialogue);
    assert!(
        ending.output.contains("now I am charly"),
        "{}",
        ending.output
    );

    machine.write("/etc/shadow", 0o640, &line);
    let mut at_login = vec![("login: ", "charly")];
    at_login.extend(dialogue);
    let ending = typed(&machine, &machine.command(&["/bin/login"]), &at_login);
    assert!(
        ending.output.contains("now I am charly"),
        "{}",
        ending.output
    );
    assert_eq!(login(&machine, "charly", NEW), SUCCESS);
}

#[test]
fn sudo_goes_on_once_a_password_that_must_be_changed_is_changed() {
    // With `-p`, sudo would show one text of its own in place of every prompt.
    is_changed_by(Host::Sudo, "[sudo] password for charly: ", "");
}

#[test]
fn sudo_rs_goes_on_once_a_password_that_must_be_changed_is_changed() {
    let sudo_rs = Host::SudoRs.programs()[0];
    if need::since_debian_13("changes: sudo-rs", sudo_rs, Path::new(sudo_rs).exists()) {
        let in_front = "[sudo: authenticate] ";
        is_changed_by(Host::SudoRs, "[sudo: authenticate] Password: ", in_front);
    }
}

/// Changes charly's password in a program that asks `first` for the old one, and writes `in_front`
/// of each prompt of the change. Then it must go on as root.
fn is_changed_by(host: Host, first: &str, in_front: &str) {
    let Some(machine) = machine("changes: sudo") else {
        return;
    };
    host.start(&machine);
    let charly = person("charly");
    let old = charly.password.clone().unwrap();
    let command = "echo now I am $(/usr/bin/id -un)";
    let argv = [host.programs()[0], "--", "/bin/sh", "-c", command];
    let mut terminal = Pty::start(&machine, &by(&machine, &charly, &argv));
    for (prompt, answer) in [
        (first.to_owned(), old.as_str()),
        (format!("{in_front}Current password: "), &old),
        (format!("{in_front}New password: "), NEW),
        (format!("{in_front}Retype new password: "), NEW),
    ] {
        if terminal.wait_for(&[&prompt]).is_some() {
            terminal.await_hidden_input();
            terminal.enter(answer);
        }
    }
    let shown = terminal.end().output;
    assert!(shown.contains("now I am root"), "{shown}");
    assert_eq!(login(&machine, "charly", NEW), SUCCESS);
}

#[test]
fn sshd_lets_a_password_be_changed_by_keyboard_interactive() {
    let sshd = "/usr/sbin/sshd";
    if !need::file("changes: sshd", sshd) {
        return;
    }
    let Some(machine) = machine("changes: sshd") else {
        return;
    };
    ssh::start(&machine);
    let answers = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$1\" >&2\ncase $1 in\n\
         *'New password: ' | *'Retype new password: ') echo '{NEW}' ;;\n\
         *) echo \"$STAGE_PASSWORD\" ;;\nesac\n"
    );
    machine.write("/run/stage/askpass", 0o755, &answers);
    let old = person("charly").password.unwrap();
    let ending = ssh::knock(&machine, Method::KeyboardInteractive, "charly", &old);
    assert!(
        ending.output.contains("now I am charly"),
        "{}",
        ending.output
    );
    assert_eq!(login(&machine, "charly", NEW), SUCCESS);
}
