//! Tests of the files and their folder: others tamper with them, and there may not be too many.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use proptest::prelude::*;

use super::*;

#[test]
fn marks_of_callers_who_never_came_back_are_swept() {
    const HOUR: u64 = 60 * 60 * 1_000;
    let folder = RunDir::new();
    let found_down = |caller, millis| {
        let mut breaker = Breaker::open(&folder.run_dir, "corp", HERE, caller);
        let plan = breaker.plan(at(millis), seconds(3));
        breaker.learn(&plan, &down(&[ONE]), at(millis));
    };
    found_down(Some(1000), 0);
    found_down(Some(1000), 40_000);
    fs::write(folder.run_dir.join("README"), "not ours").unwrap();
    let before = folder.files();
    assert_eq!(
        before.len(),
        3,
        "a mark, a claim, and what is not ours: {before:?}"
    );
    found_down(Some(1001), HOUR);
    assert_eq!(folder.files().len(), 4, "not old enough");
    found_down(Some(1002), 2 * HOUR);
    let left = folder.files();
    assert!(left[0] == "README" && left[1].contains("1001@") && left[2].contains("1002@"));
    assert_eq!(left.len(), 3, "{left:?}");
    // A clock that was set back makes no mark old.
    found_down(None, 0);
    assert_eq!(folder.files().len(), 4);
}

#[test]
fn a_file_with_contents_is_not_swept_whatever_its_name() {
    let folder = RunDir::new();
    fs::create_dir(&folder.run_dir).unwrap();
    let foreign = folder.run_dir.join("openvpn@office.pid");
    fs::write(&foreign, "4711").unwrap();
    let modified = fs::File::open(&foreign).unwrap();
    modified.set_modified(at(0)).unwrap();
    folder.found_down(&[ONE], 2 * 60 * 60 * 1_000);
    assert!(foreign.exists());
}

#[test]
fn names_that_somebody_makes_up_fill_neither_the_folder_nor_the_line_to_the_worker() {
    const HOUR: u64 = 60 * 60 * 1_000;
    let folder = RunDir::new();
    let learn = |server: &str, millis| {
        let plan = Plan::of_unknown(at(millis));
        folder.breaker().learn(&plan, &down(&[server]), at(millis));
    };
    learn(ONE, 0);
    for number in 1..=100 {
        learn(&format!("ldap://made-up-{number}"), 0);
    }
    assert_eq!(folder.files().len(), MAX_MARKS);
    learn(ONE, 500);
    let avoided = folder.plan(1_200).avoid;
    assert_eq!(avoided, [ONE], "one that is known already is renewed");
    learn(TWO, 2 * HOUR);
    let left = folder.files();
    assert!(left.iter().any(|name| name.contains("ldap2")), "{left:?}");
}

#[test]
fn a_folder_that_others_can_write_counts_as_none() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    assert_eq!(
        fs::metadata(&folder.run_dir).unwrap().permissions().mode() & 0o777,
        0o700
    );
    for mode in [0o770, 0o707, 0o1777] {
        fs::set_permissions(&folder.run_dir, Permissions::from_mode(mode)).unwrap();
        assert_eq!(folder.plan(1).avoid, [""; 0]);
    }
    fs::set_permissions(&folder.run_dir, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(folder.plan(1).avoid, [ONE]);
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&folder.run_dir, Some(65_534), None).unwrap();
        assert_eq!(folder.plan(1).avoid, [""; 0]);
    }
}

#[test]
fn whatever_stands_in_the_way_of_the_folder_is_left_alone() {
    let folder = RunDir::new();
    let elsewhere = folder.run_dir.with_file_name("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, &folder.run_dir).unwrap();
    folder.found_down(&[ONE], 0);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    fs::remove_file(&folder.run_dir).unwrap();
    fs::write(&folder.run_dir, "a file").unwrap();
    folder.found_down(&[ONE], 0);
    assert_eq!(fs::read(&folder.run_dir).unwrap(), b"a file");
}

#[test]
fn a_link_in_the_place_of_a_mark_is_not_followed() {
    let folder = RunDir::new();
    fs::create_dir(&folder.run_dir).unwrap();
    let victim = folder.run_dir.with_file_name("victim");
    fs::write(&victim, "text").unwrap();
    let before = fs::metadata(&victim).unwrap().modified().unwrap();
    symlink(
        &victim,
        folder
            .run_dir
            .join("corp:7@ldaps%3A%2F%2Fldap1.example.com"),
    )
    .unwrap();
    let plan = Plan::of_unknown(at(0));
    folder.breaker().learn(&plan, &down(&[ONE]), at(0));
    assert_eq!(fs::metadata(&victim).unwrap().modified().unwrap(), before);
}

#[test]
fn a_worker_cannot_have_any_number_of_servers_remembered_as_answering() {
    let folder = RunDir::new();
    let found = ServersFound {
        up: (0..10_000).map(|n| format!("ldap://{n}")).collect(),
        open_ms: 3,
        ..ServersFound::default()
    };
    folder.breaker().learn(&folder.plan(0), &found, at(0));
    assert!(folder.files().len() <= MAX_FOUND);
}

#[test]
fn a_worker_cannot_fill_the_folder_or_leave_it() {
    let folder = RunDir::new();
    let plan = folder.plan(0);
    let learn = |down: Vec<String>| {
        let found = ServersFound {
            down,
            ..ServersFound::default()
        };
        folder.breaker().learn(&plan, &found, at(0));
    };
    learn((0..100).map(|n| format!("ldap://{n}")).collect());
    assert_eq!(folder.files().len(), MAX_FOUND);
    learn(owned(&[
        "",
        "../../etc/passwd",
        "a\nb",
        "é",
        &"x".repeat(300),
    ]));
    assert_eq!(folder.files().len(), MAX_FOUND + 1);
    assert!(
        folder
            .files()
            .contains(&"corp:7@..%2F..%2Fetc%2Fpasswd".to_owned())
    );
}

proptest! {
    #[test]
    fn a_server_is_known_again_by_the_name_of_its_mark(server in "[!-~]{0,60}", backend in "[a-z0-9_-]{1,8}") {
        let name = encode(FileKind::Mark, &backend, &server).unwrap();
        prop_assert!(!name.contains('/') && name != "." && name != "..");
        prop_assert_eq!(decode(FileKind::Mark, &name, &backend), Some(server));
    }

    #[test]
    fn no_name_of_a_file_makes_anything_panic(name in "\\PC{0,40}", tail in "[%0-9A-Fa-f]{0,9}") {
        let _ = decode(FileKind::Mark, &name, "corp");
        let _ = decode(FileKind::Mark, &format!("corp@{tail}"), "corp");
    }
}
