mod files;
mod model;

use super::*;
use crate::tools::deadline::system_clock;
use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

const ONE: &str = "ldaps://ldap1.example.com";
const TWO: &str = "ldaps://ldap2.example.com:1636";

/// The number of a network namespace.
const HERE: Option<u64> = Some(7);

/// A folder of marks.
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

    fn plan(&self, millis: u64) -> Plan {
        self.breaker().plan(at(millis), seconds(3))
    }

    fn found_down(&self, servers: &[&str], millis: u64) {
        let plan = self.plan(millis);
        self.breaker().learn(&plan, &down(servers), at(millis));
    }

    fn found_up(&self, server: &str, open_ms: u64, millis: u64) {
        let plan = self.plan(millis);
        self.breaker()
            .learn(&plan, &up(server, open_ms), at(millis));
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

fn down(servers: &[&str]) -> ServersFound {
    ServersFound {
        down: owned(servers),
        ..ServersFound::default()
    }
}

fn up(server: &str, open_ms: u64) -> ServersFound {
    ServersFound {
        up: owned(&[server]),
        open_ms,
        ..ServersFound::default()
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn without_marks_everything_is_asked_and_nothing_is_made() {
    let folder = RunDir::new();
    let plan = folder.plan(0);
    assert!(plan.avoid.is_empty() && plan.probe.is_empty());
    folder
        .breaker()
        .learn(&plan, &ServersFound::default(), at(5));
    assert!(!folder.run_dir.exists());
}

#[test]
fn a_server_that_is_down_is_asked_last_and_once_a_second_one_login_asks_it_first() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    assert_eq!(folder.files(), ["corp:7@ldaps%3A%2F%2Fldap1.example.com"]);
    assert_eq!(folder.plan(999).avoid, [ONE]);
    let prober = folder.plan(1000);
    assert_eq!(
        (prober.probe.as_slice(), prober.avoid.len()),
        (&owned(&[ONE])[..], 0)
    );
    let other = folder.plan(1001);
    assert_eq!(
        (other.avoid.as_slice(), other.probe.len()),
        (&owned(&[ONE])[..], 0)
    );
    // The prober found it down still: the others go on as before, until the next second.
    folder.breaker().learn(&prober, &down(&[ONE]), at(1040));
    assert_eq!(folder.plan(1500).avoid, [ONE]);
    assert_eq!(folder.plan(2000).probe, [ONE]);
}

#[test]
fn a_server_that_answers_its_probe_is_asked_by_everybody_at_once() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    let prober = folder.plan(1200);
    folder.breaker().learn(&prober, &up(ONE, 10), at(1210));
    assert_eq!(folder.files(), ["corp:7=ldaps%3A%2F%2Fldap1.example.com"]);
    assert_eq!(folder.plan(1211).avoid, [""; 0]);
}

#[test]
fn after_half_a_minute_one_login_asks_with_the_full_time() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    let failed = folder.plan(29_000);
    assert_eq!(failed.probe, [ONE]);
    folder.breaker().learn(&failed, &down(&[ONE]), at(29_040));
    let patient = folder.plan(30_001);
    assert!(patient.probe.is_empty() && patient.avoid.is_empty());
    // The claim lasts as long as this login may take, three seconds, and REST.
    assert_eq!(folder.plan(33_900).avoid, [ONE]);
    folder.breaker().learn(&patient, &down(&[ONE]), at(33_000));
    assert_eq!(folder.plan(33_950).avoid, [ONE]);
    assert_eq!(folder.plan(35_000).probe, [ONE]);
}

#[test]
fn only_one_login_asks_even_if_that_may_take_minutes() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    let plan = |millis| folder.breaker().plan(at(millis), seconds(300));
    assert!(plan(30_000).avoid.is_empty());
    assert_eq!(plan(30_001).avoid, [ONE]);
    assert_eq!(plan(89_000).avoid, [ONE]);
}

#[test]
fn a_login_that_died_over_its_probe_is_followed_by_another() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    assert_eq!(folder.plan(1000).probe, [ONE]);
    assert_eq!(folder.plan(1999).avoid, [ONE]);
    assert_eq!(folder.plan(2000).probe, [ONE]);
}

#[test]
fn a_brief_look_follows_the_time_that_the_last_good_login_took() {
    let folder = RunDir::new();
    folder.found_down(&[TWO], 0);
    assert_eq!(folder.plan(1).probe_time, FIRST_PROBE);
    for (open_ms, probe) in [
        (0, 200),
        (20, 200),
        (80, 320),
        (300, 1_200),
        (60_000, 5_000),
    ] {
        folder.found_up(ONE, open_ms, 100_000);
        folder.found_down(&[ONE], 100_001);
        let plan = folder.plan(100_002);
        assert!(plan.avoid.contains(&ONE.to_owned()), "{plan:?}");
        let probe = Duration::from_millis(probe).max(FIRST_PROBE);
        assert_eq!(
            plan.probe_time, probe,
            "the longest of those that are marked"
        );
    }
}

#[test]
fn a_server_that_lets_others_through_is_slow_and_not_down() {
    let folder = RunDir::new();
    let slow = folder.plan(0);
    folder.found_up(ONE, 700, 900);
    folder.breaker().learn(&slow, &down(&[ONE]), at(1_500));
    assert_eq!(folder.plan(1_501).avoid, [""; 0]);
    let next = folder.plan(1_501);
    folder.breaker().learn(&next, &down(&[ONE]), at(3_001));
    assert_eq!(folder.plan(3_002).avoid, [ONE]);
}

#[test]
fn a_login_that_asked_briefly_notices_that_another_found_the_server_back() {
    let folder = RunDir::new();
    folder.found_down(&[ONE, TWO], 0);
    let brief = folder.plan(10);
    assert_eq!(brief.avoid, [ONE, TWO]);
    assert!(!folder.breaker().is_any_back(&brief, &[]));
    folder.found_up(TWO, 5, 20);
    assert!(folder.breaker().is_any_back(&brief, &[]));
    let undisturbed = folder.plan(30);
    assert!(
        !folder.breaker().is_any_back(&undisturbed, &[]),
        "ONE is still down"
    );
}

#[test]
fn backends_do_not_see_each_others_marks() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    for name in ["cor", "corp2", "c"] {
        let other = Breaker::open(&folder.run_dir, name, HERE, None);
        assert_eq!(other.plan(at(1), seconds(3)).avoid, [""; 0]);
    }
}

#[test]
fn marks_hold_for_the_network_that_they_were_made_in() {
    let folder = RunDir::new();
    let of = |network| Breaker::open(&folder.run_dir, "corp", network, None);
    let learn = |network, at| {
        let plan = of(network).plan(at, seconds(3));
        of(network).learn(&plan, &down(&[ONE]), at);
    };
    learn(None, at(0));
    assert!(!folder.run_dir.exists(), "a network that has no number");
    learn(Some(70), at(0));
    for elsewhere in [Some(7), Some(0), None] {
        let plan = of(elsewhere).plan(at(1), seconds(3));
        assert_eq!(plan.avoid, [""; 0], "{elsewhere:?}");
    }
    assert_eq!(of(Some(70)).plan(at(1), seconds(3)).avoid, [ONE]);
}

#[test]
fn this_process_is_in_a_network() {
    assert!(namespace().is_some_and(|number| number > 0));
}

#[test]
fn the_caller_of_su_can_make_nobody_wait_but_themselves() {
    let folder = RunDir::new();
    let of = |caller| Breaker::open(&folder.run_dir, "corp", HERE, caller);
    let plan = of(Some(1000)).plan(at(0), seconds(3));
    of(Some(1000)).learn(&plan, &down(&[ONE, TWO]), at(0));
    assert_eq!(of(Some(1000)).plan(at(1), seconds(3)).avoid, [ONE, TWO]);
    for caller in [None, Some(0), Some(100), Some(1001), Some(10_000)] {
        let plan = of(caller).plan(at(1), seconds(3));
        assert!(plan.avoid.is_empty(), "{caller:?}");
    }
    // Nor can they say that it takes long to be connected.
    of(Some(1000)).learn(&plan, &up(ONE, 60_000), at(2));
    assert_eq!(folder.files().len(), 1, "the mark of the other server");
}

#[test]
fn one_of_many_logins_has_the_task_of_finding_out() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 0);
    let probes: usize = std::thread::scope(|scope| {
        let logins: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| folder.plan(1500).probe.len()))
            .collect();
        logins.into_iter().map(|login| login.join().unwrap()).sum()
    });
    assert_eq!(probes, 1);
}

#[test]
fn a_login_without_enough_time_marks_no_server() {
    let folder = RunDir::new();
    let late = Deadline::after(system_clock, Duration::ZERO);
    let long = Deadline::after(system_clock, Duration::from_secs(8));
    assert!(folder.breaker().plan(at(0), long).has_enough_time);
    let mut plan = folder.breaker().plan(at(0), late);
    plan.has_enough_time = false;
    folder.breaker().learn(&plan, &down(&[ONE]), at(0));
    assert!(folder.files().is_empty());
}

#[test]
fn a_clock_that_was_set_back_makes_marks_void() {
    let folder = RunDir::new();
    folder.found_down(&[ONE], 100_000);
    assert_eq!(folder.plan(99_000).avoid, [""; 0]);
    folder.found_down(&[ONE], 0);
    assert_eq!(folder.plan(1000).probe, [ONE]);
    // A claim that would last for hours is void too.
    let claim = folder
        .run_dir
        .join("corp:7+ldaps%3A%2F%2Fldap1.example.com");
    let file = fs::File::options().write(true).open(claim).unwrap();
    file.set_modified(at(9_000_000)).unwrap();
    assert_eq!(folder.plan(1001).probe, [ONE]);
}
