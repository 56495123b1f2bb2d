//! `authchain check` on the program that asks servers.

use crate::confined_worker;
use crate::fixture::{Fixture, Run, give_away, is_root};

const CORP: &str = "chain = [\"corp\"]\nworker = \"DIR/worker\"\n[backend.corp]\ntype = \"ldap\"\n\
    uris = [\"ldaps://ldap.invalid\"]\nbase = \"dc=example\"\n";

/// Runs `check` with this script as the worker.
fn checked(script: &str) -> Run {
    let fixture = Fixture::new(CORP);
    fixture.program("worker", script);
    fixture.check()
}

/// Returns a script that answers `about`.
fn saying(about: &serde_json::Value) -> String {
    format!("test \"$*\" = '--about --user authchain' && echo '{about}'")
}

#[test]
fn the_walls_of_a_confined_worker_are_reported() {
    if is_root() {
        let words = [
            "worker: confined as user authchain, Landlock level 6",
            "in order",
        ];
        checked(&saying(&confined_worker::about())).expect(0, &words);
    }
}

#[test]
fn each_wall_that_is_missing_is_a_warning_of_check() {
    if !is_root() {
        return;
    }
    for (place, value, words) in [
        ("/version", "0.0.9", "is of version 0.0.9, this command of"),
        (
            "/confined/user/name",
            "nobody",
            "there is no user authchain",
        ),
        (
            "/confined/landlock/state",
            "switched_off",
            "add landlock to lsm=",
        ),
    ] {
        let mut about = confined_worker::about();
        *about.pointer_mut(place).unwrap() = value.into();
        checked(&saying(&about)).expect(1, &["warning: ", words, "1 warning"]);
    }
}

#[test]
fn a_worker_that_would_not_run_is_an_error() {
    if is_root() {
        let refused = serde_json::json!({"version": "1", "refused": "no seccomp today"});
        let words = ["would not run here: no seccomp today", "1 error"];
        checked(&saying(&refused)).expect(2, &words);
    }
}

#[test]
fn a_worker_that_cannot_be_started_is_an_error_that_names_the_setting() {
    let fixture = Fixture::new(CORP);
    fixture
        .check()
        .expect(2, &["worker: no such file; it is", "(setting `worker`)"]);
    fixture.program("worker", "");
    fixture.chmod("worker", 0o644);
    fixture.check().expect(2, &["worker: not executable"]);
    fixture.chmod("worker", 0o775);
    fixture
        .check()
        .expect(2, &["worker: mode 0775 lets others write it"]);
    fixture.chmod("worker", 0o755);
    if is_root() {
        give_away(&fixture.path("worker"));
        fixture
            .check()
            .expect(2, &["worker: owned by user id 65534"]);
    }
}

#[test]
fn a_worker_that_says_too_much_or_something_else_is_a_warning() {
    if !is_root() {
        return;
    }
    for (script, words) in [
        ("exec cat /dev/zero", "says more than 65536 bytes"),
        ("echo what?", "does not answer --about"),
        ("", "does not answer --about"),
        ("kill -9 $$", "does not answer --about"),
    ] {
        checked(script).expect(1, &["warning: ", words, "1 warning"]);
    }
}

#[test]
fn a_worker_that_says_nothing_is_waited_for_some_seconds_only() {
    if is_root() {
        checked("exec sleep 600").expect(1, &["says nothing within 5 s", "1 warning"]);
    }
}

#[test]
fn a_chain_that_asks_no_servers_needs_no_worker() {
    let fixture = Fixture::with_alice();
    let text = fixture.read("authchain.toml");
    fixture.write("authchain.toml", &format!("worker = \"/nowhere\"\n{text}"));
    fixture.check().expect(0, &["everything is in order"]);
}

#[test]
fn root_is_refused_as_the_workers_user() {
    for (user, words) in [
        ("root", "\"root\" is no confinement"),
        ("", "worker_user"),
        ("a:b", "worker_user"),
    ] {
        let fixture = Fixture::new(&format!("worker_user = \"{user}\"\n{CORP}"));
        let run = fixture.check();
        assert_eq!(run.code, 2, "{}", run.text());
        assert!(
            run.out.contains("authchain.toml:1:15: "),
            "{words}: {}",
            run.out
        );
    }
}
