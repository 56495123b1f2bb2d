//! The worker as a process: the owner of its program, what it inherits, and its end.

use std::fs;
use std::time::{Duration, Instant};

use authchain_tests::host::built;
use authchain_tests::host::codes::{SERVICE_ERR, SUCCESS, SYSTEM_ERR};
use authchain_tests::host::sandbox::Sandbox;
use authchain_tests::host::scene::{Children, Limit};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;

use super::{assert_why, clean, configured, played, scene};

#[test]
fn a_worker_that_is_not_there_or_not_to_be_trusted_is_a_system_error() {
    let worker = built::fake_worker().display().to_string();
    let files = [
        (
            "text",
            0o755,
            "worker: cannot be started: Exec format error",
        ),
        (
            "loose",
            0o775,
            "worker {dir}/loose: mode 0775 lets others write it; use chmod go-w",
        ),
        (
            "plain",
            0o644,
            "worker {dir}/plain: not executable; use chmod 0755",
        ),
        ("none", 0, "worker {dir}/none: no such file"),
    ];
    for (name, mode, why) in files {
        let mut scene = configured(scene("obliging"), &worker, &format!("{{dir}}/{name}"));
        if mode != 0 {
            scene.files.insert(name.to_owned(), "no program".to_owned());
        }
        let stage = Transaction::set(&scene);
        if mode != 0 {
            let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
            fs::set_permissions(stage.path().join(name), permissions).unwrap();
        }
        let report = clean(stage.play(&scene));
        assert_eq!(report.codes, [SYSTEM_ERR], "{report:#?}");
        assert_why(&report, &format!("failed: {why}"));
    }
}

#[test]
fn a_worker_that_somebody_else_could_replace_is_not_started() {
    let worker = built::fake_worker();
    let scene = configured(
        scene("obliging"),
        worker.to_str().unwrap(),
        "{dir}/open/worker",
    );
    let stage = Transaction::set(&scene);
    let folder = stage.path().join("open");
    fs::create_dir(&folder).unwrap();
    built::copy(worker, folder.join("worker"));
    for (mode, code) in [(0o755, SUCCESS), (0o777, SYSTEM_ERR)] {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(&folder, permissions).unwrap();
        let report = clean(stage.play(&scene));
        assert_eq!(report.codes, [code], "{report:#?}");
        if code != SUCCESS {
            let why =
                "worker {dir}/open: mode 0777 lets others replace what is in it; use chmod go-w";
            assert_why(&report, &format!("failed: {why}"));
        }
    }
}

#[test]
fn a_worker_that_is_killed_for_a_call_is_laid_to_the_services_filter_only_where_there_is_one() {
    let worker = built::fake_worker().display().to_string();
    let killed = "failed: worker: ended without an answer: killed by SIGSYS";
    let blamed = format!(
        "{killed}, perhaps by the service's SystemCallFilter, which must allow @system-service"
    );
    for (sandbox, why) in [
        (None, killed),
        (Some(Sandbox::SystemServiceWithError), &blamed),
    ] {
        let mut scene = configured(scene("obliging"), &worker, "{dir}/worker");
        let script = "#!/bin/sh\nkill -SYS $$\n";
        scene.files.insert("worker".to_owned(), script.to_owned());
        scene.script.process.sandbox = sandbox;
        let stage = Transaction::set(&scene);
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(stage.path().join("worker"), permissions).unwrap();
        let report = clean(stage.play(&scene));
        assert_eq!(report.codes, [SYSTEM_ERR], "{report:#?}");
        assert_why(&report, why);
    }
}

#[test]
fn a_host_that_may_start_nothing_gets_a_system_error() {
    if !need::root("worker") {
        return;
    }
    let worker = built::fake_worker();
    let mut scene = configured(scene("obliging"), worker.to_str().unwrap(), "{dir}/worker");
    scene.script.process.uid = Some(65_533);
    scene.script.process.limits = [(Limit::Processes, 0)].into();
    scene.files.clear();
    let scene = configured(scene, "{dir}/passwd", "/etc/passwd");
    let stage = Transaction::set(&scene);
    built::copy(worker, stage.path().join("worker"));
    let report = clean(stage.play(&scene));
    assert_eq!(report.codes, [SYSTEM_ERR], "{report:#?}");
    let why = "failed: worker: cannot be started: the limit on processes is reached; raise \
               RLIMIT_NPROC, in a unit LimitNPROC or TasksMax";
    assert_why(&report, why);
    // A host that may start a worker without being root does.
    let mut scene = scene;
    scene.script.process.limits.clear();
    let report = clean(stage.play(&scene));
    assert_eq!(report.codes, [SUCCESS], "{report:#?}");
}

#[test]
fn the_worker_is_told_whom_to_become_and_never_root() {
    let naming = |user: &str| {
        let user = format!("worker_user = \"{user}\"\nworker =");
        configured(scene("surroundings"), "worker =", &user)
    };
    let report = played(&naming("ldapworker"));
    let told = "arguments: [\"authchain-worker\", \"--user\", \"ldapworker\"]";
    assert!(
        report.log_lines.iter().any(|line| line.ends_with(told)),
        "{report:#?}"
    );
    for user in ["root", "", ":"] {
        let report = played(&naming(user));
        assert_eq!(report.codes, [SERVICE_ERR], "{user}: {report:#?}");
    }
}

#[test]
fn a_worker_starts_with_nothing_of_the_hosts() {
    let mut scene = scene("surroundings");
    scene.script.process.blocked = true;
    scene.script.process.children = Children::Ignored;
    scene.environment = [
        ("LD_LIBRARY_PATH", "/tmp"),
        ("SSL_CERT_FILE", "/tmp/ca"),
        ("HOME", "/"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let report = played(&scene);
    let notes = [
        "blocked: 0",
        "ignored: 0",
        "variables: 0",
        "own group: true",
        "arguments: [\"authchain-worker\", \"--user\", \"authchain\"]",
        "0: socket",
        "1: socket",
        "2: /dev/null",
    ];
    for (line, note) in report.log_lines.iter().zip(notes) {
        assert_eq!(
            line,
            &format!("WARNING pam_authchain(stage:auth): corp: {note}")
        );
    }
    assert!(report.log_lines.len() > notes.len(), "{report:#?}");
}

#[test]
fn a_worker_ends_when_its_host_is_killed() {
    let scene = scene("murder");
    let stage = Transaction::set(&scene);
    assert_eq!(stage.play_to_the_death(&scene), [""; 0]);
    let word = stage.path().join("word");
    let begin = Instant::now();
    while !word.exists() {
        assert!(begin.elapsed() < Duration::from_secs(5), "the worker lives");
        std::thread::sleep(Duration::from_millis(5));
    }
}
