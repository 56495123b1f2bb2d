//! Names under which no login finds a second factor or an app password.

use std::fs;

use crate::fixture::{Fixture, Run, WITH_SYSTEM};

/// A domain whose people may put its name in front of their own, and a rule with app passwords.
const DOMAIN: &str = "[backend.corp]\ntype = \"active_directory\"\ndomain = \"example.com\"\n\
                      netbios_name = \"EXAMPLE\"\n[backend.app]\ntype = \"app_passwords\"\n\
                      [[rule]]\nservice = [\"dovecot\"]\nchain = [\"app\", \"corp\"]\n\
                      then = [\"totp\"]\n";

fn fixture(chain: &str) -> Fixture {
    let config = WITH_SYSTEM.replace("[\"local\", \"guests\"]", chain);
    let fixture = Fixture::with_system();
    fixture.write("authchain.toml", &format!("{config}{DOMAIN}"));
    let passwd = fixture.read("etc/passwd");
    fixture.write(
        "etc/passwd",
        &format!("{passwd}alice:x:70006:1::/:/bin/sh\n"),
    );
    fixture
}

fn add(fixture: &Fixture, name: &str) -> Run {
    let arguments = ["app-password", "add", name, "--label", "phone"];
    fixture.run(&[&arguments[..], &["--service", "dovecot"]].concat())
}

#[test]
fn a_name_with_a_domain_is_enrolled_without_it() {
    let fixture = fixture("[\"local\", \"corp\"]");
    let words = ["the name that counts is \"alice\""];
    for name in ["EXAMPLE\\alice", "alice@example.com"] {
        let enrol = fixture.run(&["totp", "enrol", name, "--json"]);
        enrol.expect(1, &words);
        let import = fixture.run(&["totp", "import", name, "--oath", "/none"]);
        import.expect(1, &words);
        add(&fixture, name).expect(1, &words);
        // What there is can be seen, and ended.
        fixture
            .run(&["totp", "disable", name])
            .expect(1, &["is not enrolled"]);
    }
    fixture.write("staff", "EXAMPLE\\bob\nalice\n");
    let staff = fixture.path("staff");
    let run = fixture.run(&["totp", "enrol", "--file", staff.to_str().unwrap(), "--json"]);
    run.expect(
        1,
        &["the name that counts is \"bob\"", "\"user\":\"alice\""],
    );
    let passwd = fixture.read("etc/passwd");
    fixture.write(
        "etc/passwd",
        &format!("{passwd}alice:x:70006:1::/:/bin/sh\n"),
    );
    add(&fixture, "alice").expect(0, &[]);
}

#[test]
fn a_name_with_a_domain_counts_where_no_backend_takes_the_domain_off() {
    let fixture = Fixture::new(&WITH_SYSTEM.replace("[\"local\", \"guests\"]", "[\"guests\"]"));
    let enrol = fixture.run(&["totp", "enrol", "alice@example.com", "--json"]);
    enrol.expect(0, &[]);
}

#[test]
fn app_passwords_of_a_system_name_are_refused() {
    let fixture = fixture("[\"local\", \"corp\"]");
    add(&fixture, "daemon").expect(1, &["daemon is a system name (user id 1 in "]);
}

#[test]
fn names_that_no_login_reaches_are_reported() {
    let fixture = fixture("[\"local\", \"corp\"]");
    let enrol = fixture.run(&["totp", "enrol", "alice", "--json"]);
    enrol.expect(0, &[]);
    add(&fixture, "alice").expect(0, &[]);
    let quiet = fixture.check().text();
    let alice = fixture.path("factors/alice");
    fs::rename(alice.join("totp.pending"), alice.join("totp")).unwrap();
    for name in ["example\\alice", "Alice", "daemon"] {
        let copy = fixture.path("factors").join(name);
        let copied = std::process::Command::new("cp")
            .arg("-a")
            .args([&alice, &copy])
            .status();
        assert!(copied.unwrap().success());
    }
    let text = fixture.check().text();
    for words in [
        "example\\alice has a second factor, which people who type \"alice\" are not asked for",
        "example\\alice has app passwords, which people who type \"alice\" cannot use",
        "Alice has a second factor, which no login reads: the folder needs small letters",
        "daemon has app passwords, which no login reads: user id 1 is the system's own",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
        assert!(!quiet.contains(words), "{words}\n{quiet}");
    }
    assert!(!text.contains("factors/alice: "), "{text}");
}
