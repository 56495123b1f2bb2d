//! Backends with a worker, under the real libpam: whatever worker and host do to each other, the
//! result is a code and a reason, and the host is unchanged.

mod answers;
mod hosts;
mod process;
mod servers;

use authchain_tests::host::built;
use authchain_tests::host::scene::{Phase, QUIET, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::pattern::fits;

const LOGIN: [Phase; 2] = [Phase::Authenticate, Phase::Account];

/// A login of alice, who knows the password, with a worker of this kind.
fn scene(kind: &str) -> Scene {
    let mut scene = Scene::new("alice", &["opensesame"]);
    let worker = built::fake_worker();
    scene.config = Some(format!(
        "{QUIET}chain = [\"corp\"]\npasswd_file = \"{{dir}}/passwd\"\nrun_dir = \"{{dir}}/run\"\n\
         worker = {worker:?}\n[backend.corp]\ntype = \"ldap\"\nuris = [\"ldap://one\"]\n\
         base = \"cn={kind}\"\ntls_ca_file = \"{{dir}}/word\"\ntimeout = \"5s\"\n"
    ));
    scene.files = [("passwd".to_owned(), String::new())].into();
    scene
}

fn configured(mut scene: Scene, from: &str, to: &str) -> Scene {
    let config = scene.config.as_mut().unwrap();
    assert!(config.contains(from), "{config}");
    *config = config.replace(from, to);
    scene
}

/// Plays the scene. No call may print anything or change the state of the host.
fn played(scene: &Scene) -> Report {
    clean(Transaction::run(scene))
}

fn clean(report: Report) -> Report {
    assert_eq!(report.output, "", "{report:#?}");
    assert_eq!(report.changes, [""; 0], "{report:#?}");
    report
}

/// Checks that the last log line says just this about corp. Without an answer, the line has no
/// name.
fn assert_why(report: &Report, why: &str) {
    let last = report.log_lines.last().unwrap();
    let pattern = format!("...pam_authchain(stage:auth): ...: corp {why} (<n> ms)");
    assert!(fits(&pattern, last), "{why}: {report:#?}");
}

/// A login with two backends, and a worker of another kind behind each.
fn two(first: &str, second: &str) -> Scene {
    let mut scene = configured(scene(second), "[\"corp\"]", "[\"before\", \"corp\"]");
    let config = scene.config.as_mut().unwrap();
    let section = config.find("[backend.corp]").unwrap();
    let before = config[section..].replace("corp", "before");
    config.push_str(&before.replace(&format!("cn={second}"), &format!("cn={first}")));
    scene
}
