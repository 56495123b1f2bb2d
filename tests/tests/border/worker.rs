//! Backends with a worker, under the real libpam: whatever worker and host do to each other, it ends
//! in a code and a reason, and the host is as it was.

use std::fs;
use std::time::{Duration, Instant};

use authchain_tests::host::built;
use authchain_tests::host::codes::{
    AUTH_ERR, AUTHINFO_UNAVAIL, CONV_ERR, SERVICE_ERR, SUCCESS, SYSTEM_ERR, USER_UNKNOWN,
};
use authchain_tests::host::scene::{Call, Children, Limit, Phase, QUIET, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;
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

/// Plays the scene; nothing may be printed and nothing of the host's changed by any call.
fn played(scene: &Scene) -> Report {
    clean(Transaction::run(scene))
}

fn clean(report: Report) -> Report {
    assert_eq!(report.output, "", "{report:#?}");
    assert_eq!(report.changes, [""; 0], "{report:#?}");
    report
}

/// The last line of the log says of corp just this. Whoever is only unavailable has no name there.
fn assert_why(report: &Report, why: &str) {
    let last = report.log_lines.last().unwrap();
    let pattern = format!("...pam_authchain(stage:auth): ...: corp {why} (<n> ms)");
    assert!(fits(&pattern, last), "{why}: {report:#?}");
}

#[test]
fn a_whole_login_is_asked_of_the_worker() {
    let report = played(&scene("obliging").calling(&Call::all()));
    assert_eq!(report.codes[..5], [SUCCESS; 5], "{report:#?}");
    assert_eq!(
        report.prompts[..2],
        ["echo_off: Password: ", "info: 3 days left"]
    );
    let mut wrong = scene("obliging");
    wrong.script.answers = vec!["wrong".into()];
    let report = played(&wrong);
    assert_eq!(report.codes, [AUTH_ERR]);
    assert_why(&report, "denied: wrong password");
    let mut unknown = scene("obliging").calling(&LOGIN.map(Call::new));
    unknown.script.user = Some("nobody-here".into());
    assert_eq!(played(&unknown).codes, [USER_UNKNOWN; 2]);
}

#[test]
fn what_a_worker_does_wrong_is_a_system_error_with_its_reason() {
    for (kind, why) in [
        (
            "garbage",
            "failed: not a valid answer: worker: malformed: ...",
        ),
        (
            "endless",
            "failed: not a valid answer: worker: a line longer than 65536 bytes",
        ),
        ("closed", "failed: worker: ended without an answer"),
        (
            "gone",
            "failed: worker: ended without an answer: exit status 3",
        ),
        (
            "crashed",
            "failed: worker: ended without an answer: killed by SIGSEGV",
        ),
        (
            "stranger",
            "failed: not a valid answer: worker: a verdict about another name",
        ),
        (
            "nul",
            "failed: not a valid answer: worker: a string with a NUL in it",
        ),
        (
            "contradicting",
            "failed: not a valid answer: worker: \"accepted\" of an account that is \"locked\"",
        ),
    ] {
        let report = played(&scene(kind));
        assert_eq!(report.codes, [SYSTEM_ERR], "{kind}: {report:#?}");
        assert_why(&report, why);
        assert!(report.millis[0] < 3_000.0, "{kind}: {report:#?}");
    }
    let report = played(&scene("unavailable"));
    assert_eq!(report.codes, [AUTHINFO_UNAVAIL]);
    assert_why(&report, "unavailable: one: connect: refused");
    let report = played(&scene("locked"));
    assert_eq!(report.codes, [AUTH_ERR]);
    assert_why(&report, "denied: locked (by\\nhand)");
}

#[test]
fn a_worker_that_does_not_answer_is_killed_at_the_deadline() {
    for kind in ["silent", "mute", "drip", "orphan"] {
        let scene = configured(scene(kind), "5s", "400ms");
        let stage = Transaction::set(&scene);
        let report = clean(stage.play(&scene));
        assert_eq!(report.codes, [SYSTEM_ERR], "{kind}: {report:#?}");
        assert!(
            (400.0..900.0).contains(&report.millis[0]),
            "{kind}: {report:#?}"
        );
        assert_why(&report, "failed: worker: no answer in time");
        assert!(!still_running(stage.path()), "{kind}");
        // It may be this process or this machine that was slow.
        assert!(!stage.path().join("run").exists(), "{kind}");
    }
}

/// Whether any process was started by a host on this stage: they all speak of its directory.
fn still_running(stage: &std::path::Path) -> bool {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut command_lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let stage = stage.to_str().unwrap();
    command_lines.any(|line| String::from_utf8_lossy(&line).contains(stage))
}

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
fn a_worker_can_ask_the_person() {
    let mut scene = scene("prompts");
    scene.script.answers = ["opensesame", "123456", "blue"].map(Into::into).to_vec();
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS], "{report:#?}");
    assert_eq!(
        report.prompts,
        [
            "echo_off: Password: ",
            "info: A code was sent.",
            "echo_off: Code: ",
            "echo_on: Colour: "
        ]
    );
    scene.script.answers.truncate(2);
    let report = played(&scene);
    assert_eq!(report.codes, [CONV_ERR], "{report:#?}");
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
fn a_worker_is_told_what_the_host_said_and_no_more() {
    let mut scene = scene("echo");
    scene.script.items = [(
        authchain_tests::host::scene::Item::Rhost,
        "192.0.2.7".into(),
    )]
    .into();
    let report = played(&scene);
    let (_, told) = report.log_lines[0].split_once("corp: ").unwrap();
    let mut told: serde_json::Value = serde_json::from_str(told).unwrap();
    assert!(told["budget_ms"].take().is_u64(), "{report:#?}");
    let expected = serde_json::json!({
        "budget_ms": null,
        "password": "b3BlbnNlc2FtZQ==",
        "rhost": "192.0.2.7",
        "ruser": "",
        "service": "stage",
        "tty": "",
        "user": "alice",
    });
    assert_eq!(told, expected);
}

#[test]
fn a_host_that_reaps_every_child_never_meets_the_worker() {
    for kind in ["obliging", "crashed", "gone", "garbage"] {
        let mut scene = scene(kind).calling(&LOGIN.map(Call::new));
        scene.script.process.children = Children::Reaped;
        let report = played(&scene);
        assert_eq!(report.reaped, 0, "{kind}: {report:#?}");
        // One signal a call at most, with nothing to reap.
        assert!(report.child_signals <= 2, "{kind}: {report:#?}");
        let code = if kind == "obliging" {
            SUCCESS
        } else {
            SYSTEM_ERR
        };
        assert_eq!(report.codes, [code; 2], "{kind}: {report:#?}");
    }
}

#[test]
fn a_host_that_ignores_its_children_or_every_signal_can_log_in() {
    for (children, blocked) in [
        (Children::Ignored, false),
        (Children::Default, true),
        (Children::Ignored, true),
        (Children::Reaped, true),
    ] {
        let mut scene = scene("obliging").calling(&LOGIN.map(Call::new));
        scene.script.process.children = children;
        scene.script.process.blocked = blocked;
        let report = played(&scene);
        assert_eq!(
            report.codes, [SUCCESS; 2],
            "{children:?} {blocked}: {report:#?}"
        );
        assert_eq!(
            (report.reaped, report.child_signals <= 2),
            (0, true),
            "{report:#?}"
        );
    }
    let mut crashed = scene("crashed");
    crashed.script.process.children = Children::Ignored;
    // How it ended, nobody can know where the kernel reaps.
    let report = played(&crashed);
    assert_eq!(report.codes, [SYSTEM_ERR], "{report:#?}");
    let mut silent = configured(scene("silent"), "5s", "300ms");
    silent.script.process.children = Children::Ignored;
    silent.script.process.blocked = true;
    assert_eq!(played(&silent).codes, [SYSTEM_ERR]);
}

/// Several workers are ending at once when the last of them has answered.
#[test]
fn nothing_is_left_of_several_workers_of_one_call() {
    for (first, second, codes) in [
        ("unknown", "obliging", [SUCCESS; 2]),
        ("unavailable", "prompts", [SUCCESS, SYSTEM_ERR]),
        ("gone", "unknown", [SYSTEM_ERR; 2]),
        ("unknown", "crashed", [SYSTEM_ERR; 2]),
        ("locked", "obliging", [SUCCESS; 2]),
    ] {
        for children in [Children::Default, Children::Ignored, Children::Reaped] {
            let mut scene = two(first, second)
                .calling(&LOGIN.map(Call::new))
                .with_arguments("nodelay");
            scene.script.answers = ["opensesame", "123456", "blue"].map(Into::into).to_vec();
            scene.script.process.children = children;
            let report = played(&scene);
            assert_eq!(report.codes, codes, "{first} {second}: {report:#?}");
            assert_eq!(report.reaped, 0, "{first} {second}: {report:#?}");
            // One signal a worker at most, with nothing to reap.
            assert!(report.child_signals <= 4, "{first} {second}: {report:#?}");
        }
    }
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

#[test]
fn hostile_limits_cost_the_caller_its_own_login_at_most() {
    let mut hostile = scene("obliging").calling(&LOGIN.map(Call::new));
    hostile.script.process.hostile = true;
    assert_eq!(played(&hostile).codes, [SUCCESS; 2]);
    let mut few = scene("obliging");
    few.script.process.limits = [(Limit::Files, 9), (Limit::FileSize, 0), (Limit::Core, 0)].into();
    let report = played(&few);
    assert_eq!(report.codes, [SUCCESS], "{report:#?}");
    let mut closed = scene("obliging");
    closed.script.process.closed = true;
    assert_eq!(played(&closed).codes, [SUCCESS]);
    let mut starved = scene("obliging");
    starved.script.process.starved = true;
    assert_ne!(played(&starved).codes, [SUCCESS]);
}

#[test]
fn marks_are_made_whatever_the_caller_allows_to_be_written() {
    let mut scene = scene("down");
    scene.script.process.hostile = true;
    let stage = Transaction::set(&scene);
    let report = clean(stage.play(&scene));
    assert_eq!(report.codes, [AUTHINFO_UNAVAIL], "{report:#?}");
    let mark = fs::metadata(stage.path().join("run/corp@ldap%3A%2F%2Fone")).unwrap();
    assert_eq!(mark.len(), 0);
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
    assert_why(&report, "failed: worker: cannot be started: Try again");
    // And one that may does, without being root.
    let mut scene = scene;
    scene.script.process.limits.clear();
    let report = clean(stage.play(&scene));
    assert_eq!(report.codes, [SUCCESS], "{report:#?}");
}

#[test]
fn threads_ask_workers_of_their_own() {
    let mut scene = scene("obliging").calling(&LOGIN.map(Call::new));
    scene.script.process.threads = 4;
    scene.script.process.rounds = 5;
    for children in [Children::Default, Children::Ignored] {
        scene.script.process.children = children;
        let report = played(&scene);
        assert_eq!(report.codes, [SUCCESS; 40], "{report:#?}");
    }
    // A handler in another thread may be quicker than we are, which must not matter.
    scene.script.process.children = Children::Reaped;
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS; 40], "{report:#?}");
}

#[test]
fn a_forked_child_can_ask_a_worker_too() {
    let mut scene = scene("obliging").calling(&LOGIN.map(Call::new));
    scene.script.process.fork = true;
    assert_eq!(played(&scene).codes, [SUCCESS; 3]);
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

#[test]
fn servers_that_were_down_are_avoided_then_probed_by_one() {
    let scene = configured(
        scene("down"),
        "[\"ldap://one\"]",
        "[\"ldap://one\", \"ldap://two\"]",
    );
    let mut scene = scene.with_arguments("nodelay");
    scene.script.answers = vec!["opensesame".into(); 2];
    scene.script.calls = vec![Call::new(Phase::Authenticate); 2];
    let stage = Transaction::set(&scene);
    let report = clean(stage.play(&scene));
    let note = "WARNING pam_authchain(stage:auth): corp: avoid [] probe []";
    assert_eq!(report.log_lines[0], note, "{report:#?}");
    assert_why(&report, "unavailable: all servers were down 0.<n> s ago");
    std::thread::sleep(Duration::from_millis(1100));
    let report = clean(stage.play(&scene));
    let note = "...avoid [] probe [String(\"ldap://one\"), String(\"ldap://two\")]";
    assert!(fits(note, &report.log_lines[0]), "{report:#?}");
    // The probe failed; the next one is due in a second.
    assert_why(&report, "unavailable: all servers were down 1.<n> s ago");
}

#[test]
fn no_copy_of_the_password_is_left_in_the_host() {
    let password = "a wrong password, as long as the right one is!";
    let mut scene = scene("obliging");
    scene.script.answers = vec![password.into()];
    scene.script.process.search = Some(password[20..].into());
    assert_eq!(played(&scene).found, Some(0));
    // Nor as it went over the wire: "as long as the right one is!" within the base64 of it.
    scene.script.process.search = Some("b25nIGFzIHRoZSByaWdodCBvbmUgaXMh".into());
    assert_eq!(played(&scene).found, Some(0));
}

#[test]
fn the_worker_that_is_written_up_works() {
    if !need::file("worker", "/usr/bin/python3") {
        return;
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("docs/PROTOCOL.md")).unwrap();
    let begin = text.split("```python\n").nth(1).unwrap();
    let program = begin.split("```").next().unwrap().to_owned();
    let own = built::fake_worker().display().to_string();
    let mut scene = configured(scene("obliging"), &own, "{dir}/worker.py");
    scene.files.insert("worker.py".to_owned(), program);
    let stage = Transaction::set(&scene);
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(stage.path().join("worker.py"), permissions).unwrap();
    assert_eq!(clean(stage.play(&scene)).codes, [SUCCESS]);
    scene.script.answers = vec!["wrong".into()];
    assert_eq!(clean(stage.play(&scene)).codes, [AUTH_ERR]);
}

#[test]
fn a_worker_that_answered_while_the_host_was_stopped_is_heard() {
    let scene = configured(scene("stopping"), "5s", "400ms");
    let stage = Transaction::set(&scene);
    let report = clean(stage.play(&scene));
    assert_eq!(report.codes, [SUCCESS], "{report:#?}");
    assert!(report.millis[0] > 500.0, "{report:#?}");
    assert!(!stage.path().join("run").exists());
}

#[test]
fn marks_made_for_the_caller_of_su_are_that_callers() {
    if !need::root("worker") {
        return;
    }
    let mut scene = scene("down");
    let stage = Transaction::set(&scene);
    let mut why_for = |caller| {
        scene.script.process.real_uid = caller;
        let report = clean(stage.play(&scene));
        assert_eq!(report.codes, [AUTHINFO_UNAVAIL], "{report:#?}");
        report.log_lines.last().unwrap().clone()
    };
    assert!(fits(
        "...corp unavailable: down (<n> ms)",
        &why_for(Some(65_533))
    ));
    assert!(
        stage
            .path()
            .join("run/corp~65533@ldap%3A%2F%2Fone")
            .exists()
    );
    assert!(fits(
        "...the server was down 0.<n> s ago...",
        &why_for(Some(65_533))
    ));
    assert!(fits(
        "...corp unavailable: down (<n> ms)",
        &why_for(Some(65_532))
    ));
    assert!(fits("...corp unavailable: down (<n> ms)", &why_for(None)));
}

/// A chain in which somebody else would let alice in where corp does not count.
#[test]
fn in_su_neither_an_outage_nor_a_worker_that_fails_leads_to_the_next_backend() {
    if !need::root("worker") {
        return;
    }
    let scene_of = |kind: &str, caller: Option<u32>| {
        let mut scene = two(kind, "obliging");
        scene.script.process.real_uid = caller;
        // Known to the system, as everybody is who is asked for through su.
        let line = "alice:*:10001:10001:::\n".to_owned();
        scene.files.insert("passwd".to_owned(), line);
        scene
    };
    for (kind, code) in [
        ("down", AUTHINFO_UNAVAIL),
        ("gone", SYSTEM_ERR),
        ("crashed", SYSTEM_ERR),
        ("garbage", SYSTEM_ERR),
        ("closed", SYSTEM_ERR),
    ] {
        let codes = |caller| played(&scene_of(kind, caller)).codes;
        assert_eq!(codes(Some(65_533)), [code], "{kind}");
        assert_eq!(codes(None), [SUCCESS], "{kind}");
    }
}
