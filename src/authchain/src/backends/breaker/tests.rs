use super::*;
use crate::tools::deadline::system_clock;
use proptest::prelude::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

const ONE: &str = "ldaps://ldap1.example.com";
const TWO: &str = "ldaps://ldap2.example.com:1636";

/// A folder under `/run`, and a clock that stands where it is put.
struct Stage {
    _dir: tempfile::TempDir,
    run_dir: PathBuf,
}

impl Stage {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let run_dir = dir.path().join("authchain");
        Self { _dir: dir, run_dir }
    }

    fn breaker(&self) -> Breaker<'_> {
        Breaker::open(&self.run_dir, "corp", None)
    }

    fn plan(&self, millis: u64) -> Result<Plan, Duration> {
        let servers = [ONE, TWO].map(str::to_owned);
        self.breaker().plan(&servers, at(millis), seconds(3))
    }

    fn found_down(&self, servers: &[&str], millis: u64) {
        let plan = self.plan(millis).unwrap();
        self.breaker().learn(&plan, &owned(servers), at(millis));
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.run_dir).into_iter().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn at(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000) + Duration::from_millis(millis)
}

fn seconds(budget: u64) -> Deadline {
    Deadline::after(system_clock, Duration::from_secs(budget))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn without_marks_everything_is_asked_and_nothing_is_made() {
    let stage = Stage::new();
    let plan = stage.plan(0).unwrap();
    assert!(plan.avoid.is_empty() && plan.probe.is_empty());
    stage.breaker().learn(&plan, &[], at(5));
    assert!(!stage.run_dir.exists());
}

#[test]
fn a_server_is_left_alone_for_a_second_then_one_login_looks_after_it() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 0);
    assert_eq!(stage.files(), ["corp@ldaps%3A%2F%2Fldap1.example.com"]);
    assert_eq!(stage.plan(999).unwrap().avoid, [ONE]);
    let prober = stage.plan(1000).unwrap();
    assert_eq!(
        (prober.probe.as_slice(), prober.avoid.len()),
        (&owned(&[ONE])[..], 0)
    );
    let other = stage.plan(1001).unwrap();
    assert_eq!(
        (other.avoid.as_slice(), other.probe.len()),
        (&owned(&[ONE])[..], 0)
    );
    // The prober found it down still: the others go on as before, until the next second.
    stage.breaker().learn(&prober, &owned(&[ONE]), at(1040));
    assert_eq!(stage.plan(1500).unwrap().avoid, [ONE]);
    assert_eq!(stage.plan(2000).unwrap().probe, [ONE]);
}

#[test]
fn a_server_that_answers_its_probe_is_asked_by_everybody_at_once() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 0);
    let prober = stage.plan(1200).unwrap();
    stage.breaker().learn(&prober, &[], at(1210));
    assert!(stage.files().is_empty());
    assert_eq!(stage.plan(1211).unwrap().avoid, [""; 0]);
}

#[test]
fn after_half_a_minute_one_login_asks_properly() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 0);
    let failed = stage.plan(29_000).unwrap();
    assert_eq!(failed.probe, [ONE]);
    stage.breaker().learn(&failed, &owned(&[ONE]), at(29_040));
    let patient = stage.plan(30_001).unwrap();
    assert!(patient.probe.is_empty() && patient.avoid.is_empty());
    // As long as it may take: three seconds and the rest.
    assert_eq!(stage.plan(33_900).unwrap().avoid, [ONE]);
    stage.breaker().learn(&patient, &owned(&[ONE]), at(33_000));
    assert_eq!(stage.plan(33_950).unwrap().avoid, [ONE]);
    assert_eq!(stage.plan(35_000).unwrap().probe, [ONE]);
}

#[test]
fn one_login_is_one_even_where_it_may_take_minutes() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 0);
    let servers = owned(&[ONE, TWO]);
    let plan = |millis| stage.breaker().plan(&servers, at(millis), seconds(300));
    assert!(plan(30_000).unwrap().avoid.is_empty());
    assert_eq!(plan(30_001).unwrap().avoid, [ONE]);
    assert_eq!(plan(89_000).unwrap().avoid, [ONE]);
}

#[test]
fn a_login_that_died_over_its_probe_is_followed_by_another() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 0);
    assert_eq!(stage.plan(1000).unwrap().probe, [ONE]);
    assert_eq!(stage.plan(1999).unwrap().avoid, [ONE]);
    assert_eq!(stage.plan(2000).unwrap().probe, [ONE]);
}

#[test]
fn where_all_are_down_nobody_is_asked() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 0);
    stage.found_down(&[TWO], 300);
    assert_eq!(stage.plan(700), Err(Duration::from_millis(400)));
    assert_eq!(stage.plan(1000).unwrap().probe, [ONE]);
}

#[test]
fn backends_do_not_see_each_others_marks() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 0);
    let servers = owned(&[ONE, TWO]);
    for name in ["cor", "corp2", "c"] {
        let other = Breaker::open(&stage.run_dir, name, None);
        assert_eq!(
            other.plan(&servers, at(1), seconds(3)).unwrap().avoid,
            [""; 0]
        );
    }
}

#[test]
fn the_caller_of_su_can_keep_nobody_out_but_themselves() {
    let stage = Stage::new();
    let servers = owned(&[ONE, TWO]);
    let of = |caller| Breaker::open(&stage.run_dir, "corp", caller);
    let plan = of(Some(1000)).plan(&servers, at(0), seconds(3)).unwrap();
    of(Some(1000)).learn(&plan, &servers, at(0));
    assert!(of(Some(1000)).plan(&servers, at(1), seconds(3)).is_err());
    for caller in [None, Some(0), Some(100), Some(1001), Some(10_000)] {
        let plan = of(caller).plan(&servers, at(1), seconds(3)).unwrap();
        assert!(plan.avoid.is_empty(), "{caller:?}");
    }
}

#[test]
fn marks_of_callers_who_never_came_back_are_swept() {
    const HOUR: u64 = 60 * 60 * 1_000;
    let stage = Stage::new();
    let down = |caller, millis| {
        let mut breaker = Breaker::open(&stage.run_dir, "corp", caller);
        let plan = breaker
            .plan(&owned(&[ONE]), at(millis), seconds(3))
            .unwrap();
        breaker.learn(&plan, &owned(&[ONE]), at(millis));
    };
    down(Some(1000), 0);
    down(Some(1000), 40_000);
    fs::write(stage.run_dir.join("README"), "not ours").unwrap();
    let before = stage.files();
    assert_eq!(
        before.len(),
        3,
        "a mark, a claim, and what is not ours: {before:?}"
    );
    down(Some(1001), HOUR);
    assert_eq!(stage.files().len(), 4, "not old enough");
    down(Some(1002), 2 * HOUR);
    let left = stage.files();
    assert!(left[0] == "README" && left[1].contains("1001@") && left[2].contains("1002@"));
    assert_eq!(left.len(), 3, "{left:?}");
    // A clock that was set back makes no mark old.
    down(None, 0);
    assert_eq!(stage.files().len(), 4);
}

#[test]
fn a_file_that_says_something_is_no_mark_whatever_its_name() {
    let stage = Stage::new();
    fs::create_dir(&stage.run_dir).unwrap();
    let foreign = stage.run_dir.join("openvpn@office.pid");
    fs::write(&foreign, "4711").unwrap();
    let modified = fs::File::open(&foreign).unwrap();
    modified.set_modified(at(0)).unwrap();
    stage.found_down(&[ONE], 2 * 60 * 60 * 1_000);
    assert!(foreign.exists());
}

#[test]
fn names_that_somebody_makes_up_fill_neither_the_folder_nor_the_line_to_the_worker() {
    const HOUR: u64 = 60 * 60 * 1_000;
    let stage = Stage::new();
    let learn = |down: &str, millis| {
        let plan = Plan {
            is_fair: true,
            ..Plan::default()
        };
        stage.breaker().learn(&plan, &owned(&[down]), at(millis));
    };
    learn(ONE, 0);
    for number in 1..=100 {
        learn(&format!("ldap://made-up-{number}"), 0);
    }
    assert_eq!(stage.files().len(), MAX_MARKS);
    learn(ONE, 500);
    let avoided = stage.plan(1_200).unwrap().avoid;
    assert_eq!(avoided, [ONE], "one that is known already is renewed");
    learn(TWO, 2 * HOUR);
    let left = stage.files();
    assert!(left.iter().any(|name| name.contains("ldap2")), "{left:?}");
}

#[test]
fn one_of_many_logins_has_the_task_of_finding_out() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 0);
    let probes: usize = std::thread::scope(|scope| {
        let logins: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| stage.plan(1500).unwrap().probe.len()))
            .collect();
        logins.into_iter().map(|login| login.join().unwrap()).sum()
    });
    assert_eq!(probes, 1);
}

#[test]
fn who_had_no_time_left_has_shown_nothing() {
    let stage = Stage::new();
    let late = Deadline::after(system_clock, Duration::ZERO);
    let long = Deadline::after(system_clock, Duration::from_secs(8));
    assert!(stage.breaker().plan(&[], at(0), long).unwrap().is_fair);
    let mut plan = stage.breaker().plan(&[], at(0), late).unwrap();
    plan.is_fair = false;
    stage.breaker().learn(&plan, &owned(&[ONE]), at(0));
    assert!(stage.files().is_empty());
}

#[test]
fn a_clock_that_was_set_back_makes_marks_void() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 100_000);
    assert_eq!(stage.plan(99_000).unwrap().avoid, [""; 0]);
    stage.found_down(&[ONE], 0);
    assert_eq!(stage.plan(1000).unwrap().probe, [ONE]);
    // A claim that would last for hours is void too.
    let claim = stage.run_dir.join("corp+ldaps%3A%2F%2Fldap1.example.com");
    let file = fs::File::options().write(true).open(claim).unwrap();
    file.set_modified(at(9_000_000)).unwrap();
    assert_eq!(stage.plan(1001).unwrap().probe, [ONE]);
}

#[test]
fn a_folder_that_others_can_write_counts_as_none() {
    let stage = Stage::new();
    stage.found_down(&[ONE], 0);
    assert_eq!(
        fs::metadata(&stage.run_dir).unwrap().permissions().mode() & 0o777,
        0o700
    );
    for mode in [0o770, 0o707, 0o1777] {
        fs::set_permissions(&stage.run_dir, Permissions::from_mode(mode)).unwrap();
        assert_eq!(stage.plan(1).unwrap().avoid, [""; 0]);
    }
    fs::set_permissions(&stage.run_dir, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(stage.plan(1).unwrap().avoid, [ONE]);
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&stage.run_dir, Some(65_534), None).unwrap();
        assert_eq!(stage.plan(1).unwrap().avoid, [""; 0]);
    }
}

#[test]
fn whatever_stands_in_the_way_of_the_folder_is_left_alone() {
    let stage = Stage::new();
    let elsewhere = stage.run_dir.with_file_name("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, &stage.run_dir).unwrap();
    stage.found_down(&[ONE], 0);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    fs::remove_file(&stage.run_dir).unwrap();
    fs::write(&stage.run_dir, "a file").unwrap();
    stage.found_down(&[ONE], 0);
    assert_eq!(fs::read(&stage.run_dir).unwrap(), b"a file");
}

#[test]
fn a_link_in_the_place_of_a_mark_is_not_followed() {
    let stage = Stage::new();
    fs::create_dir(&stage.run_dir).unwrap();
    let victim = stage.run_dir.with_file_name("victim");
    fs::write(&victim, "text").unwrap();
    let before = fs::metadata(&victim).unwrap().modified().unwrap();
    symlink(
        &victim,
        stage.run_dir.join("corp@ldaps%3A%2F%2Fldap1.example.com"),
    )
    .unwrap();
    let plan = Plan {
        is_fair: true,
        ..Plan::default()
    };
    stage.breaker().learn(&plan, &owned(&[ONE]), at(0));
    assert_eq!(fs::metadata(&victim).unwrap().modified().unwrap(), before);
}

#[test]
fn a_worker_cannot_fill_the_folder_or_leave_it() {
    let stage = Stage::new();
    let plan = stage.breaker().plan(&[], at(0), seconds(3)).unwrap();
    let mut down: Vec<String> = (0..100).map(|n| format!("ldap://{n}")).collect();
    stage.breaker().learn(&plan, &down, at(0));
    assert_eq!(stage.files().len(), MAX_DOWN);
    down = owned(&["", "../../etc/passwd", "a\nb", "é", &"x".repeat(300)]);
    stage.breaker().learn(&plan, &down, at(0));
    assert_eq!(stage.files().len(), MAX_DOWN + 1);
    assert!(
        stage
            .files()
            .contains(&"corp@..%2F..%2Fetc%2Fpasswd".to_owned())
    );
}

proptest! {
    #[test]
    fn a_server_is_known_again_by_the_name_of_its_mark(server in "[!-~]{0,60}", backend in "[a-z0-9_-]{1,8}") {
        let name = encode(FileKind::Mark, &backend, &server).unwrap();
        prop_assert!(!name.contains('/') && name != "." && name != "..");
        prop_assert_eq!(decode(&name, &backend), Some(server));
    }

    #[test]
    fn no_name_of_a_file_makes_anything_panic(name in "\\PC{0,40}", tail in "[%0-9A-Fa-f]{0,9}") {
        let _ = decode(&name, "corp");
        let _ = decode(&format!("corp@{tail}"), "corp");
    }
}
