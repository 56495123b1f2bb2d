//! passwd for people of a directory: the real program, the module, its worker and a real slapd.

use authchain_tests::host::codes::{
    AUTH_ERR, AUTHINFO_UNAVAIL, PERM_DENIED, SUCCESS, USER_UNKNOWN,
};
use authchain_tests::real::ask::{Answer, Ask};
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

/// The person changes the password, or root with `None`.
fn change(town: &Town, user: &str, caller: Option<u32>, answers: &[&str]) -> Answer {
    let ask = Ask {
        service: "passwd".to_owned(),
        user: user.into(),
        change: answers.iter().map(|answer| (*answer).into()).collect(),
        steps: vec!["chauthtok".to_owned()],
        real_uid: caller,
        ..Ask::default()
    };
    town.machine
        .ask(&ask)
        .unwrap_or_else(|how| panic!("{user}: {how:?}"))
}

/// This slapd shows nothing to anonymous clients.
#[test]
fn without_an_account_that_searches_the_old_password_shows_whose_it_is() {
    let passwd = directory::ldif(0).passwd;
    let uid = |name: &str| {
        let line = passwd
            .lines()
            .find(|line| line.starts_with(&format!("{name}:")));
        let field = line.and_then(|line| line.split(':').nth(2));
        field.unwrap().parse::<u32>().unwrap()
    };
    // The system has another user id for carol than the directory.
    let carol = format!("carol:x:{}:", uid("carol"));
    let known = passwd.replace(&carol, "carol:x:9999:");
    let test = "passwd and a closed directory";
    let Some(mut town) = Town::with(test, Host::Sudo, &Plan::default(), &known) else {
        return;
    };
    let settings = town.slapd.settings_as_toml();
    let without_service: String = (settings.lines())
        .filter(|line| !line.starts_with("bind_"))
        .map(|line| format!("{line}\n"))
        .collect();
    let template = format!(
        "user_dn_template = \"uid=%u,ou=people,{}\"\n",
        directory::BASE
    );
    let section = without_service + &template;
    town.configure_section(&section);
    let machine = &town.machine;
    let (module, arguments) = (machine.module.inside(), machine.module.arguments);
    let stack = machine.plain_stack() + &format!("password required {module} {arguments}\n");
    machine.stack("passwd", &stack);
    let new = "new and quite long";
    let questions = [
        "Current password: ",
        "New password: ",
        "Retype new password: ",
    ];
    let alice = Some(uid("alice"));
    let mark = machine.log.mark();
    assert_eq!(change(&town, "alice", alice, &["wrong"]).codes, [AUTH_ERR]);
    let answer = change(&town, "alice", alice, &["pw-alice", new, new]);
    assert_eq!(
        (answer.codes, answer.asked),
        (vec![SUCCESS], questions.map(str::to_owned).into())
    );
    for line in [
        "alice: asking corp; ...",
        "alice: password changed in corp; ...",
    ] {
        machine
            .log
            .wait_for(mark, &format!("pam_authchain(passwd:chauthtok): {line}"));
    }
    // Root has no old password to show anything with, and is asked for none.
    let answer = change(&town, "bob", None, &[]);
    assert_eq!(
        (answer.codes, answer.asked),
        (vec![AUTHINFO_UNAVAIL], Vec::new())
    );
    // The password is right, and the person another one than the system's.
    let answer = change(&town, "carol", Some(9999), &["pw-carol"]);
    assert_eq!(answer.codes, [USER_UNKNOWN], "{answer:?}");
    // The rules hear of the groups, as with an account that searches.
    let rule = "[[rule]]\nservice = [\"passwd\"]\ngroup = [\"staff\"]\naccess = \"deny\"\n";
    town.configure_section(&(section.clone() + rule));
    let answer = change(&town, "alice", alice, &[new]);
    assert_eq!(answer.codes, [PERM_DENIED], "{answer:?}");
    let answer = change(&town, "bob", Some(uid("bob")), &["pw-bob", new, new]);
    assert_eq!(answer.codes, [SUCCESS], "{answer:?}");
    town.slapd.stop();
    let answer = change(&town, "alice", alice, &[]);
    assert_eq!(
        (answer.codes, answer.asked),
        (vec![AUTHINFO_UNAVAIL], Vec::new())
    );
}
