//! Names and passwords of any shape, as a stranger can send them.

use authchain_tests::host::codes::{AUTH_ERR, CONV_ERR, USER_UNKNOWN};
use authchain_tests::host::scene::Fault;
use authchain_tests::real::ask::Ask;
use authchain_tests::real::hosts::Host;
use authchain_tests::real::log::{Line, listing};
use authchain_tests::real::machine::Machine;
use authchain_tests::real::misbehaviour::misbehaviour;
use authchain_tests::real::people::{everybody, person};
use authchain_tests::real::ssh::{Method, knock};
use authchain_tests::real::stories::{machine_for, machine_with};

/// Names that exploited faults before: in parsers of logs, LDAP filters, command lines and
/// colon-separated files, and in terminals.
const NAMES: [&str; 22] = [
    "",
    "  ",
    " alice",
    "alice ",
    "-root",
    "+alice",
    "alice\r",
    "a\nsshd[1]: Accepted password for root",
    "x\x1b[31mred",
    "*)(uid=*",
    "alice,ou=x",
    "DOM\\alice",
    "alice@example.com",
    "al\u{131}ce",
    "ali\u{200b}ce",
    "5001",
    "alice:0:0",
    "../../etc/shadow",
    "user=root",
    "alice rhost=198.51.100.1  user=bob",
    "%s%n%s%n",
    "\u{202e}ecila",
];

const MAXTRIES: i32 = 11;

fn names() -> Vec<String> {
    let long = ["A".repeat(257), "A".repeat(3000), "\u{e9}".repeat(1500)];
    NAMES.iter().map(ToString::to_string).chain(long).collect()
}

/// One line for each event, and no line that a stranger forged.
fn assert_clean(lines: &[Line], about: &str, password: &str) {
    let wrong = misbehaviour(lines, password);
    let ours = lines
        .iter()
        .filter(|line| line.text.starts_with("pam_authchain("));
    for line in ours {
        assert!(
            line.raw.len() <= 2048,
            "{about}: a line of {} bytes",
            line.raw.len()
        );
        assert!(
            !line.text.ends_with(" user=root") && !line.text.ends_with(" user=bob"),
            "{about}: {}",
            line.text
        );
    }
    assert!(wrong.is_empty(), "{about}: {wrong:?}\n{}", listing(lines));
}

fn assert_alive(machine: &Machine) {
    let right = person("alice").password.unwrap();
    let ending = knock(machine, Method::Password, "alice", &right);
    assert!(
        ending.output.contains("now I am alice"),
        "afterwards alice is locked out: {ending:?}"
    );
}

#[test]
fn no_name_of_any_shape_gets_past_sshd_or_into_the_log() {
    let Some(machine) = machine_for("names through sshd", Host::SshdPassword) else {
        return;
    };
    let mut reached = 0;
    // A configuration file cannot have an empty name or one of two lines, and sshd itself cuts
    // names at a colon. These names are tried with libpam below.
    for name in names()
        .iter()
        .filter(|name| !name.is_empty() && !name.contains(['\n', ':']))
    {
        for method in [Method::Password, Method::KeyboardInteractive] {
            let mark = machine.log.mark();
            let ending = knock(&machine, method, name, "open sesame");
            assert!(!ending.output.contains("now I am"), "{name:?}: {ending:?}");
            if !ending.output.contains("Permission denied") {
                // The client of OpenSSH 10 does not send every name.
                let lines = machine.log.since(mark);
                assert_clean(&lines, &format!("{name:?}"), "open sesame");
                continue;
            }
            reached += 1;
            machine
                .log
                .wait_for(mark, "...Failed ... for invalid user ...");
            assert_clean(
                &machine.log.since(mark),
                &format!("{name:?}"),
                "open sesame",
            );
        }
    }
    assert!(reached > 10, "sshd heard {reached} names");
    assert_alive(&machine);
}

#[test]
fn passwords_of_any_length_and_shape_are_refused_by_sshd_in_good_order() {
    let Some(machine) = machine_for("passwords through sshd", Host::SshdPassword) else {
        return;
    };
    let right = person("alice").password.unwrap();
    let passwords = [
        "x".repeat(512),
        "x".repeat(1023),
        "x".repeat(1024),
        "x".repeat(1025),
        "\u{e9}".repeat(512),
        format!("{right} "),
        format!(" {right}"),
        right.to_uppercase(),
        format!("{right}{}", "x".repeat(1000)),
        "%s%n%s%n%s%n".into(),
        "\x08\r\x7fINCORRECT\x08\r\x7f".into(),
        "wrong\x1b[2J\u{202e}guess".into(),
    ];
    for password in &passwords {
        for method in [Method::Password, Method::KeyboardInteractive] {
            let mark = machine.log.mark();
            let ending = knock(&machine, method, "alice", password);
            assert!(
                ending.output.contains("Permission denied"),
                "{password:?}: {ending:?}"
            );
            assert_clean(&machine.log.since(mark), &format!("{password:?}"), password);
        }
    }
    assert_alive(&machine);
}

#[test]
fn no_name_of_any_shape_gets_past_libpam() {
    let Some(machine) = machine_with("names through libpam", &everybody()) else {
        return;
    };
    let mut bytes: Vec<Vec<u8>> = names().into_iter().map(String::into_bytes).collect();
    // Not UTF-8, in three ways.
    bytes.extend([
        b"al\xffice".to_vec(),
        b"\xc3".to_vec(),
        b"\xed\xa0\x80".to_vec(),
    ]);
    for user in bytes.into_iter().filter(|name| !name.is_empty()) {
        let mark = machine.log.mark();
        let answer = machine.ask(&Ask {
            service: "sshd".into(),
            user: user.clone(),
            password: b"open sesame".to_vec(),
            steps: vec!["auth".into(), "account".into()],
            ..Ask::default()
        });
        let about = String::from_utf8_lossy(&user).into_owned();
        let answer = answer.unwrap_or_else(|how| panic!("{about:?}: {how:?}"));
        assert!(
            matches!(answer.codes[0], AUTH_ERR | USER_UNKNOWN),
            "{about:?}: {answer:?}"
        );
        assert_ne!(answer.codes[1], 0, "{about:?}: {answer:?}");
        if machine.module.is_ours() {
            assert_eq!(
                answer.asked,
                ["Password: "],
                "{about:?}: the prompt tells who exists"
            );
        }
        assert_clean(&machine.log.since(mark), &about, "open sesame");
    }
}

#[test]
fn passwords_of_any_bytes_are_refused_in_good_order() {
    let Some(machine) = machine_with("passwords through libpam", &everybody()) else {
        return;
    };
    let every_byte: Vec<u8> = (1..=255).collect();
    let passwords = [
        every_byte,
        b"\xff\xfe".to_vec(),
        b"open sesame\n".to_vec(),
        b"open\nsesame".to_vec(),
        vec![b'x'; 20_000],
        b"\x08\n\r\x7fINCORRECT".to_vec(),
        b"\x08\n\r".to_vec(),
        b"{\"verdict\":\"accepted\"}\n".to_vec(),
    ];
    for user in ["alice", "bob", "lola", "star", "nobodyatall"] {
        for password in &passwords {
            let ask = Ask {
                service: "sshd".into(),
                user: user.into(),
                password: password.clone(),
                steps: vec!["auth".into()],
                ..Ask::default()
            };
            let answer = machine
                .ask(&ask)
                .unwrap_or_else(|how| panic!("{user}, {password:?}: {how:?}"));
            assert!(
                matches!(answer.codes[0], AUTH_ERR | USER_UNKNOWN | MAXTRIES),
                "{user}: {answer:?}"
            );
        }
    }
}

#[test]
fn a_host_that_cannot_ask_or_does_not_answer_is_refused() {
    let Some(machine) = machine_with("odd conversations", &everybody()) else {
        return;
    };
    for fault in [
        Fault::Fails(CONV_ERR),
        Fault::NoReply,
        Fault::NoArray,
        Fault::NoFunction,
    ] {
        for user in ["alice", "void", "nobodyatall"] {
            let ask = Ask {
                service: "sshd".into(),
                user: user.into(),
                fault: Some(fault),
                steps: vec!["auth".into()],
                // PAM_DISALLOW_NULL_AUTHTOK, as sshd sets it.
                flags: 1,
                ..Ask::default()
            };
            let answer = machine
                .ask(&ask)
                .unwrap_or_else(|how| panic!("{user}, {fault:?}: {how:?}"));
            assert_ne!(answer.codes[0], 0, "{user}, {fault:?}: {answer:?}");
        }
    }
}

#[test]
fn every_call_stands_alone_and_in_any_order() {
    let Some(machine) = machine_with("calls in any order", &everybody()) else {
        return;
    };
    let orders = [
        "account",
        "setcred account",
        "auth account setcred open close setcred",
        "setcred auth account",
        "auth auth account account",
        "account account setcred setcred open close",
    ];
    for order in orders {
        let ask = Ask {
            service: "sshd".into(),
            user: "alice".into(),
            password: person("alice").password.unwrap().into(),
            steps: order.split(' ').map(String::from).collect(),
            ..Ask::default()
        };
        let answer = machine.ask(&ask).unwrap();
        let expected = if machine.module.is_ours() {
            0
        } else {
            continue;
        };
        assert!(
            answer.codes.iter().all(|code| *code == expected),
            "{order}: {answer:?}"
        );
    }
}
