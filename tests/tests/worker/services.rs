//! A worker that inherits the filter of system calls of a service.

use std::process::Command;

use authchain_tests::host::built::worker_that_breaks_out;
use authchain_tests::host::sandbox::Sandbox;
use authchain_tests::need;
use authchain_tests::worker::{Outcome, Worker, about, failed, open_folder};
use nix::sys::signal::Signal;
use serde_json::json;

fn in_a(sandbox: Sandbox) -> Command {
    let mut command = Command::new(worker_that_breaks_out());
    sandbox.around(&mut command);
    command
}

#[test]
fn a_filter_that_kills_for_landlock_leaves_every_other_wall() {
    if !need::root("the worker") {
        return;
    }
    let (report, is_usable) = about(&mut in_a(Sandbox::SystemService));
    assert!(is_usable, "{report}");
    let confined = &report["confined"];
    assert_eq!(confined["landlock"]["state"], json!("forbidden"));
    assert_eq!(
        (&confined["seccomp"], &confined["capabilities"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(report["complete"], json!(false));

    let mut worker = Worker::start(&mut in_a(Sandbox::SystemService));
    // With a file to read, or the filter alone would keep it from all.
    worker.greet(json!({ "files": ["/etc/hosts"] }));
    let new = open_folder().path().join("new");
    for (what, object, error) in [
        ("read", "/etc/shadow", "EACCES"),
        ("write", new.to_str().unwrap(), "EPERM"),
        ("listen", "", "EPERM"),
        ("be root", "", "EPERM"),
        ("spawn", "/bin/sh", "EPERM"),
    ] {
        let outcome = worker.attempt(what, object);
        assert_eq!(outcome, failed(error), "{what} {object}");
    }
    let killed = Outcome::Killed(Signal::SIGSYS, false);
    assert_eq!(worker.attempt("exec", "/bin/sh"), killed);
}

#[test]
fn a_filter_that_allows_landlock_costs_the_worker_no_wall() {
    if !need::root("the worker") {
        return;
    }
    let (report, _) = about(&mut Command::new(worker_that_breaks_out()));
    let (under_a_filter, is_usable) = about(&mut in_a(Sandbox::UnixOnly));
    assert!(!is_usable, "{under_a_filter}");
    let why = under_a_filter["refused"].as_str().unwrap_or_default();
    assert!(why.contains("RestrictAddressFamilies"), "{under_a_filter}");

    let (under_a_filter, is_usable) = about(&mut in_a(Sandbox::WithoutKeys));
    assert!(is_usable, "{under_a_filter}");
    assert_eq!(under_a_filter, report);
}
