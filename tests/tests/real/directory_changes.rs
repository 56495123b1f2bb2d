//! passwd for people of a directory: the real program, the module, its worker and a real slapd.

use authchain_tests::real::changes::play;
use authchain_tests::real::hosts::{Host, by};
use authchain_tests::real::log::listing;
use authchain_tests::real::people::person;
use authchain_tests::servers::directory;
use authchain_tests::servers::slapd::Plan;

use super::changes::typed;
use super::directory::Town;

#[test]
fn passwd_changes_the_password_of_a_person_in_the_directory() {
    let passwd = directory::ldif(0).passwd;
    let host = Host::Sudo;
    let Some(town) = Town::with("passwd and a directory", host, &Plan::default(), &passwd) else {
        return;
    };
    town.configure("");
    let machine = &town.machine;
    let (module, arguments) = (machine.module.inside(), machine.module.arguments);
    let stack = machine.plain_stack() + &format!("password required {module} {arguments}\n");
    machine.stack("passwd", &stack);
    let run = by(machine, &town.somebody("alice"), &["/usr/bin/passwd"]);
    let new = "new and quite long";
    for (old, code, outcome) in [
        (
            "wrong",
            10,
            "alice: password not changed: corp denied: wrong password; uid=",
        ),
        ("pw-alice", 0, "alice: password changed in corp; uid="),
        (
            "pw-alice",
            10,
            "alice: password not changed: corp denied: wrong password; uid=",
        ),
    ] {
        let mark = machine.log.mark();
        let dialogue = [
            ("Current password: ", old),
            ("New password: ", new),
            ("Retype new password: ", new),
        ];
        let asked = if code == 0 {
            &dialogue[..]
        } else {
            &dialogue[..1]
        };
        let ending = typed(machine, &run, asked);
        let lines = listing(&machine.log.since(mark));
        assert_eq!(ending.code, code, "{}\n{lines}", ending.output);
        // The guess is in the log before the server hears of it.
        let mut expected = vec!["alice: asking corp; uid="];
        if code == 0 {
            expected.push("alice: changing the password in corp; uid=");
        }
        expected.push(outcome);
        let positions: Vec<_> = expected.iter().map(|line| lines.find(line)).collect();
        assert!(
            positions.iter().all(Option::is_some) && positions.is_sorted(),
            "{lines}"
        );
    }
}

#[test]
fn chpasswd_says_whose_password_root_cannot_change() {
    let passwd = directory::ldif(0).passwd;
    let (host, plan) = (Host::Sudo, Plan::default());
    let Some(town) = Town::with("chpasswd and a directory", host, &plan, &passwd) else {
        return;
    };
    town.configure("");
    let people = ["root", "mallory"].map(person);
    let book = include_str!("../../stories/real/changes/chpasswd-directory.toml");
    play(&town.machine, &people, book);
}
