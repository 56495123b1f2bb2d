//! The messages of `authchain check` about second factors.

use crate::fixture::{Fixture, Run, WITH_SYSTEM, is_root};

const STACK: &str = "auth required pam_authchain.so\naccount required pam_authchain.so\n";

/// A rule that asks for a code in one service.
fn asking(service: &str, more: &str) -> String {
    format!("[[rule]]\nservice = [\"{service}\"]\nthen = [\"totp\"]\n{more}")
}

fn fixture(rules: &str) -> Fixture {
    let fixture = Fixture::with_system();
    fixture.add_modules();
    fixture.write(
        "authchain.toml",
        &WITH_SYSTEM.replace("[backend.local]", &format!("{rules}[backend.local]")),
    );
    fixture
}

fn check(fixture: &Fixture) -> Run {
    let [pam, modules, sshd] = ["pam.d", "modules", "sshd_config"].map(|name| fixture.path(name));
    std::fs::create_dir_all(&pam).unwrap();
    fixture.run(&[
        "check",
        "--pam-dir",
        pam.to_str().unwrap(),
        "--module-dir",
        modules.to_str().unwrap(),
        "--sshd-config",
        sshd.to_str().unwrap(),
    ])
}

fn enrol(fixture: &Fixture, user: &str) {
    let secret = "3132333435363738393031323334353637383930";
    fixture.write("oath", &format!("HOTP/T30 {user} - {secret}\n"));
    fixture.chmod("oath", 0o600);
    let oath = fixture.path("oath");
    fixture
        .run(&["totp", "import", user, "--oath", oath.to_str().unwrap()])
        .expect(0, &[]);
}

#[test]
fn whoever_is_asked_for_a_code_without_being_enrolled_is_told_of() {
    let shut_out = "root is not enrolled, and a code is asked for wherever root may log in";
    let nobody = "nobody is enrolled, and so nobody gets in by the keys at the top";
    for (rules, code, expected, unexpected) in [
        ("then = [\"totp\"]\n", 2, nobody, "never"),
        ("then = [\"totp\"]\n", 2, shut_out, "never"),
        (
            "then = [\"totp\"]\nnot_enrolled = \"skip\"\n",
            0,
            "configuration",
            nobody,
        ),
        (
            "then = [\"totp\"]\nenrol = \"self\"\n",
            0,
            "configuration",
            shut_out,
        ),
        (&asking("sshd", ""), 1, "gets in by rule 1", shut_out),
        (
            "then = [\"totp\"]\n[[rule]]\nservice = [\"login\"]\nthen = []\n",
            1,
            nobody,
            shut_out,
        ),
        (
            "then = [\"totp\"]\n[[rule]]\nuser = [\"root\"]\nnot_enrolled = \"skip\"\n",
            1,
            nobody,
            shut_out,
        ),
    ] {
        let fixture = fixture("");
        // Keys of the top come before all sections.
        fixture.write(
            "authchain.toml",
            &WITH_SYSTEM.replacen("[backend.local]", &format!("{rules}[backend.local]"), 1),
        );
        let run = check(&fixture);
        let text = run.text();
        assert!(run.code >= code, "{rules}: {text}");
        assert!(text.contains(expected) || code == 0, "{rules}: {text}");
        assert!(!text.contains(unexpected), "{rules}: {text}");
    }
}

#[test]
fn an_enrolled_root_is_not_shut_out() {
    let fixture = fixture("then = [\"totp\"]\n");
    enrol(&fixture, "root");
    let text = check(&fixture).text();
    assert!(!text.contains("is not enrolled"), "{text}");
    assert!(!text.contains("nobody is enrolled"), "{text}");
}

#[test]
fn a_program_that_cannot_ask_or_cannot_see_is_told_of() {
    let once = "gives the password as the answer to every question";
    let fixture = fixture(&asking("dovecot", ""));
    fixture.write("pam.d/dovecot", STACK);
    check(&fixture).expect(1, &[once, "code = \"appended\""]);
    let appended = asking("dovecot", "code = \"appended\"\n");
    fixture.write(
        "authchain.toml",
        &WITH_SYSTEM.replace("[backend.local]", &format!("{appended}[backend.local]")),
    );
    let text = check(&fixture).text();
    assert!(!text.contains(once), "{text}");
    fixture.write(
        "authchain.toml",
        &WITH_SYSTEM.replace("[backend.local]", "then = [\"totp\"]\n[backend.local]"),
    );
    fixture.write("pam.d/swaylock", STACK);
    check(&fixture).expect(
        2,
        &[once, "swaylock, whose program is not root", "then = []"],
    );
}

#[test]
fn an_sshd_that_does_not_ask_and_a_key_that_passes_the_code_by_are_told_of() {
    let alone = "a key alone passes it by";
    let silent = "sshd does not ask";
    let cannot = "method password cannot ask for it";
    for (more, sshd, expected, unexpected) in [
        (
            "",
            "KbdInteractiveAuthentication no\n",
            vec!["warning", silent],
            "never",
        ),
        ("", "UsePAM yes\n", vec!["note: ", alone], silent),
        (
            "publickey = \"counts\"\n",
            "UsePAM yes\n",
            vec!["warning: ", alone],
            silent,
        ),
        ("", "PubkeyAuthentication no\n", vec!["sshd"], alone),
        ("", "UsePAM yes\n", vec!["warning", cannot], silent),
        ("", "PasswordAuthentication no\n", vec!["sshd"], cannot),
        (
            "",
            "AuthenticationMethods publickey,keyboard-interactive\n",
            vec!["sshd"],
            cannot,
        ),
        (
            "",
            "AuthenticationMethods password\n",
            vec!["warning", cannot],
            silent,
        ),
        (
            "code = \"appended\"\n",
            "UsePAM yes\n",
            vec!["sshd"],
            cannot,
        ),
        (
            "publickey = \"counts\"\n",
            "AuthenticationMethods publickey,keyboard-interactive\n",
            vec!["sshd"],
            alone,
        ),
    ] {
        let fixture = fixture(&asking("sshd", more));
        enrol(&fixture, "alice-test");
        fixture.write("pam.d/sshd", STACK);
        fixture.write("sshd_config", sshd);
        let text = check(&fixture).text();
        for words in expected {
            assert!(text.contains(words), "{sshd}: {words}: {text}");
        }
        assert!(!text.contains(unexpected), "{sshd}: {text}");
    }
}

#[test]
fn a_factor_that_nobody_is_asked_for_is_told_of() {
    let fixture = fixture("[backend.code]\ntype = \"totp\"\n");
    check(&fixture).expect(1, &["nobody is asked for code: no `then` names it"]);
}

#[test]
fn files_that_others_may_read_are_told_of() {
    let fixture = fixture("then = [\"totp\"]\nnot_enrolled = \"skip\"\n");
    enrol(&fixture, "alice-test");
    fixture.chmod("factors/alice-test/totp", 0o644);
    check(&fixture).expect(2, &["mode 0644", "alice-test is refused where a factor"]);
    fixture.chmod("factors/alice-test/totp", 0o600);
    fixture.chmod("factors", 0o755);
    check(&fixture).expect(1, &["others can see who is enrolled"]);
    fixture.chmod("factors", 0o700);
    std::fs::remove_file(fixture.path("factors/alice-test/ledger.1")).unwrap();
    check(&fixture).expect(2, &["there is no ledger"]);
}

#[test]
fn nobody_else_can_tell_who_is_enrolled() {
    if !is_root() {
        return;
    }
    let fixture = fixture("then = [\"totp\"]\n");
    enrol(&fixture, "alice-test");
    let mut command = fixture.command_of_nobody(&["check", "--pam-dir", "/none"]);
    let run = crate::fixture::finish(&mut command, "");
    assert!(
        run.text().contains("factors: you may not read it"),
        "{}",
        run.text()
    );
    assert!(!run.text().contains("is not enrolled"), "{}", run.text());
}
