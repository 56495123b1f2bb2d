//! Answers of a worker, missing ones included, and their effect on the login.

use std::fs;

use authchain_tests::host::built;
use authchain_tests::host::codes::{
    AUTH_ERR, AUTHINFO_UNAVAIL, CONV_ERR, SUCCESS, SYSTEM_ERR, TRY_AGAIN, USER_UNKNOWN,
};
use authchain_tests::host::scene::{Call, Phase, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;
use authchain_tests::pattern::fits;

use super::{LOGIN, assert_why, clean, configured, played, scene, two};

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
            "boasting",
            "failed: not a valid answer: worker: a list of \"groups\" with one that was not asked \
             about",
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
        // The cause may be this process or this machine.
        assert!(!stage.path().join("run").exists(), "{kind}");
    }
}

/// Whether a process of this stage still runs: the command lines of all of them name its directory.
fn still_running(stage: &std::path::Path) -> bool {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut command_lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let stage = stage.to_str().unwrap();
    command_lines.any(|line| String::from_utf8_lossy(&line).contains(stage))
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
fn a_refused_login_hears_one_text_about_an_error_and_an_accepted_one_none() {
    let expired = "error: Your account has expired; please contact your system administrator.";
    for (first, second, code, told) in [
        (
            "complaining",
            "complaining",
            AUTH_ERR,
            Some("error: Another thing went wrong."),
        ),
        (
            "complaining",
            "unknown",
            AUTH_ERR,
            Some("error: Another thing went wrong."),
        ),
        ("complaining", "obliging", SUCCESS, None),
        ("barring", "unknown", AUTH_ERR, Some(expired)),
    ] {
        let report = played(&two(first, second));
        assert_eq!(report.codes, [code], "{first}, {second}: {report:#?}");
        let told: Vec<&str> = told.into_iter().collect();
        assert_eq!(report.prompts[1..], told, "{first}, {second}");
    }
}

#[test]
fn what_went_wrong_is_said_before_the_next_prompt() {
    let mut scene = scene("insisting");
    scene.script.answers = ["opensesame", "1", "123456"].map(Into::into).to_vec();
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS], "{report:#?}");
    let code = "echo_off: Code: ";
    assert_eq!(report.prompts[1..], [code, "error: Wrong code.", code]);
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

/// A change of alice's password with a worker of this kind; forced, so that root is asked as she is.
fn change(kind: &str, flags: i32) -> Scene {
    let mut scene = scene(kind).calling(&[Call {
        phase: Phase::Chauthtok,
        flags,
    }]);
    scene.script.answers = ["old", "new", "new"].map(Into::into).into();
    scene
}

const CHANGE_EXPIRED: i32 = 0x20;

#[test]
fn a_worker_that_gives_no_reason_is_tried_again_and_root_gives_the_old_password_too() {
    for flags in [0, CHANGE_EXPIRED] {
        let report = played(&change("demanding", flags));
        assert_eq!(report.codes, [TRY_AGAIN], "{report:#?}");
        let prompts = [
            "info: Changing password for alice.",
            "echo_off: Current password: ",
            "echo_off: New password: ",
            "echo_off: Retype new password: ",
            "error: Not now.",
        ];
        assert_eq!(report.prompts, prompts);
        let line =
            "...: alice: password not changed: corp refused: no reason given (\"Not now.\"); ...";
        assert!(fits(line, report.log_lines.last().unwrap()), "{report:#?}");
    }
}

#[test]
fn the_old_password_shows_the_worker_who_it_is_where_nobody_else_can_look() {
    let base = "base = \"cn=shut\"";
    let template = format!("{base}\nuser_dn_template = \"uid=%u,cn=shut\"");
    let shut = configured(change("shut", CHANGE_EXPIRED), base, &template);
    let report = played(&shut);
    assert_eq!(report.codes, [SUCCESS], "{report:#?}");
    let line = "...: alice: password changed in corp; ...";
    assert!(fits(line, report.log_lines.last().unwrap()), "{report:#?}");
    // With an account that could have looked, an answer that is none says nothing.
    let report = played(&change("shut", CHANGE_EXPIRED));
    assert_eq!(report.codes, [AUTHINFO_UNAVAIL], "{report:#?}");
    assert_eq!(
        report.prompts,
        ["error: The password could not be changed; it stays as it was."]
    );
}
