//! Tests of the marks: servers that did not answer one login are asked briefly by the next.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::stage::{POLITE, Stage, alone, failed, stop_the_clock, unavailable, wall_clock};
use crate::backends::{Backend, breaker};
use crate::words::{BackendError, Verdict};

/// Returns where the mark of the first server is.
fn mark_of_one(stage: &Stage) -> PathBuf {
    let network = breaker::namespace().unwrap();
    let name = format!("run/corp:{network}@ldap%3A%2F%2Fone");
    stage.dir.path().join(name)
}

#[test]
fn silence_says_nothing_about_servers() {
    let _alone = alone();
    for script in [
        "exec /bin/sleep 60".to_owned(),
        format!("{POLITE}exec /bin/sleep 60"),
        format!("{POLITE}/bin/sleep 60 & exit"),
        format!("{POLITE}while :; do printf x; /bin/sleep 0.1; done"),
    ] {
        for caller in [None, Some(1000)] {
            let mut stage = Stage::new(&script);
            stage.budget = Duration::from_millis(300);
            stage.caller = caller;
            let answer = stage.authenticate().0;
            assert_eq!(answer, failed("worker: no answer in time"), "{script}");
            assert!(!stage.dir.path().join("run").exists(), "{script}");
        }
    }
}

#[test]
fn servers_found_down_are_avoided_and_strangers_are_not_believed() {
    let _alone = alone();
    let script = format!(
        r#"{POLITE}
case $hello in *avoid*) avoided=yes ;; esac
say '{{"verdict":"unavailable","detail":"'$avoided'","down":["ldap://one","ldap://stranger"]}}'
read -r end"#
    );
    let mut stage = Stage::new(&script);
    stage.servers.push("ldap://two".to_owned());
    assert_eq!(stage.authenticate().0, unavailable(""));
    assert_eq!(stage.authenticate().0, unavailable("yes"));
    let marks = fs::read_dir(stage.dir.path().join("run")).unwrap();
    let marks: Vec<_> = marks.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(marks, [mark_of_one(&stage)]);
}

#[test]
fn a_backend_is_unanswered_only_where_the_worker_says_so() {
    let _alone = alone();
    for (verdict, expected) in [
        (r#""unavailable","detail":"x","unanswered":true"#, true),
        (r#""unavailable","detail":"x","down":["ldap://one"]"#, false),
        (r#""unavailable","detail":"x","again":true"#, false),
        (r#""failed","detail":"x","unanswered":true"#, false),
        (r#""unknown","unanswered":true"#, false),
    ] {
        let script = format!("{POLITE}say '{{\"verdict\":{verdict}}}'\nread -r end");
        let was_unanswered = Stage::new(&script).ask(|remote, request, _| {
            let _ = remote.account(request);
            remote.was_unanswered()
        });
        assert_eq!(was_unanswered.0, expected, "{verdict}");
    }
}

/// Plays a worker whose only server is marked, and which finds it down in a brief look. `meanwhile`
/// is a shell command that plays another login. `more` are further members of the verdict; with
/// them, DNS names the servers.
fn asked_briefly(meanwhile: &str, more: &str) -> Result<Verdict, BackendError> {
    let _alone = alone();
    let script = format!(
        r#"{POLITE}
case $hello in
*avoid*\"probe_ms\":400*) {meanwhile}
  say '{{"verdict":"unavailable","detail":"brief","down":["ldap://one"],"again":true{more}}}' ;;
*probe*) say '{{"verdict":"unavailable","detail":"a probe"}}' ;;
*) say '{{"verdict":"unknown","up":["ldap://one"],"open_ms":3}}' ;;
esac
read -r end"#
    );
    let mut stage = Stage::new(&script);
    if !more.is_empty() {
        stage.servers.clear();
    }
    let mark = mark_of_one(&stage);
    fs::create_dir(mark.parent().unwrap()).unwrap();
    let mark = fs::File::create(mark).unwrap();
    mark.set_modified(wall_clock()).unwrap();
    stage.authenticate().0
}

#[test]
fn a_login_whose_brief_looks_failed_asks_again_if_another_login_found_a_server_back() {
    assert_eq!(asked_briefly("", ""), unavailable("brief"));
    let found_back = "/bin/rm \"${0%/*}\"/run/*@*";
    assert_eq!(asked_briefly(found_back, ""), Ok(Verdict::Unknown));
    let by_dns = r#","up":["example.org"]"#;
    assert_eq!(asked_briefly(found_back, by_dns), Ok(Verdict::Unknown));
}

#[test]
fn a_worker_cannot_have_itself_asked_again() {
    let up = r#","up":["ldap://one"]"#;
    assert_eq!(asked_briefly("", up), unavailable("brief"));
}

#[test]
fn lateness_says_nothing_about_servers() {
    let _alone = alone();
    stop_the_clock();
    let mut stage = Stage::new(&format!(
        r#"{POLITE}
say '{{"info":"1999 ms pass"}}'
say '{{"verdict":"unavailable","detail":"timed out"}}'
read -r end"#
    ));
    stage.budget = Duration::from_secs(2);
    for _ in 0..2 {
        assert_eq!(stage.authenticate().0, unavailable("timed out"));
    }
    assert!(!stage.dir.path().join("run").exists());
}

#[test]
fn a_verdict_that_says_nothing_about_servers_leaves_the_marks_alone() {
    let _alone = alone();
    let stage = Stage::new(&format!(
        r#"{POLITE}say '{{"verdict":"unavailable","detail":"wrong password of our own"}}'
read -r end"#
    ));
    let mark = mark_of_one(&stage);
    fs::create_dir(stage.dir.path().join("run")).unwrap();
    let file = fs::File::create(&mark).unwrap();
    file.set_modified(wall_clock() - Duration::from_secs(5))
        .unwrap();
    assert_eq!(
        stage.authenticate().0,
        unavailable("wrong password of our own")
    );
    assert!(mark.exists());
}
