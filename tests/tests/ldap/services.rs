//! Hosts in the sandboxes of services: the result of a login, and the setting that the log names.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use authchain_tests::host::built;
use authchain_tests::host::codes::{AUTHINFO_UNAVAIL, SUCCESS, SYSTEM_ERR};
use authchain_tests::host::sandbox::Sandbox;
use authchain_tests::host::scene::{Call, Phase, QUIET, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;
use authchain_tests::pattern::fits;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::slapd::{Plan, Slapd};
use authchain_tests::worker::open_folder;

/// A login of alice by a host in `sandbox`.
fn login(slapd: &Slapd, sandbox: Sandbox) -> Report {
    let mut scene = Scene::new("alice", &["pw-alice"]);
    let (worker, keys) = (built::worker(), slapd.settings_as_toml());
    scene.config = Some(format!(
        "{QUIET}chain = [\"corp\"]\npasswd_file = \"{{dir}}/passwd\"\nrun_dir = \"{{dir}}/run\"\n\
         worker = {worker:?}\n[backend.corp]\ntype = \"ldap\"\n{keys}"
    ));
    scene.files = [("passwd".to_owned(), String::new())].into();
    scene.script.process.sandbox = Some(sandbox);
    Transaction::run(&scene)
}

/// Asserts that alice's login in `sandbox` has this answer, and that the log has such a line.
fn assert_login(slapd: &Slapd, sandbox: Sandbox, code: i32, pattern: &str) {
    let report = login(slapd, sandbox);
    assert_eq!(report.codes, [code], "{sandbox:?}: {report:#?}");
    let is_said = report.log_lines.iter().any(|line| fits(pattern, line));
    assert!(is_said, "{sandbox:?}: {report:#?}");
}

#[test]
fn a_directory_person_logs_in_at_a_service_with_the_filter_of_system_service() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    for (sandbox, pattern) in [
        (
            Sandbox::SystemService,
            "...corp: no Landlock...the service's SystemCallFilter forbids it...",
        ),
        (
            Sandbox::SystemServiceWithError,
            "...corp: no Landlock...or the service's SystemCallFilter forbids it...",
        ),
    ] {
        assert_login(&slapd, sandbox, SUCCESS, pattern);
    }
}

#[test]
fn a_service_without_writable_code_is_in_nobodys_way() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let report = login(&slapd, Sandbox::NoWriteExecute);
    assert_eq!(report.codes, [SUCCESS], "{report:#?}");
    let accepted = "INFO pam_authchain(stage:auth): alice: corp: accepted (<n> ms)";
    assert!(fits(accepted, &report.log_lines.concat()), "{report:#?}");
}

#[test]
fn what_a_service_takes_from_the_worker_is_named_with_its_cure() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    for (sandbox, pattern) in [
        (
            Sandbox::WithoutSetuid,
            "...corp failed: the service's SystemCallFilter kills the worker...must allow \
             @system-service...",
        ),
        (
            Sandbox::WithoutSetuidWithError,
            "...corp failed: the worker cannot ...: the service's SystemCallFilter forbids \
             it; its unit must allow @system-service...",
        ),
        (
            Sandbox::UnixOnly,
            "...corp failed: the service's RestrictAddressFamilies keeps the worker from \
             every server; its unit must allow AF_INET AF_INET6...",
        ),
        (
            Sandbox::WithoutSetgid,
            "...corp failed: the worker cannot ...: the service lacks CAP_SETGID; its unit \
             must keep it in CapabilityBoundingSet...",
        ),
        (
            Sandbox::RootAlone,
            "...corp failed: the worker cannot take its own group id: its user namespace \
             lacks this id...",
        ),
        (
            Sandbox::RootAloneInAGroup,
            "...corp failed: the worker cannot drop the supplementary groups: its user \
             namespace forbids setgroups...",
        ),
    ] {
        assert_login(&slapd, sandbox, SYSTEM_ERR, pattern);
    }
}

/// A login and the account question by a host that is not root, with this chain and these keys of
/// its directory.
fn unprivileged(slapd: &Slapd, chain: &str, keys: &[&str]) -> Report {
    let settings = slapd.settings_as_toml();
    let keys: String = (settings.lines().chain(keys.iter().copied()))
        .filter(|line| keys.is_empty() || !line.starts_with("bind_"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut scene = Scene::new("alice", &["pw-alice"]);
    scene.config = Some(format!(
        "{QUIET}chain = {chain}\nrun_dir = \"{{dir}}/run\"\nworker = \"{{dir}}/worker\"\n\
         [backend.corp]\ntype = \"ldap\"\n{keys}"
    ));
    scene.script.process.uid = Some(65_533);
    let scene = scene.calling(&[Phase::Authenticate, Phase::Account].map(Call::new));
    let stage = Transaction::set(&scene);
    built::copy(built::worker(), stage.path().join("worker"));
    stage.play(&scene)
}

#[test]
fn a_host_that_is_not_root_lets_directory_people_in_by_a_template_and_complains_of_nothing() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let template = "user_dn_template = \"uid=%u,ou=people,dc=example,dc=test\"";
    let report = unprivileged(&slapd, "[\"corp\"]", &[template]);
    assert_eq!(report.codes[0], SUCCESS, "{report:#?}");
    let accepted = "INFO pam_authchain(stage:auth): alice: corp: accepted (<n> ms)";
    assert!(fits(accepted, &report.log_lines[0]), "{report:#?}");
    // The system's configuration names files that only root may read.
    let report = unprivileged(&slapd, "[\"local\", \"corp\"]", &[]);
    assert_eq!(report.codes, [AUTHINFO_UNAVAIL; 2], "{report:#?}");
    let [login, account] = report.log_lines.as_slice() else {
        panic!("{report:#?}");
    };
    let denied = "...: local: unknown; corp unavailable: ...: permission denied (<n> ms)";
    for line in [login, account] {
        assert!(fits(&format!("DEBUG {denied}"), line), "{line}");
    }
}

/// The caller of su chooses how many descriptors there are.
#[test]
fn a_worker_with_too_few_descriptors_calls_no_server_unavailable() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let folder = open_folder();
    let mut corp = Asker::new(slapd.settings());
    let program = std::mem::replace(&mut corp.worker, folder.path().join("worker"));
    let mut has_failed = false;
    // With three descriptors, no library can be loaded.
    for count in 4..20 {
        let script = format!(
            "#!/bin/sh\nulimit -n {count} && exec {}\n",
            program.display()
        );
        fs::write(&corp.worker, script).unwrap();
        fs::set_permissions(&corp.worker, Permissions::from_mode(0o755)).unwrap();
        let told = corp.login("alice", "pw-alice");
        assert!(told.conclusion.servers.down.is_empty(), "{count}: {told:?}");
        has_failed |= told.failed().is_some();
        assert_ne!(
            told.failed().is_some(),
            told.is_accepted(),
            "{count}: {told:?}"
        );
    }
    assert!(has_failed && corp.login("alice", "pw-alice").is_accepted());
}
