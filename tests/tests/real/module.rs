//! Tests that only our module must pass: its configuration, its arguments, its log, other modules
//! beside it.

use authchain_tests::host::codes::{AUTH_ERR, SERVICE_ERR, SUCCESS};
use authchain_tests::real::ask::{Answer, Ask};
use authchain_tests::real::hosts::{self, Host, by};
use authchain_tests::real::log::{Mark, listing};
use authchain_tests::real::machine::Machine;
use authchain_tests::real::people::{everybody, person};
use authchain_tests::real::pty::Pty;
use authchain_tests::real::stories::{machine_for, machine_with};

const CONFIG: &str = "/etc/authchain/authchain.toml";
/// `PAM_DISALLOW_NULL_AUTHTOK`
const NO_EMPTY_PASSWORDS: i32 = 1;

/// A machine for a test that makes no sense with pam_unix in place of our module.
fn ours(test: &str) -> Option<Machine> {
    machine_with(test, &everybody()).filter(|machine| machine.module.is_ours())
}

fn ask(machine: &Machine, user: &str, password: &str, flags: i32) -> Answer {
    let ask = Ask {
        service: "sshd".into(),
        user: user.into(),
        password: password.into(),
        steps: vec!["auth".into(), "account".into()],
        flags,
        ..Ask::default()
    };
    machine
        .ask(&ask)
        .unwrap_or_else(|how| panic!("{user}: {how:?}"))
}

fn ask_alice(machine: &Machine) -> Answer {
    ask(machine, "alice", &person("alice").password.unwrap(), 0)
}

fn assert_unusable(machine: &Machine, mark: Mark, about: &str) {
    let answer = ask_alice(machine);
    assert_eq!(answer.codes, [SERVICE_ERR; 2], "{about}: {answer:?}");
    machine
        .log
        .wait_for(mark, "pam_authchain(sshd:auth): ...authchain.toml...");
}

#[test]
fn a_broken_configuration_lets_nobody_in_and_says_where_it_is_broken() {
    let Some(machine) = ours("broken configuration") else {
        return;
    };
    let broken = [
        "chain = [\"local\"",
        "chian = [\"local\"]\n",
        "chain = [\"nobody\"]\n",
        "chain = []\n",
        "chain = 1\n",
        "\0\u{1}\u{2}",
    ];
    for text in broken {
        machine.write(CONFIG, 0o644, text);
        let mark = machine.log.mark();
        assert_unusable(&machine, mark, text);
    }
}

#[test]
fn a_configuration_that_others_may_write_is_none() {
    let Some(machine) = ours("writable configuration") else {
        return;
    };
    for mode in [0o666, 0o646, 0o664] {
        machine.write(CONFIG, mode, "chain = [\"local\"]\n");
        let mark = machine.log.mark();
        assert_unusable(&machine, mark, &format!("mode {mode:o}"));
    }
    machine.write(CONFIG, 0o644, "chain = [\"local\"]\n");
    std::os::unix::fs::chown(machine.outside(CONFIG), Some(5099), None).unwrap();
    let mark = machine.log.mark();
    assert_unusable(&machine, mark, "mallory's");
}

#[test]
fn behind_a_broken_configuration_pam_unix_still_lets_in_whom_it_should() {
    let Some(machine) = ours("pam_unix behind us") else {
        return;
    };
    machine.write(CONFIG, 0o644, "chain = [\n");
    let ours = format!("{} {}", machine.module.inside(), machine.module.arguments);
    let shipped = include_str!("../../../pam.d/one-service");
    let theirs = "pam_authchain.so config=/etc/authchain/authchain.toml";
    machine.stack("su", &shipped.replace(theirs, &ours));
    let caller = by(&machine, &person("mallory"), &[]);
    let right = person("root").password.unwrap();
    let outcome = hosts::su(&machine, &caller, "root", &right);
    assert!(outcome.accepted, "{}", outcome.shown);
    let outcome = hosts::su(&machine, &caller, "root", "a wrong guess");
    assert!(!outcome.accepted, "{}", outcome.shown);
}

#[test]
fn an_empty_password_needs_the_stack_and_the_host_to_agree() {
    let Some(machine) = ours("nullok") else {
        return;
    };
    let allowed = machine.plain_stack().replace("nodelay", "nodelay nullok");
    for (stack, flags, code) in [
        (machine.plain_stack(), 0, AUTH_ERR),
        (machine.plain_stack(), NO_EMPTY_PASSWORDS, AUTH_ERR),
        (allowed.clone(), NO_EMPTY_PASSWORDS, AUTH_ERR),
        (allowed.clone(), 0, SUCCESS),
    ] {
        machine.stack("sshd", &stack);
        let answer = ask(&machine, "void", "", flags);
        assert_eq!(answer.codes[0], code, "flags {flags}, {stack}");
    }
    // An empty password opens no other account.
    machine.stack("sshd", &allowed);
    for user in ["alice", "lola", "star", "nosh", "odd", "nobodyatall"] {
        let answer = ask(&machine, user, "", 0);
        assert_ne!(answer.codes[0], SUCCESS, "{user}");
    }
}

#[test]
fn sudo_may_ask_again_on_the_same_handle() {
    let Some(machine) = machine_for("sudo asks again", Host::Sudo) else {
        return;
    };
    let sudoers = "Defaults !lecture, timestamp_timeout=0, passwd_tries=3\nALL ALL=(ALL:ALL) ALL\n";
    machine.write("/etc/sudoers", 0o440, sudoers);
    let alice = person("alice");
    let argv = ["/usr/bin/sudo", "-p", "Sesame? ", "/bin/echo", "open"];
    let mark = machine.log.mark();
    let mut terminal = Pty::start(&machine, &by(&machine, &alice, &argv));
    for password in ["one", "two", alice.password.as_deref().unwrap()] {
        assert!(
            terminal.wait_for(&["Sesame? "]).is_some(),
            "{}",
            terminal.shown
        );
        terminal.enter(password);
    }
    let ending = terminal.end();
    assert!(
        ending.code == 0 && ending.output.contains("\nopen"),
        "{ending:?}"
    );
    let lines = machine.log.since(mark);
    let failures = lines
        .iter()
        .filter(|line| line.text.contains("): authentication failure; "));
    if machine.module.is_ours() {
        assert_eq!(failures.count(), 2, "{}", listing(&lines));
    }
}

#[test]
fn a_logger_that_is_away_keeps_nobody_out() {
    let Some(machine) = ours("no logger") else {
        return;
    };
    let log = machine.outside("/dev/log");
    std::fs::rename(&log, machine.outside("/dev/log.away")).unwrap();
    let answer = ask_alice(&machine);
    assert_eq!(answer.codes, [SUCCESS; 2], "no socket: {answer:?}");
    let hung = std::os::unix::net::UnixDatagram::bind(&log).unwrap();
    hung.set_nonblocking(true).unwrap();
    let filler = std::os::unix::net::UnixDatagram::unbound().unwrap();
    filler.set_nonblocking(true).unwrap();
    while filler.send_to(b"full", &log).is_ok() {}
    let answer = ask_alice(&machine);
    assert_eq!(answer.codes, [SUCCESS; 2], "a hung logger: {answer:?}");
    // The reader of the machine's log is stopped over the old socket.
    drop(hung);
    std::fs::remove_file(&log).unwrap();
    std::fs::rename(machine.outside("/dev/log.away"), &log).unwrap();
}

#[test]
fn a_silent_host_gets_no_texts() {
    let Some(machine) = ours("silence") else {
        return;
    };
    /// `PAM_SILENT`
    const SILENT: i32 = 0x8000;
    for user in ["eve", "olga", "wanda"] {
        let password = person(user).password.unwrap();
        let aloud = ask(&machine, user, &password, 0);
        let silent = ask(&machine, user, &password, SILENT);
        assert!(!aloud.told.is_empty(), "{user}: {aloud:?}");
        assert_eq!(silent.told, Vec::<String>::new(), "{user}");
        assert_eq!(silent.codes, aloud.codes, "{user}");
    }
}

#[test]
fn without_a_configuration_the_local_files_answer() {
    let Some(machine) = ours("no configuration") else {
        return;
    };
    std::fs::remove_file(machine.outside(CONFIG)).unwrap();
    let line = format!("required {} nodelay", machine.module.inside());
    machine.stack("sshd", &format!("auth {line}\naccount {line}\n"));
    let answer = ask_alice(&machine);
    assert_eq!(answer.codes, [SUCCESS; 2], "{answer:?}");
}

#[test]
fn everybody_hears_the_same_question() {
    let Some(machine) = ours("prompts") else {
        return;
    };
    for user in [
        "alice",
        "root",
        "lola",
        "star",
        "svc",
        "nobodyatall",
        "-root",
        "a b",
    ] {
        let answer = ask(&machine, user, "a wrong guess", 0);
        assert_eq!(answer.asked, ["Password: "], "{user}");
    }
}
