//! End to end: the real sshd, the module, the worker, a NIS server.

use authchain_tests::host::codes::{
    ACCT_EXPIRED, AUTH_ERR, NEW_AUTHTOK_REQD, PERM_DENIED, SUCCESS, TRY_AGAIN, USER_UNKNOWN,
};
use authchain_tests::need;
use authchain_tests::real::ask::Ask;
use authchain_tests::real::hosts::Host;
use authchain_tests::real::log::listing;
use authchain_tests::servers::ypserv::domain::{Domain, SLOW};
use authchain_tests::servers::ypserv::{PORT, Ypserv};

/// libpam's codes for a login and for the account question after it.
fn codes(server: &Ypserv, user: &str, password: &str) -> Vec<i32> {
    let ask = Ask {
        service: "sshd".to_owned(),
        user: user.into(),
        password: password.into(),
        steps: vec!["auth".to_owned(), "account".to_owned()],
        ..Ask::default()
    };
    let answer = server.machine.ask(&ask);
    answer.unwrap_or_else(|how| panic!("{user}: {how:?}")).codes
}

#[test]
fn people_of_the_domain_log_in_through_the_real_sshd() {
    let Some(server) = Ypserv::start("sshd and NIS") else {
        return;
    };
    if !server.machine.module.is_ours() {
        return;
    }
    server.configure("servers = [\"127.0.0.1\"]\nsource_port = \"reserved\"");
    Host::SshdPassword.start(&server.machine);
    let mark = server.machine.log.mark();
    for (host, user, password, accepted) in [
        (Host::SshdPassword, "ann", "pw-ann", true),
        (Host::SshdPassword, "ann", "wrong", false),
        (Host::SshdKeyboard, "shadowed", "pw-shadowed", true),
        (Host::SshdPassword, "adjoined", "pw-adjoined", true),
        (Host::SshdPassword, "expired", "pw-expired", false),
        (Host::SshdKey, "shadowed", "", true),
        (Host::SshdKey, "expired", "", false),
        // A person whom only the machine knows.
        (Host::SshdPassword, "alice", "open sesame", true),
    ] {
        let outcome = host.attempt(&server.machine, user, password);
        let log = || listing(&server.machine.log.since(mark));
        assert_eq!(outcome.accepted, accepted, "{user}: {outcome:?}\n{}", log());
    }
    let pattern = "pam_authchain(sshd:auth): ...: old denied: wrong password (<n> ms)...";
    server.machine.log.wait_for(mark, pattern);
}

#[test]
fn each_outcome_has_its_own_code_and_a_hung_server_is_waited_for_once() {
    let Some(server) = Ypserv::start("PAM and NIS") else {
        return;
    };
    if !server.machine.module.is_ours() {
        return;
    }
    let keys = format!("servers = [\"127.0.0.1:{PORT}\"]\nserver_timeout = \"300ms\"");
    server.configure(&keys);
    for (user, password, expected) in [
        ("ann", "pw-ann", [SUCCESS, SUCCESS]),
        ("ann", "wrong", [AUTH_ERR, SUCCESS]),
        ("shadowed", "pw-shadowed", [SUCCESS, SUCCESS]),
        ("expired", "pw-expired", [AUTH_ERR, ACCT_EXPIRED]),
        ("forced", "pw-forced", [SUCCESS, NEW_AUTHTOK_REQD]),
        ("nobody-here", "x", [USER_UNKNOWN, USER_UNKNOWN]),
        ("rootish", "pw-rootish", [USER_UNKNOWN, USER_UNKNOWN]),
        ("root", "root of all", [SUCCESS, SUCCESS]),
    ] {
        assert_eq!(codes(&server, user, password), expected, "{user}");
    }
    server.signal("-STOP", "ypserv");
    let mark = server.machine.log.mark();
    for words in [
        "old unavailable: 127.0.0.1:834: passwd map: timed out (server_timeout)",
        "old unavailable: 127.0.0.1:834: passwd map: timed out (it was down a moment ago)",
    ] {
        let codes = codes(&server, "shadowed", "pw-shadowed");
        assert_ne!(codes[0], SUCCESS);
        let pattern = format!("pam_authchain(sshd:auth): ...{words}...");
        server.machine.log.wait_for(mark, &pattern);
    }
    // People whom this machine knows still get in.
    assert_eq!(codes(&server, "root", "root of all")[0], SUCCESS);
    server.signal("-CONT", "ypserv");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while codes(&server, "shadowed", "pw-shadowed")[0] != SUCCESS {
        assert!(std::time::Instant::now() < until, "it is not found again");
    }
}

#[test]
fn the_person_and_root_change_a_password_of_the_domain_with_the_old_one() {
    let program = "/usr/sbin/rpc.yppasswdd";
    if !need::file("PAM and yppasswdd", program) {
        return;
    }
    let Some(server) = Ypserv::start("PAM and yppasswdd") else {
        return;
    };
    let machine = &server.machine;
    if !machine.module.is_ours() {
        return;
    }
    server.start_yppasswdd(840, &Domain::usual());
    server.configure("servers = [\"127.0.0.1\"]\npassword_change = \"yppasswd\"");
    let (module, arguments) = (machine.module.inside(), machine.module.arguments);
    let stack = machine.plain_stack() + &format!("password required {module} {arguments}\n");
    machine.stack("passwd", &stack);
    let change = |user: &str, real_uid, answers: &[&str]| {
        let ask = Ask {
            service: "passwd".to_owned(),
            user: user.into(),
            change: answers.iter().map(|answer| (*answer).into()).collect(),
            steps: vec!["chauthtok".to_owned()],
            real_uid,
            ..Ask::default()
        };
        machine.ask(&ask).unwrap()
    };
    let questions = [
        "Current password: ",
        "New password: ",
        "Retype new password: ",
    ];
    for (user, real_uid) in [("ann", Some(2101)), ("shadowed", None)] {
        let wrong = change(user, real_uid, &["wrong"]);
        assert_eq!(wrong.codes, [AUTH_ERR], "{wrong:?}");
        let old = format!("pw-{user}");
        let mark = machine.log.mark();
        let answer = change(user, real_uid, &[&old, "new horse", "new horse"]);
        assert_eq!(answer.codes, [SUCCESS], "{answer:?}");
        assert_eq!(answer.asked, questions);
        let text = "The new password counts as soon as the NIS servers have it.";
        assert_eq!(
            answer.told.last().map(String::as_str),
            Some(text),
            "{answer:?}"
        );
        let line = format!("pam_authchain(passwd:chauthtok): {user}: password changed in old; ...");
        machine.log.wait_for(mark, &line);
        // The maps still have the old hash.
        let answer = change(user, real_uid, &[&old, "newer horse", "newer horse"]);
        assert_eq!(answer.codes, [TRY_AGAIN], "{answer:?}");
        let text = "NIS password could not be changed.";
        assert_eq!(answer.told.last().map(String::as_str), Some(text));
        let line = format!(
            "pam_authchain(passwd:chauthtok): {user}: password not changed: old refused: no reason \
             given (\"{text}\"); ..."
        );
        machine.log.wait_for(mark, &line);
    }
    server.configure("servers = [\"127.0.0.1\"]");
    let mark = machine.log.mark();
    assert_eq!(change("ann", None, &[]).codes, [PERM_DENIED]);
    let line = "...ann: password not changed: old refused: password_change = \"off\"; ...";
    machine.log.wait_for(mark, line);
}

/// Otherwise a person with such a hash, or anybody who knows one, could keep the whole domain out
/// with three of the longest passwords at once.
#[test]
fn a_hash_that_is_not_done_in_time_keeps_nobody_else_out() {
    let slow = Domain::usual().with_hash("ann", SLOW);
    let Some(server) = Ypserv::serving("a late hash", &slow) else {
        return;
    };
    if !server.machine.module.is_ours() {
        return;
    }
    // The shortest timeout that leaves a second, without which such a hash is not begun.
    let keys = format!("servers = [\"127.0.0.1:{PORT}\"]\ntimeout = \"1400ms\"");
    server.configure(&keys);
    let long = "x".repeat(511);
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| assert_ne!(codes(&server, "ann", &long)[0], SUCCESS));
        }
    });
    assert_eq!(codes(&server, "shadowed", "pw-shadowed")[0], SUCCESS);
}
