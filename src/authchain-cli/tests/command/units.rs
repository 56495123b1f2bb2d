//! `authchain check` on the systemd units of services that ask servers.

use crate::fixture::{Fixture, Run};

const CORP: &str = "chain = [\"local\", \"corp\"]\nworker = \"DIR/worker\"\n[backend.corp]\n\
    type = \"ldap\"\nuris = [\"ldaps://ldap.invalid\"]\nbase = \"dc=example\"\n";

const STACK: &str = "auth required pam_authchain.so\naccount required pam_authchain.so\n";

fn fixture() -> Fixture {
    let fixture = Fixture::new(CORP);
    fixture.add_modules();
    fixture.write("pam.d/sshd", STACK);
    fixture
}

fn check(fixture: &Fixture) -> Run {
    let [pam, modules, etc, usr] =
        ["pam.d", "modules", "etc", "usr"].map(|name| fixture.path(name));
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let folders = [path(&pam), path(&modules), path(&etc), path(&usr)];
    let [pam, modules, etc, usr] = &folders;
    fixture.run(&[
        "check",
        "--pam-dir",
        pam,
        "--module-dir",
        modules,
        "--unit-dir",
        etc,
        "--unit-dir",
        usr,
    ])
}

#[test]
fn a_unit_is_read_with_its_drop_ins_and_the_correction_is_named() {
    let fixture = fixture();
    fixture.write("usr/ssh.service", "[Service]\nPrivateNetwork=yes\n");
    let drop_in = "[Service]\nPrivateNetwork=no\nSystemCallFilter=@system-service\n";
    fixture.write("etc/ssh.service.d/walls.conf", drop_in);
    let run = check(&fixture);
    let text = run.text();
    for words in [
        "systemd units: ssh.service",
        "etc/ssh.service.d/walls.conf:3: the worker has no Landlock",
        "write SystemCallFilter=landlock_create_ruleset",
        "concerns: sshd",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("PrivateNetwork"), "{text}");
}

#[test]
fn polkits_helper_without_a_network_has_one_warning_of_its_own() {
    let fixture = fixture();
    fixture.write("pam.d/polkit-1", STACK);
    let unit = "[Service]\nPrivateNetwork=yes\nRestrictAddressFamilies=AF_UNIX\n";
    fixture.write("usr/polkit-agent-helper@.service", unit);
    let text = check(&fixture).text();
    for words in [
        "usr/polkit-agent-helper@.service:2: polkit asks PAM in this service",
        "concerns: polkit-1",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("RestrictAddressFamilies"), "{text}");
}

#[test]
fn a_service_that_asks_no_server_may_have_any_unit() {
    let fixture = Fixture::with_system();
    fixture.add_modules();
    fixture.write("pam.d/sshd", STACK);
    fixture.write("usr/ssh.service", "[Service]\nPrivateNetwork=yes\n");
    let text = check(&fixture).text();
    assert!(!text.contains("ssh.service"), "{text}");
}

#[test]
fn a_binary_or_too_large_unit_is_reported_or_ignored() {
    let fixture = fixture();
    let huge = format!("[Service]\nSystemCallFilter={}\n", "x ".repeat(1 << 20));
    fixture.write("usr/ssh.service", &huge);
    fixture.write(
        "usr/sshd.service",
        "[Service\n=\n[Service]\n\u{1b}[31m=\\\n\\\n",
    );
    let text = check(&fixture).text();
    assert!(text.contains("ssh.service: larger than"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}
