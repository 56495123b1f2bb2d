//! Hosts of every kind: none of them notices the worker.

use authchain_tests::host::codes::{SUCCESS, SYSTEM_ERR};
use authchain_tests::host::scene::{Call, Children, Limit};

use super::{LOGIN, configured, played, scene, two};

#[test]
fn a_host_that_reaps_every_child_never_meets_the_worker() {
    for kind in ["obliging", "crashed", "gone", "garbage"] {
        let mut scene = scene(kind).calling(&LOGIN.map(Call::new));
        scene.script.process.children = Children::Reaped;
        let report = played(&scene);
        assert_eq!(report.reaped, 0, "{kind}: {report:#?}");
        // At most one signal for each call, without a child to reap.
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
    // Where the kernel reaps, the exit status is lost.
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
            // At most one signal for each worker, without a child to reap.
            assert!(report.child_signals <= 4, "{first} {second}: {report:#?}");
        }
    }
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
fn threads_ask_workers_of_their_own() {
    let mut scene = scene("obliging").calling(&LOGIN.map(Call::new));
    scene.script.process.threads = 4;
    scene.script.process.rounds = 5;
    for children in [Children::Default, Children::Ignored] {
        scene.script.process.children = children;
        let report = played(&scene);
        assert_eq!(report.codes, [SUCCESS; 40], "{report:#?}");
    }
    // A handler in another thread may reap the worker first, which must not matter.
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
fn no_copy_of_the_password_is_left_in_the_host() {
    let password = "a wrong password, as long as the right one is!";
    let mut scene = scene("obliging");
    scene.script.answers = vec![password.into()];
    scene.script.process.search = Some(password[20..].into());
    assert_eq!(played(&scene).found, Some(0));
    // Nor in base64, as it was sent: this is a part of the encoded password.
    scene.script.process.search = Some("b25nIGFzIHRoZSByaWdodCBvbmUgaXMh".into());
    assert_eq!(played(&scene).found, Some(0));
}
