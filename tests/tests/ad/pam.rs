//! End to end: sshd, sudo and libpam, the module, the worker, a domain controller.

use std::fs;

use authchain_tests::host::built;
use authchain_tests::host::codes::{
    ACCT_EXPIRED, AUTH_ERR, AUTHINFO_UNAVAIL, NEW_AUTHTOK_REQD, PERM_DENIED, SUCCESS, USER_UNKNOWN,
};
use authchain_tests::need;
use authchain_tests::real::ask::Ask;
use authchain_tests::real::hosts::{Host, by, sudo};
use authchain_tests::real::log::listing;
use authchain_tests::real::machine::Machine;
use authchain_tests::real::module::Module;
use authchain_tests::real::people::{Person, person};
use authchain_tests::real::ssh::{self, Method, knock};
use authchain_tests::servers::samba::{ADDRESS, DOMAIN, PASSWORD, SERVICE_PASSWORD, Samba};

/// People of the domain whom the machine knows without a password.
const PEOPLE: [(&str, u32); 10] = [
    ("alice", 10_001),
    ("bob", 10_002),
    ("carol", 10_003),
    ("disabled", 10_004),
    ("mustchange", 10_005),
    ("warned", 10_006),
    ("nora", 10_007),
    ("ended", 10_008),
    ("locked", 10_009),
    ("changer", 10_010),
];

/// A machine whose people are in a domain, and a domain controller in its network. The domain's
/// section has these `keys`.
fn machine_in_a_domain(test: &str, keys: &str) -> Option<(Machine, Samba)> {
    if !need::root(test) {
        return None;
    }
    let people = PEOPLE.iter().map(|(name, uid)| Person::known(name, *uid));
    let people: Vec<Person> = people.chain([person("root")]).collect();
    let machine = Machine::with_people(Module::authchain(), &people);
    let samba = Samba::start_by(|launch| machine.on_network(launch))?;
    let worker = machine.outside("/run/stage/authchain-worker");
    built::copy(built::worker(), worker);
    let authority = fs::read_to_string(samba.authority()).unwrap();
    machine.write("/etc/authchain/ca.pem", 0o644, &authority);
    machine.write("/etc/authchain/corp.secret", 0o600, SERVICE_PASSWORD);
    let text = format!(
        "chain = [\"corp\"]\nworker = \"/run/stage/authchain-worker\"\n\
         [backend.corp]\ntype = \"active_directory\"\ndomain = \"{DOMAIN}\"\n\
         servers = [\"{ADDRESS}\"]\ntls_ca_file = \"/etc/authchain/ca.pem\"\n{keys}"
    );
    machine.write("/etc/authchain/authchain.toml", 0o644, &text);
    Some((machine, samba))
}

const WITH_SERVICE: &str =
    "bind_dn = \"svc@ad.example.test\"\nbind_password_file = \"/etc/authchain/corp.secret\"\n";

#[test]
fn people_of_a_domain_come_in_through_sshd_and_nobody_else() {
    let Some((machine, samba)) = machine_in_a_domain("a domain and sshd", WITH_SERVICE) else {
        return;
    };
    ssh::start(&machine);
    let bad = |name: &str| machine.on_network(|| samba.bad_passwords(name));
    for method in [Method::Password, Method::KeyboardInteractive] {
        for (name, password, is_in) in [
            ("alice", PASSWORD, true),
            ("alice", "wrong", false),
            ("disabled", PASSWORD, false),
            ("mustchange", PASSWORD, false),
            ("locked", PASSWORD, false),
        ] {
            let mark = machine.log.mark();
            let ending = knock(&machine, method, name, password);
            let lines = machine.log.since(mark);
            let came_in = ending.output.contains(&format!("now I am {name}"));
            assert_eq!(came_in, is_in, "{name}: {ending:?}\n{}", listing(&lines));
        }
    }
    assert!(
        knock(&machine, Method::Key, "alice", "")
            .output
            .contains("now I am alice")
    );
    for name in ["disabled", "ended", "locked"] {
        let ending = knock(&machine, Method::Key, name, "");
        assert!(!ending.output.contains("now I am"), "{name}: {ending:?}");
    }
    let warned = knock(&machine, Method::Key, "warned", "");
    assert!(warned.output.contains("now I am warned"), "{warned:?}");
    // sshd does not let nora in and sends a password of its own instead of hers.
    let before = bad("nora");
    knock(&machine, Method::Password, "nora", PASSWORD);
    assert_eq!(bad("nora"), before, "sshd's stand-in password was counted");
    let before = bad("carol");
    knock(&machine, Method::Password, "carol", "wrong");
    assert_eq!(bad("carol"), before + 1);
}

#[test]
fn people_of_a_domain_use_sudo_with_their_own_password() {
    let Some((machine, _samba)) = machine_in_a_domain("a domain and sudo", WITH_SERVICE) else {
        return;
    };
    Host::Sudo.start(&machine);
    for (name, password, is_in) in [
        ("bob", PASSWORD, true),
        ("bob", "wrong", false),
        ("disabled", PASSWORD, false),
        ("ended", PASSWORD, false),
    ] {
        let uid = PEOPLE.iter().find(|(other, _)| *other == name).unwrap().1;
        let caller = by(&machine, &Person::known(name, uid), &[]);
        let outcome = sudo(&machine, &caller, password);
        assert_eq!(outcome.accepted, is_in, "{name}: {outcome:?}");
    }
}

fn codes(machine: &Machine, user: &str, password: &str) -> (Vec<i32>, Vec<String>) {
    let ask = Ask {
        service: "sshd".to_owned(),
        user: user.as_bytes().to_vec(),
        password: password.as_bytes().to_vec(),
        steps: ["auth", "account"].map(str::to_owned).to_vec(),
        ..Ask::default()
    };
    let answer = machine.ask(&ask).unwrap();
    (answer.codes, answer.told)
}

#[test]
fn each_state_of_an_account_has_its_code_and_its_words() {
    let Some((machine, _samba)) = machine_in_a_domain("a domain and libpam", WITH_SERVICE) else {
        return;
    };
    for (name, password, expected, words) in [
        ("alice", PASSWORD, [SUCCESS, SUCCESS], ""),
        ("alice", "wrong", [AUTH_ERR, SUCCESS], ""),
        (
            "mustchange",
            PASSWORD,
            [SUCCESS, NEW_AUTHTOK_REQD],
            "You must change your password",
        ),
        (
            "expired",
            PASSWORD,
            [SUCCESS, NEW_AUTHTOK_REQD],
            "You must change your password",
        ),
        (
            "ended",
            PASSWORD,
            [AUTH_ERR, ACCT_EXPIRED],
            "Your account has expired",
        ),
        (
            "disabled",
            PASSWORD,
            [AUTH_ERR, PERM_DENIED],
            "You may not log in here",
        ),
        (
            "locked",
            PASSWORD,
            [AUTH_ERR, PERM_DENIED],
            "Your account is locked",
        ),
        (
            "warned",
            PASSWORD,
            [SUCCESS, SUCCESS],
            "Your password will expire in 4 days.",
        ),
        ("nobody-here", PASSWORD, [USER_UNKNOWN, USER_UNKNOWN], ""),
    ] {
        let (codes, told) = codes(&machine, name, password);
        assert_eq!(codes, expected, "{name}: {told:?}");
        assert!(told.concat().contains(words), "{name}: {told:?}");
    }
}

/// Replaces the worker by a script that writes a line and starts it.
fn count_workers(machine: &Machine) {
    let real = machine.outside("/run/stage/real-worker");
    built::copy(built::worker(), real);
    let text = "#!/bin/sh\necho started >>/run/stage/workers\nexec /run/stage/real-worker \"$@\"\n";
    machine.write("/run/stage/authchain-worker", 0o755, text);
}

/// Returns libpam's codes, the texts that the person reads, the log lines about the account, and
/// the number of workers.
fn steps(
    machine: &Machine,
    name: &str,
    steps: &[&str],
) -> (Vec<i32>, Vec<String>, Vec<String>, usize) {
    let count = machine.outside("/run/stage/workers");
    fs::write(&count, "").unwrap();
    let mark = machine.log.mark();
    let answer = machine.ask(&Ask {
        service: "sshd".to_owned(),
        user: name.into(),
        password: PASSWORD.into(),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        ..Ask::default()
    });
    let answer = answer.unwrap();
    let lines = machine.log.since(mark).into_iter().map(|line| line.text);
    let lines = lines.filter(|line| line.contains("(sshd:account)"));
    let lines = lines.map(|line| {
        line.rsplit_once(" (")
            .map_or(line.clone(), |(head, _)| head.to_owned())
    });
    let workers = fs::read_to_string(count).unwrap().lines().count();
    (answer.codes, answer.told, lines.collect(), workers)
}

#[test]
fn the_account_is_what_it_would_be_alone_whatever_a_login_in_a_domain_left() {
    let Some((machine, _samba)) = machine_in_a_domain("a domain and hints", WITH_SERVICE) else {
        return;
    };
    count_workers(&machine);
    for (name, started) in [
        ("alice", 1),
        ("warned", 1),
        ("mustchange", 2),
        ("expired", 2),
        ("ended", 2),
        ("disabled", 2),
        ("locked", 2),
    ] {
        let (codes, told, lines, workers) = steps(&machine, name, &["auth", "account"]);
        let (login, told_first, _, _) = steps(&machine, name, &["auth"]);
        let (alone, told_then, lines_then, _) = steps(&machine, name, &["account"]);
        assert_eq!(codes, [login, alone].concat(), "{name}");
        assert_eq!(told, [told_first, told_then].concat(), "{name}");
        assert_eq!(lines, lines_then, "{name}");
        assert_eq!(workers, started, "{name}");
    }
}

/// Without an account that searches, only a login knows the state of the account. People in this
/// machine's files are judged by the files.
#[test]
fn without_an_account_that_searches_a_login_or_this_machines_files_judge_accounts() {
    let Some((machine, _samba)) = machine_in_a_domain("a domain without a service", "") else {
        return;
    };
    assert_eq!(codes(&machine, "alice", PASSWORD).0, [SUCCESS, SUCCESS]);
    let (alone, _, _, _) = steps(&machine, "alice", &["account"]);
    assert_eq!(alone, [AUTHINFO_UNAVAIL]);
    let path = machine.outside("/etc/authchain/authchain.toml");
    let text = fs::read_to_string(path).unwrap();
    let text = text.replacen("[\"corp\"]", "[\"local\", \"corp\"]", 1);
    machine.write("/etc/authchain/authchain.toml", 0o644, &text);
    machine.write(
        "/etc/shadow",
        0o640,
        "alice:*:19000:0:99999:7:::\nbob:*:19000:0:99999:7::1:\n",
    );
    assert_eq!(codes(&machine, "alice", PASSWORD).0, [SUCCESS, SUCCESS]);
    assert_eq!(codes(&machine, "bob", PASSWORD).0, [SUCCESS, ACCT_EXPIRED]);
    assert_eq!(codes(&machine, "alice", "wrong").0, [AUTH_ERR, SUCCESS]);
}

#[test]
fn without_an_account_that_searches_a_person_of_a_domain_changes_the_password() {
    let Some((machine, _samba)) = machine_in_a_domain("a change without a service", "") else {
        return;
    };
    let (module, arguments) = (machine.module.inside(), machine.module.arguments);
    let stack = machine.plain_stack() + &format!("password required {module} {arguments}\n");
    machine.stack("passwd", &stack);
    let new = "N3w-Password 1";
    let change = |user: &str, caller, answers: &[&str]| {
        let ask = Ask {
            service: "passwd".to_owned(),
            user: user.into(),
            change: answers.iter().map(|answer| (*answer).into()).collect(),
            steps: vec!["chauthtok".to_owned()],
            real_uid: caller,
            ..Ask::default()
        };
        machine.ask(&ask).unwrap().codes
    };
    assert_eq!(change("changer", Some(10_010), &["wrong"]), [AUTH_ERR]);
    assert_eq!(
        change("changer", Some(10_010), &[PASSWORD, new, new]),
        [SUCCESS]
    );
    assert_eq!(codes(&machine, "changer", new).0[0], SUCCESS);
    // Neither root, who gives no old password, nor somebody whom the domain lets in only to change.
    assert_eq!(change("bob", None, &[]), [AUTHINFO_UNAVAIL]);
    assert_eq!(
        change("mustchange", Some(10_005), &[PASSWORD]),
        [AUTHINFO_UNAVAIL]
    );
}

/// This machine's files judge the people they know. The fact that a password has expired must not
/// be lost.
#[test]
fn a_password_that_has_ended_lets_nobody_in_where_local_files_judge_the_account() {
    let Some((machine, _samba)) = machine_in_a_domain("ended passwords", WITH_SERVICE) else {
        return;
    };
    let path = machine.outside("/etc/authchain/authchain.toml");
    let text = fs::read_to_string(path).unwrap();
    let local_first = text.replacen("[\"corp\"]", "[\"local\", \"corp\"]", 1);
    machine.write("/etc/authchain/authchain.toml", 0o644, &local_first);
    let shadow = "mustchange:*:19000:0:99999:7:::\nalice:*:19000:0:99999:7:::\n";
    machine.write("/etc/shadow", 0o640, shadow);
    assert_eq!(codes(&machine, "alice", PASSWORD).0, [SUCCESS, SUCCESS]);
    assert_eq!(
        codes(&machine, "mustchange", PASSWORD).0,
        [AUTH_ERR, SUCCESS]
    );
    let domain_first = text.replacen("[\"corp\"]", "[\"corp\", \"local\"]", 1);
    machine.write("/etc/authchain/authchain.toml", 0o644, &domain_first);
    assert_eq!(
        codes(&machine, "mustchange", PASSWORD).0,
        [SUCCESS, NEW_AUTHTOK_REQD]
    );
}
