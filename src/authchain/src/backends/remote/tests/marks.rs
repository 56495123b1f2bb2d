//! What the next login knows of this one: who did not answer.

use std::fs;
use std::time::Duration;

use super::stage::{POLITE, Stage, alone, stop_the_clock, unavailable, wall_clock};
use crate::tools::deadline::system_clock;

#[test]
fn a_worker_that_hangs_is_waited_for_once() {
    let _alone = alone();
    for script in [
        "exec /bin/sleep 60",
        "/bin/sleep 60 & exit",
        "while :; do printf x; /bin/sleep 0.1; done",
    ] {
        let mut stage = Stage::new(&format!("{POLITE}{script}"));
        stage.budget = Duration::from_millis(300);
        let begin = system_clock();
        assert_eq!(
            stage.authenticate().0,
            unavailable("worker: no answer in time"),
            "{script}"
        );
        let first = system_clock().saturating_duration_since(begin).as_millis();
        assert!((300..800).contains(&first), "{first} ms");
        let again = system_clock();
        let answer = stage.authenticate().0;
        assert_eq!(
            answer,
            unavailable("the worker did not answer 0.0 s ago"),
            "{script}"
        );
        assert!(system_clock().saturating_duration_since(again) < Duration::from_millis(150));
    }
}

#[test]
fn a_worker_that_never_said_a_word_is_blamed_by_nobody_else() {
    let _alone = alone();
    let mut stage = Stage::new("exec /bin/sleep 60");
    stage.budget = Duration::from_millis(300);
    for _ in 0..2 {
        assert_eq!(
            stage.authenticate().0,
            unavailable("worker: no answer in time")
        );
    }
    assert!(!stage.dir.path().join("run").exists());
}

#[test]
fn servers_found_down_are_not_asked_again_and_strangers_are_not_believed() {
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
    let marks: Vec<_> = marks.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(marks, ["corp@ldap%3A%2F%2Fone"]);
    stage.servers.pop();
    assert_eq!(
        stage.authenticate().0,
        unavailable("the server was down 0.0 s ago")
    );
}

#[test]
fn a_worker_that_used_up_its_time_and_blames_nobody_is_as_good_as_silent() {
    let _alone = alone();
    stop_the_clock();
    let after = |millis| {
        let mut stage = Stage::new(&format!(
            r#"{POLITE}
say '{{"info":"{millis} ms pass"}}'
say '{{"verdict":"unavailable","detail":"timed out"}}'
read -r end"#
        ));
        stage.budget = Duration::from_secs(2);
        stage
    };
    // It was told that it has 1.9 s, and used up half of what is kept back besides.
    let stage = after(1960);
    assert_eq!(stage.authenticate().0, unavailable("timed out"));
    let again = unavailable("the worker did not answer 0.0 s ago");
    assert_eq!(stage.authenticate().0, again);
    // One person's password took too long.
    for in_time in [0, 1940] {
        let stage = after(in_time);
        assert_eq!(stage.authenticate().0, unavailable("timed out"));
        assert_eq!(stage.authenticate().0, unavailable("timed out"));
    }
}

#[test]
fn a_verdict_that_says_nothing_about_servers_leaves_the_marks_alone() {
    let _alone = alone();
    let stage = Stage::new(&format!(
        r#"{POLITE}say '{{"verdict":"unavailable","detail":"wrong password of our own"}}'
read -r end"#
    ));
    let mark = stage.dir.path().join("run/corp@ldap%3A%2F%2Fone");
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
