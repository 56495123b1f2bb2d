//! sshd for people whom NSS knows by another user id than the directory, or by another name.

use authchain_tests::host::codes::{AUTH_ERR, SUCCESS};
use authchain_tests::real::ask::Ask;
use authchain_tests::real::hosts::Host;
use authchain_tests::real::log::listing;
use authchain_tests::real::people::{Person, files, person};
use authchain_tests::servers::directory::{BASE, rdn};
use authchain_tests::servers::slapd::Plan;

use super::directory::Town;

/// Returns the passwd line of a person for NSS.
fn line(name: &str, uid: u32) -> String {
    format!("{name}:x:{uid}:5000::/tmp:/bin/sh\n")
}

/// Returns whether sshd lets the user in, and the log lines.
fn knock(town: &Town, host: Host, user: &str, password: &str) -> (bool, String) {
    let mark = town.machine.log.mark();
    host.attempt(&town.machine, user, password);
    let log = listing(&town.machine.log.since(mark));
    (log.contains(&format!("Accepted password for {user} ")), log)
}

#[test]
fn people_whose_user_ids_nss_computes_come_in_where_the_systems_count() {
    let passwd = [
        line("alice", 200_001),
        line("carol", 999),
        line("Case", 5_005),
        line("due", 200_002),
    ];
    let host = Host::SshdPassword;
    let plan = Plan::default();
    let Some(town) = Town::with("computed user ids", host, &plan, &passwd.concat()) else {
        return;
    };
    // A local user who logs in with a key and never had a password.
    let people = [person("root"), Person::known("warned", 5_005)];
    for (path, mode, text) in files(&people) {
        town.machine.write(path, mode, &text);
    }
    town.configure("");
    let (accepted, log) = knock(&town, host, "alice", "pw-alice");
    assert!(
        !accepted && log.contains("its uid is 10001, the system's is 200001"),
        "{log}"
    );
    town.configure("uid = \"system\"\n");
    for (user, says) in [
        ("alice", "Accepted password for alice"),
        ("due", "Accepted password for due"),
        ("carol", "uid 999 is the system's own"),
        ("Case", "uid 5005 is that of \"warned\" on this machine"),
        (
            "warned",
            "corp not asked: the system's own files have this name, and uid = \"system\"",
        ),
    ] {
        let (accepted, log) = knock(&town, host, user, &format!("pw-{user}"));
        assert_eq!(accepted, says.starts_with("Accepted"), "{user}: {log}");
        assert!(log.contains(says), "{user}: {log}");
    }
    let (accepted, log) = knock(&town, host, "alice", "wrong");
    assert!(!accepted, "{log}");
}

#[test]
fn an_alias_is_the_user_whom_nss_has_for_it_or_nobody() {
    let passwd = [
        line("alice", 10_001),
        line("alice@example.test", 10_001),
        line("bob", 10_002),
        line("bob@example.test", 10_002),
        line("carol", 10_003),
        line("guest", 10_777),
    ];
    let host = Host::SshdPassword;
    let plan = Plan {
        by_self_write: true,
        ..Plan::default()
    };
    let Some(town) = Town::with("aliases", host, &plan, &passwd.concat()) else {
        return;
    };
    town.configure("aliases = [\"mail=%u\", \"mail=%u@example.test\"]\n");
    let (accepted, log) = knock(&town, host, "alice@example.test", "pw-alice");
    assert!(
        accepted && log.contains("Accepted password for alice@example.test"),
        "{log}"
    );
    let mistaken = "not the same person (it is an alias of \"carol\", whose uid is 10003; the \
                    system's is";
    for (mail, name, says) in [
        ("bob@example.test", "bob@example.test", mistaken),
        ("guest@example.test", "guest", mistaken),
        ("root@example.test", "root", "corp not asked: a system name"),
    ] {
        write_mail_of_carol(&town, mail);
        let (codes, log) = ask_as_carol(&town, name);
        assert_eq!(codes[0], AUTH_ERR, "{name}: {log}");
        // A login with a key asks only about the account.
        assert!(
            name == "root" || codes[1] != SUCCESS,
            "{name}: {codes:?} {log}"
        );
        assert!(log.contains(says), "{name}: {log}");
    }
}

/// Has carol write a mail address into her entry.
fn write_mail_of_carol(town: &Town, mail: &str) {
    let change = format!(
        "dn: {},ou=people,{BASE}\nchangetype: modify\nreplace: mail\nmail: {mail}\n",
        rdn("carol")
    );
    let is_written = (town.machine).on_network(|| town.slapd.modify_as("carol", &change));
    assert!(is_written, "{mail}");
}

/// Returns libpam's answers about `name` with carol's password, and what the log says.
fn ask_as_carol(town: &Town, name: &str) -> (Vec<i32>, String) {
    let ask = Ask {
        service: "sshd".to_owned(),
        user: name.as_bytes().to_vec(),
        password: b"pw-carol".to_vec(),
        steps: ["auth", "account"].map(str::to_owned).to_vec(),
        ..Ask::default()
    };
    let mark = town.machine.log.mark();
    let codes = town.machine.ask(&ask).unwrap().codes;
    (codes, listing(&town.machine.log.since(mark)))
}
