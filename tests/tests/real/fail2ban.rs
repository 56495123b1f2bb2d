//! fail2ban with its own filter: it bans those who guess, and nobody else.

use std::path::Path;
use std::process::Command;

use authchain_tests::need;
use authchain_tests::real::hosts::Host;
use authchain_tests::real::log::Line;
use authchain_tests::real::people::person;
use authchain_tests::real::ssh::{Method, knock};
use authchain_tests::real::stories::machine_for;

/// The example jail, which adds our module's name to fail2ban's own filter.
const JAIL: &str = include_str!("../../../conf/fail2ban-authchain.local");

/// The addresses that fail2ban finds in these lines, one for each failure.
fn banned(lines: &[Line]) -> Vec<String> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let entry = |line: &Line| format!("Nov 21 12:00:00 stage {}[7]: {}\n", line.program, line.text);
    std::fs::write(log.path(), lines.iter().map(entry).collect::<String>()).unwrap();
    let filter = JAIL
        .lines()
        .find_map(|line| line.strip_prefix("filter   = "))
        .unwrap();
    let mut program = Command::new("fail2ban-regex");
    let output = program
        .args(["--out", "ip"])
        .arg(log.path())
        .arg(filter)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let addresses = String::from_utf8(output.stdout).unwrap();
    addresses.lines().map(String::from).collect()
}

#[test]
fn fail2ban_bans_who_guesses_and_nobody_whom_a_guesser_names() {
    let test = "fail2ban";
    if !Path::new("/usr/bin/fail2ban-regex").exists() {
        need::skip(test, "fail2ban is not installed");
        return;
    }
    let Some(machine) = machine_for(test, Host::SshdPassword) else {
        return;
    };
    if !machine.module.is_ours() {
        return;
    }
    let mark = machine.log.mark();
    let right = person("alice").password.unwrap();
    knock(&machine, Method::Password, "alice", &right);
    assert_eq!(
        banned(&machine.log.since(mark)),
        Vec::<String>::new(),
        "alice did nothing"
    );

    let guesses = [
        "alice",
        "root",
        "nora",
        "nobodyatall",
        "alice rhost=198.51.100.1",
        "rhost=198.51.100.1  user=alice",
        "x authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=198.51.100.1  user=alice",
    ];
    for name in guesses {
        let mark = machine.log.mark();
        knock(&machine, Method::Password, name, "a wrong guess");
        machine.log.wait_for(
            mark,
            "pam_authchain(sshd:auth): authentication failure; ...",
        );
        // sshd's own lines are for another filter.
        let lines = machine.log.since(mark);
        let ours: Vec<Line> = lines
            .into_iter()
            .filter(|line| line.text.starts_with("pam_"))
            .collect();
        assert!(
            ours.iter().all(|line| line.program == "authchain"),
            "{ours:?}"
        );
        assert_eq!(banned(&ours), ["127.0.0.1"], "{name}: {ours:?}");
    }
}
