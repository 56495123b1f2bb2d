use super::*;
use crate::tools::deadline::system_clock;
use proptest::prelude::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

const ONE: &str = "ldaps://ldap1.example.com";
const TWO: &str = "ldaps://ldap2.example.com:1636";

/// The number of a network namespace.
const HERE: Option<u64> = Some(7);

/// A folder under `/run`, and a clock that stands where it is put.
struct RunDir {
    _dir: tempfile::TempDir,
    run_dir: PathBuf,
}

impl RunDir {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let run_dir = dir.path().join("authchain");
        Self { _dir: dir, run_dir }
    }

    fn breaker(&self) -> Breaker<'_> {
        Breaker::open(&self.run_dir, "corp", HERE, None)
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
    let folder = RunDir::new();
    let plan = folder.plan(0).unwrap();
    assert!(plan.avoid.is_empty() && plan.probe.is_empty());
    folder.breaker().learn(&plan, &[], at(5));
    assert!(!folder.run_dir.exists());
}

#[test]
fn a_server_is_left_alone_for_a_second_then_one_login_looks_after_it() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    assert_eq!(folder.files(), ["corp:7@ldaps%3A%2F%2Fldap1.example.com"]);
    assert_eq!(folder.plan(999).unwrap().avoid, [ONE]);
    let prober = folder.plan(1000).unwrap();
    assert_eq!(
        (prober.probe.as_slice(), prober.avoid.len()),
        (&owned(&[ONE])[..], 0)
    );
    let other = folder.plan(1001).unwrap();
    assert_eq!(
        (other.avoid.as_slice(), other.probe.len()),
        (&owned(&[ONE])[..], 0)
    );
    // The prober found it down still: the others go on as before, until the next second.
    folder.breaker().learn(&prober, &owned(&[ONE]), at(1040));
    assert_eq!(folder.plan(1500).unwrap().avoid, [ONE]);
    assert_eq!(folder.plan(2000).unwrap().probe, [ONE]);
}

#[test]
fn a_server_that_answers_its_probe_is_asked_by_everybody_at_once() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    let prober = folder.plan(1200).unwrap();
    folder.breaker().learn(&prober, &[], at(1210));
    assert!(folder.files().is_empty());
    assert_eq!(folder.plan(1211).unwrap().avoid, [""; 0]);
}

#[test]
fn after_half_a_minute_one_login_asks_properly() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    let failed = folder.plan(29_000).unwrap();
    assert_eq!(failed.probe, [ONE]);
    folder.breaker().learn(&failed, &owned(&[ONE]), at(29_040));
    let patient = folder.plan(30_001).unwrap();
    assert!(patient.probe.is_empty() && patient.avoid.is_empty());
    // As long as it may take: three seconds and the rest.
    assert_eq!(folder.plan(33_900).unwrap().avoid, [ONE]);
    folder.breaker().learn(&patient, &owned(&[ONE]), at(33_000));
    assert_eq!(folder.plan(33_950).unwrap().avoid, [ONE]);
    assert_eq!(folder.plan(35_000).unwrap().probe, [ONE]);
}

#[test]
fn one_login_is_one_even_where_it_may_take_minutes() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    let servers = owned(&[ONE, TWO]);
    let plan = |millis| folder.breaker().plan(&servers, at(millis), seconds(300));
    assert!(plan(30_000).unwrap().avoid.is_empty());
    assert_eq!(plan(30_001).unwrap().avoid, [ONE]);
    assert_eq!(plan(89_000).unwrap().avoid, [ONE]);
}

#[test]
fn a_login_that_died_over_its_probe_is_followed_by_another() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    assert_eq!(folder.plan(1000).unwrap().probe, [ONE]);
    assert_eq!(folder.plan(1999).unwrap().avoid, [ONE]);
    assert_eq!(folder.plan(2000).unwrap().probe, [ONE]);
}

#[test]
fn where_all_are_down_nobody_is_asked() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    folder.found_down(&[TWO], 300);
    assert_eq!(folder.plan(700), Err(Duration::from_millis(400)));
    assert_eq!(folder.plan(1000).unwrap().probe, [ONE]);
}

#[test]
fn backends_do_not_see_each_others_marks() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    let servers = owned(&[ONE, TWO]);
    for name in ["cor", "corp2", "c"] {
        let other = Breaker::open(&folder.run_dir, name, HERE, None);
        assert_eq!(
            other.plan(&servers, at(1), seconds(3)).unwrap().avoid,
            [""; 0]
        );
    }
}

#[test]
fn marks_hold_for_the_network_that_they_were_made_in() {
    let folder = RunDir::new();
    let servers = owned(&[ONE]);
    let of = |network| Breaker::open(&folder.run_dir, "corp", network, None);
    let learn = |network, at| {
        let plan = of(network).plan(&servers, at, seconds(3)).unwrap();
        of(network).learn(&plan, &servers, at);
    };
    learn(None, at(0));
    assert!(!folder.run_dir.exists(), "a network that has no number");
    learn(Some(70), at(0));
    for elsewhere in [Some(7), Some(0), None] {
        let plan = of(elsewhere).plan(&servers, at(1), seconds(3)).unwrap();
        assert_eq!(plan.avoid, [""; 0], "{elsewhere:?}");
    }
    assert!(of(Some(70)).plan(&servers, at(1), seconds(3)).is_err());
}

#[test]
fn this_process_is_in_a_network() {
    assert!(namespace().is_some_and(|number| number > 0));
}

#[test]
fn the_caller_of_su_can_keep_nobody_out_but_themselves() {
    let folder = RunDir::new();
    let servers = owned(&[ONE, TWO]);
    let of = |caller| Breaker::open(&folder.run_dir, "corp", HERE, caller);
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
    let folder = RunDir::new();
    let down = |caller, millis| {
        let mut breaker = Breaker::open(&folder.run_dir, "corp", HERE, caller);
        let plan = breaker
            .plan(&owned(&[ONE]), at(millis), seconds(3))
            .unwrap();
        breaker.learn(&plan, &owned(&[ONE]), at(millis));
    };
    down(Some(1000), 0);
    down(Some(1000), 40_000);
    fs::write(folder.run_dir.join("README"), "not ours").unwrap();
    let before = folder.files();
    assert_eq!(
        before.len(),
        3,
        "a mark, a claim, and what is not ours: {before:?}"
    );
    down(Some(1001), HOUR);
    assert_eq!(folder.files().len(), 4, "not old enough");
    down(Some(1002), 2 * HOUR);
    let left = folder.files();
    assert!(left[0] == "README" && left[1].contains("1001@") && left[2].contains("1002@"));
    assert_eq!(left.len(), 3, "{left:?}");
    // A clock that was set back makes no mark old.
    down(None, 0);
    assert_eq!(folder.files().len(), 4);
}

#[test]
fn a_file_that_says_something_is_no_mark_whatever_its_name() {
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
    let learn = |down: &str, millis| {
        let plan = Plan {
            is_fair: true,
            ..Plan::default()
        };
        folder.breaker().learn(&plan, &owned(&[down]), at(millis));
    };
    learn(ONE, 0);
    for number in 1..=100 {
        learn(&format!("ldap://made-up-{number}"), 0);
    }
    assert_eq!(folder.files().len(), MAX_MARKS);
    learn(ONE, 500);
    let avoided = folder.plan(1_200).unwrap().avoid;
    assert_eq!(avoided, [ONE], "one that is known already is renewed");
    learn(TWO, 2 * HOUR);
    let left = folder.files();
    assert!(left.iter().any(|name| name.contains("ldap2")), "{left:?}");
}

#[test]
fn one_of_many_logins_has_the_task_of_finding_out() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    let probes: usize = std::thread::scope(|scope| {
        let logins: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| folder.plan(1500).unwrap().probe.len()))
            .collect();
        logins.into_iter().map(|login| login.join().unwrap()).sum()
    });
    assert_eq!(probes, 1);
}

#[test]
fn who_had_no_time_left_has_shown_nothing() {
    let folder = RunDir::new();
    let late = Deadline::after(system_clock, Duration::ZERO);
    let long = Deadline::after(system_clock, Duration::from_secs(8));
    assert!(folder.breaker().plan(&[], at(0), long).unwrap().is_fair);
    let mut plan = folder.breaker().plan(&[], at(0), late).unwrap();
    plan.is_fair = false;
    folder.breaker().learn(&plan, &owned(&[ONE]), at(0));
    assert!(folder.files().is_empty());
}

#[test]
fn a_clock_that_was_set_back_makes_marks_void() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 100_000);
    assert_eq!(folder.plan(99_000).unwrap().avoid, [""; 0]);
    folder.found_down(&[ONE], 0);
    assert_eq!(folder.plan(1000).unwrap().probe, [ONE]);
    // A claim that would last for hours is void too.
    let claim = folder
        .run_dir
        .join("corp:7+ldaps%3A%2F%2Fldap1.example.com");
    let file = fs::File::options().write(true).open(claim).unwrap();
    file.set_modified(at(9_000_000)).unwrap();
    assert_eq!(folder.plan(1001).unwrap().probe, [ONE]);
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
        assert_eq!(folder.plan(1).unwrap().avoid, [""; 0]);
    }
    fs::set_permissions(&folder.run_dir, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(folder.plan(1).unwrap().avoid, [ONE]);
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&folder.run_dir, Some(65_534), None).unwrap();
        assert_eq!(folder.plan(1).unwrap().avoid, [""; 0]);
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
    let plan = Plan {
        is_fair: true,
        ..Plan::default()
    };
    folder.breaker().learn(&plan, &owned(&[ONE]), at(0));
    assert_eq!(fs::metadata(&victim).unwrap().modified().unwrap(), before);
}

#[test]
fn a_worker_cannot_fill_the_folder_or_leave_it() {
    let folder = RunDir::new();
    let plan = folder.breaker().plan(&[], at(0), seconds(3)).unwrap();
    let mut down: Vec<String> = (0..100).map(|n| format!("ldap://{n}")).collect();
    folder.breaker().learn(&plan, &down, at(0));
    assert_eq!(folder.files().len(), MAX_DOWN);
    down = owned(&["", "../../etc/passwd", "a\nb", "é", &"x".repeat(300)]);
    folder.breaker().learn(&plan, &down, at(0));
    assert_eq!(folder.files().len(), MAX_DOWN + 1);
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
        prop_assert_eq!(decode(&name, &backend), Some(server));
    }

    #[test]
    fn no_name_of_a_file_makes_anything_panic(name in "\\PC{0,40}", tail in "[%0-9A-Fa-f]{0,9}") {
        let _ = decode(&name, "corp");
        let _ = decode(&format!("corp@{tail}"), "corp");
    }
}
