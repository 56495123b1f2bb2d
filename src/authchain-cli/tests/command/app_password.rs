//! `authchain app-password`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use serde_json::{Value, json};

use crate::fixture::{Fixture, GUESTS};

const RULE: &str = "[backend.app]\ntype = \"app_passwords\"\n[[rule]]\nservice = [\"dovecot\"]\n\
                    chain = [\"app\", \"guests\"]\nthen = [\"totp\"]\n";

fn fixture() -> Fixture {
    with_people(&format!("{GUESTS}{RULE}"))
}

/// Makes a folder with alice and bob in a database of authchain's own.
fn with_people(config: &str) -> Fixture {
    let fixture = Fixture::new(config);
    fixture.write(
        "passwd",
        "alice-test:x:70000:70000::/:/bin/sh\nbob-test:x:70001:70001::/:/bin/sh\n",
    );
    fixture
}

/// Adds an app password of alice's and returns it.
fn add(fixture: &Fixture, label: &str, more: &[&str]) -> String {
    let arguments = ["app-password", "add", "alice-test", "--label", label];
    let run = fixture.run(&[&arguments, more].concat());
    run.expect(0, &["is not shown again"]).out
}

fn list(fixture: &Fixture) -> Value {
    let run = fixture.run(&["app-password", "list", "--json"]);
    run.expect(0, &[]).json()
}

fn labels(fixture: &Fixture) -> Vec<String> {
    let list = list(fixture);
    let all = list.as_array().unwrap().iter();
    all.map(|row| row["label"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_password_is_shown_once_and_listed_without_itself() {
    let fixture = fixture();
    let shown = add(
        &fixture,
        "phone",
        &["--service", "dovecot", "--until", "2999-12-31"],
    );
    let password = shown.trim_end();
    assert_eq!((password.len(), shown.lines().count()), (29, 1), "{shown}");
    let row = &list(&fixture)[0];
    let created = row["created"].as_str().unwrap();
    assert_eq!(
        *row,
        json!({
            "user": "alice-test", "label": "phone", "uid": 70_000, "services": ["dovecot"], "created": created,
            "end": "2999-12-31", "ended": false, "last_use": null,
        })
    );
    let table = fixture.run(&["app-password", "list", "alice-test"]);
    let table = table.expect(0, &["alice-test  phone  dovecot   ", "2999-12-31  -\n"]);
    assert!(!table.out.contains(password));
    let file = fixture.path("factors/alice-test/app-passwords");
    assert!(!fs::read_to_string(&file).unwrap().contains(password));
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn a_new_password_is_told_to_scripts_as_an_object() {
    let fixture = fixture();
    let shown = add(&fixture, "phone", &["--service", "dovecot", "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["password"].as_str().unwrap().len(), 29);
    let listed = &list(&fixture)[0];
    for key in ["user", "label", "uid", "services", "created", "end"] {
        assert_eq!(shown[key], listed[key], "{key}");
    }
}

#[test]
fn a_password_lives_until_it_is_revoked() {
    let fixture = fixture();
    for label in ["phone", "laptop", "printer"] {
        add(&fixture, label, &["--service", "dovecot"]);
    }
    let again = ["app-password", "add", "alice-test", "--label", "PHONE"];
    let again = fixture.run(&[&again[..], &["--service", "dovecot"]].concat());
    again.expect(1, &["there is an app password \"PHONE\" already"]);
    let revoke =
        |more: &[&str]| fixture.run(&[&["app-password", "revoke", "alice-test"], more].concat());
    revoke(&["phone"]).expect(0, &["the app password \"phone\" of alice-test is void"]);
    revoke(&["phone"]).expect(1, &["alice-test has no app password \"phone\""]);
    assert_eq!(labels(&fixture), ["laptop", "printer"]);
    revoke(&[]).expect(2, &["<LABEL>"]);
    revoke(&["--all"]).expect(0, &["2 app passwords of alice-test are void"]);
    revoke(&["--all"]).expect(1, &["alice-test has no app password"]);
    assert!(labels(&fixture).is_empty());
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_made() {
    let fixture = fixture();
    for (label, service, until, code, words) in [
        ("my phone", "dovecot", "2999-12-31", 1, "a label is made of"),
        (
            "phone",
            "Dovecot",
            "2999-12-31",
            1,
            "small letters: \"dovecot\"",
        ),
        ("phone", "dove*", "2999-12-31", 1, "without '*'"),
        ("phone", "dovecot", "2001-01-01", 1, "the day is over"),
        ("phone", "dovecot", "2027-02-30", 2, "written as 2027-06-30"),
    ] {
        let arguments = ["app-password", "add", "alice-test", "--label", label];
        let more = ["--service", service, "--until", until];
        fixture
            .run(&[&arguments[..], &more].concat())
            .expect(code, &[words]);
    }
    let name = fixture.run(&[
        "app-password",
        "add",
        "../x",
        "--label",
        "a",
        "--service",
        "dovecot",
    ]);
    name.expect(1, &["../x"]);
    assert!(!fixture.path("factors").exists());
}

#[test]
fn a_service_whose_rules_have_no_app_passwords_is_told() {
    let fixture = fixture();
    let arguments = ["app-password", "add", "alice-test", "--label", "phone"];
    let run = fixture.run(&[&arguments[..], &["--service", "dovecot,smtp"]].concat());
    let run = run.expect(0, &["warning: no rule for smtp has app passwords"]);
    assert!(!run.text().contains("no rule for dovecot"));
}

#[test]
fn of_several_that_are_added_at_once_none_is_lost() {
    let fixture = fixture();
    thread::scope(|scope| {
        for number in 0..8 {
            let fixture = &fixture;
            scope.spawn(move || add(fixture, &format!("app{number}"), &["--service", "dovecot"]));
        }
    });
    assert_eq!(labels(&fixture).len(), 8);
}

#[test]
fn somebodys_broken_file_does_not_hide_the_others() {
    let fixture = fixture();
    add(&fixture, "phone", &["--service", "dovecot"]);
    let arguments = ["app-password", "add", "bob-test", "--label", "phone"];
    let run = fixture.run(&[&arguments[..], &["--service", "dovecot"]].concat());
    run.expect(0, &[]);
    let file = fixture.path("factors/alice-test/app-passwords");
    fs::write(&file, "nonsense\n").unwrap();
    let run = fixture.run(&["app-password", "list"]);
    run.expect(2, &["its first line is not", "bob-test  phone"]);
}

#[test]
fn a_rule_in_which_app_passwords_are_of_no_use_is_told() {
    let check = |rule: &str| {
        let fixture = Fixture::new(&format!("{GUESTS}{rule}"));
        let pam = fixture.path("pam.d");
        fs::create_dir(&pam).unwrap();
        let run = fixture.run(&["check", "--pam-dir", pam.to_str().unwrap()]);
        run.text()
    };
    let text = check(RULE);
    assert!(!text.contains("app passwords"), "{text}");
    let text = check(&RULE.replace("then = [\"totp\"]\n", ""));
    let words = "takes a person's own password of guests, too, and asks for no second factor";
    assert!(text.contains(words), "{text}");
    let text = check(&RULE.replace(", \"guests\"", ""));
    assert!(
        text.contains("asks app alone, which knows no account"),
        "{text}"
    );
    let text = check(&RULE.replace("[\"dovecot\"]", "[\"*\"]"));
    let words = "\"app\" has app passwords: only a rule with `service` may name it";
    assert!(text.contains(words), "{text}");
}

#[test]
fn explain_says_that_an_app_password_needs_no_code() {
    let fixture = fixture();
    let run = fixture.run(&["explain", "--user", "alice-test", "--service", "dovecot"]);
    let text = run.text();
    assert!(text.contains("nothing more if app accepts"), "{text}");
}

#[test]
fn a_program_that_cannot_ask_may_have_app_passwords_in_place_of_codes() {
    let check = |config: &str| {
        let fixture = Fixture::new(config);
        fixture.write(
            "pam.d/dovecot",
            "auth required pam_authchain.so config=DIR/authchain.toml\n",
        );
        let pam = fixture.path("pam.d");
        fixture
            .run(&["check", "--pam-dir", pam.to_str().unwrap()])
            .text()
    };
    let words = "whose program gives the password as the answer to every question";
    let text = check(&format!("{GUESTS}{RULE}"));
    assert!(!text.contains(words), "{text}");
    let without = RULE.replace("\"app\", ", "");
    let text = check(&format!("{GUESTS}{without}"));
    assert!(text.contains(words), "{text}");
}

#[test]
fn a_password_is_bound_to_the_user_id_of_the_account_that_its_services_ask() {
    let corp = "[backend.corp]\ntype = \"local\"\npasswd = \"DIR/corp/passwd\"\n\
                shadow = \"DIR/corp/shadow\"\n";
    let rule = RULE.replace("\"guests\"]", "\"corp\"]");
    let fixture = with_people(&format!("{GUESTS}{corp}{rule}"));
    fixture.write("corp/passwd", "alice-test:x:80000:80000::/:/bin/sh\n");
    add(&fixture, "phone", &["--service", "dovecot"]);
    add(&fixture, "printer", &["--service", "cups"]);
    let list = list(&fixture);
    assert_eq!(
        (&list[0]["uid"], &list[1]["uid"]),
        (&json!(80_000), &json!(70_000))
    );
}

#[test]
fn nobody_has_app_passwords_whom_nobody_knows_or_about_whom_a_backend_cannot_say() {
    let add = |fixture: &Fixture, name: &str| {
        let arguments = ["app-password", "add", name, "--label", "phone"];
        fixture.run(&[&arguments[..], &["--service", "dovecot"]].concat())
    };
    let fixture = fixture();
    add(&fixture, "carol-test").expect(1, &["neither the system nor a backend knows carol-test"]);
    fs::remove_file(fixture.path("passwd")).unwrap();
    add(&fixture, "carol-test").expect(2, &["guests cannot say who carol-test is: "]);
    assert!(!fixture.path("factors").exists());
}
