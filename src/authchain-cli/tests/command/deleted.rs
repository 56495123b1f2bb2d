//! What somebody leaves behind whose account is deleted.

use std::fs;

use crate::fixture::{Fixture, GUESTS, WITH_SYSTEM};

const PASSWD: &str = "alice-test:x:70000:70000::/home/alice-test:/bin/sh\n";

const RULE: &str = "[backend.app]\ntype = \"app_passwords\"\n[[rule]]\nservice = [\"dovecot\"]\n\
                    chain = [\"app\", \"guests\"]\nthen = [\"totp\"]\n";

/// Makes a folder in which alice has two app passwords, and an enrolment that waits.
fn fixture(config: &str) -> Fixture {
    let fixture = Fixture::new(&format!("{config}{RULE}"));
    fixture.write("etc/passwd", "");
    fixture.write("passwd", PASSWD);
    fixture.write("shadow", "alice-test:*:1::::::\n");
    fixture.chmod("shadow", 0o600);
    for label in ["phone", "laptop"] {
        let arguments = ["app-password", "add", "alice-test", "--label", label];
        let run = fixture.run(&[&arguments[..], &["--service", "dovecot"]].concat());
        run.expect(0, &[]);
    }
    let enrolled = fixture.run(&["totp", "enrol", "alice-test", "--json"]);
    enrolled.expect(0, &[]);
    let pending = fixture.path("factors/alice-test/totp.pending");
    fs::copy(&pending, pending.with_file_name("totp")).unwrap();
    fixture
}

fn delete(fixture: &Fixture, more: &[&str], words: &[&str]) {
    let arguments = ["user", "del", "alice-test", "--yes"];
    let run = fixture.run(&[&arguments[..], more].concat());
    run.expect(0, words);
}

#[test]
fn somebody_new_of_the_name_of_a_deleted_account_inherits_no_factor_and_no_password() {
    for more in [&[][..], &["--backend", "guests"]] {
        let fixture = fixture(GUESTS);
        let words = [
            "alice-test is deleted",
            "2 app passwords of alice-test are void",
            "alice-test is not enrolled any more",
        ];
        delete(&fixture, more, &words);
        for name in ["totp", "totp.pending"] {
            assert!(!fixture.path("factors/alice-test").join(name).exists());
        }
        let list = fixture.run(&["app-password", "list", "--json"]);
        assert_eq!(list.expect(0, &[]).out, "[]\n");
        // What was counted stays.
        assert!(fixture.path("factors/alice-test/ledger.1").exists());
    }
}

#[test]
fn app_passwords_of_the_name_in_other_letters_end_unless_somebody_has_just_that_name() {
    let in_capitals = PASSWD.replace("alice-test:", "ALICE-TEST:");
    for (passwd, words) in [
        (PASSWD.to_owned(), "2 app passwords of ALICE-TEST are void"),
        (
            format!("{PASSWD}{in_capitals}"),
            "ALICE-TEST keeps app passwords: guests knows ALICE-TEST, too",
        ),
    ] {
        let fixture = fixture(GUESTS);
        fixture.write("passwd", &passwd);
        let [own, other] = ["alice-test", "ALICE-TEST"].map(|name| {
            let folder = fixture.path("factors").join(name);
            (folder.clone(), folder.join("app-passwords"))
        });
        fs::create_dir(&other.0).unwrap();
        fixture.chmod("factors/ALICE-TEST", 0o700);
        fs::copy(own.1, other.1).unwrap();
        delete(&fixture, &[], &[words]);
    }
}

#[test]
fn an_enrolment_stays_where_another_backend_knows_the_name() {
    let fixture = fixture(WITH_SYSTEM);
    fixture.write("etc/passwd", PASSWD);
    fixture.write("etc/shadow", "alice-test:*:1::::::\n");
    fixture.chmod("etc/shadow", 0o600);
    let words = [
        "2 app passwords of alice-test are void",
        "alice-test stays enrolled: local knows alice-test, too",
    ];
    delete(&fixture, &[], &words);
    assert!(fixture.path("factors/alice-test/totp").exists());
}

#[test]
fn an_enrolment_stays_where_a_backend_of_a_rule_alone_knows_the_name() {
    let corp = "[backend.corp]\ntype = \"local\"\npasswd = \"DIR/corp/passwd\"\n\
                shadow = \"DIR/corp/shadow\"\n[[rule]]\nservice = [\"sshd\"]\nchain = [\"corp\"]\n";
    let fixture = fixture(&format!("{GUESTS}{corp}"));
    fixture.write("corp/passwd", PASSWD);
    let words = ["alice-test stays enrolled: corp knows alice-test, too"];
    delete(&fixture, &[], &words);
    assert!(fixture.path("factors/alice-test/totp").exists());
}

#[test]
fn an_enrolment_stays_where_somebody_has_the_name_in_other_letters() {
    let in_capitals = PASSWD.replace("alice-test:", "Alice-Test:");
    for (deleted, kept) in [("Alice-Test", "alice-test"), ("alice-test", "Alice-Test")] {
        let fixture = fixture(GUESTS);
        fixture.write("passwd", &format!("{PASSWD}{in_capitals}"));
        let run = fixture.run(&["user", "del", deleted, "--yes"]);
        let words = format!("{deleted} stays enrolled: guests knows {kept}, too");
        run.expect(0, &[&words]);
        assert!(fixture.path("factors/alice-test/totp").exists());
    }
}

#[test]
fn an_enrolment_stays_where_the_configuration_is_broken() {
    let fixture = fixture(GUESTS);
    let config = fixture.read("authchain.toml");
    fixture.write(
        "authchain.toml",
        &format!("{config}[backend.corp]\ntype = \"ldap\"\n"),
    );
    let run = fixture.run(&["user", "del", "alice-test", "--yes", "--backend", "guests"]);
    let words = [
        "alice-test is deleted from guests",
        "alice-test stays enrolled: the configuration is broken",
    ];
    run.expect(0, &words);
    assert!(fixture.path("factors/alice-test/totp").exists());
}

#[test]
fn no_account_is_deleted_whose_app_passwords_cannot_be_made_void() {
    for more in [&[][..], &["--backend", "guests"]] {
        let fixture = fixture(GUESTS);
        let file = fixture.path("factors/alice-test/app-passwords");
        fs::write(&file, "nonsense\n").unwrap();
        let arguments = ["user", "del", "alice-test", "--yes"];
        let run = fixture.run(&[&arguments[..], more].concat());
        run.expect(2, &["its first line is not"]);
        assert_eq!(fixture.read("passwd"), PASSWD);
    }
}

#[test]
fn what_an_interrupted_deletion_has_left_is_ended_by_the_next_unless_somebody_has_the_name() {
    let arguments = ["user", "del", "alice-test", "--yes"];
    for (more, refusal) in [
        (&[][..], "alice-test has no account here"),
        (&["--backend", "guests"], "guests does not know alice-test"),
    ] {
        let fixture = fixture(WITH_SYSTEM);
        fixture.write("passwd", "");
        let again = || fixture.run(&[&arguments[..], more].concat());
        fixture.write("etc/passwd", PASSWD);
        assert!(!again().expect(1, &[refusal]).text().contains("void"));
        assert!(fixture.path("factors/alice-test/totp").exists());
        fixture.write("etc/passwd", "");
        let words = [
            "2 app passwords of alice-test are void",
            "alice-test is not enrolled any more",
            refusal,
        ];
        again().expect(1, &words);
    }
}
