//! Tests of ledgers: who wins a claim, and what a torn write costs.

mod history;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use proptest::prelude::*;

use super::counted::Counted;
use super::folder::LedgerFolder;
use super::generation::Generation;
use super::record::{Record, SIZE, parse_all};
use super::*;

struct LedgerStage {
    folder: tempfile::TempDir,
    ledger: Ledger,
}

impl LedgerStage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let ledger = Ledger::new(folder.path().to_owned());
        ledger.create().unwrap();
        Self { folder, ledger }
    }

    fn claims(&self, counted: Counted) -> bool {
        self.ledger.count(counted, Durability::Kept).unwrap().1
    }

    fn folder(&self) -> LedgerFolder {
        LedgerFolder::open(self.folder.path()).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

fn code(step: u64) -> Counted {
    Counted::Code { step }
}

/// Makes records of every kind that a history keeps.
fn counted() -> impl Strategy<Value = Counted> {
    let key = (0..3_u8).prop_map(|byte| [byte; 16]);
    prop_oneof![
        (0..5_000_000_u64).prop_map(|at| Counted::Attempt { at }),
        (0..20_u64).prop_map(code),
        (0..2_u64, 0..4_u64).prop_map(|(set, number)| Counted::RecoveryCode { set, number }),
        (key, any::<u32>(), any::<u32>()).prop_map(|(key, confirmed, used)| Counted::Remembered {
            key,
            confirmed: confirmed.into(),
            used: used.into(),
        }),
        (0..5_000_000_u64, 0..20_u64).prop_map(|(at, step)| Counted::Unlocked { at, step }),
        (0..4_u64, any::<u64>()).prop_map(|(id, at)| Counted::AppPassword { id, at }),
    ]
}

#[test]
fn of_many_claims_of_one_code_one_counts() {
    for (threads, rounds) in [(24, 50), (200, 50)] {
        let stage = LedgerStage::new();
        for round in 1..=rounds {
            let (start, won) = (Barrier::new(threads), AtomicUsize::new(0));
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        start.wait();
                        if stage.claims(code(round)) {
                            won.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            });
            assert_eq!(won.into_inner(), 1, "round {round} of {threads}");
        }
        assert_eq!(stage.ledger.history().unwrap().last_step(), Some(rounds));
    }
}

#[test]
fn no_claim_is_lost_while_files_succeed_each_other() {
    let stage = LedgerStage::new();
    let won = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..200 {
                    let counted = Counted::RecoveryCode { set: 1, number };
                    if stage.claims(counted) {
                        won.fetch_add(1, Ordering::Relaxed);
                    }
                    // Records that a summary leaves out.
                    stage.claims(Counted::Attempt { at: 1 });
                }
            });
        }
    });
    assert_eq!(won.into_inner(), 200);
    assert_ne!(stage.files(), ["ledger.1"]);
    assert_eq!(stage.files().len(), 1, "{:?}", stage.files());
}

#[test]
fn a_record_behind_the_seal_is_written_again() {
    let stage = LedgerStage::new();
    assert!(stage.claims(code(7)));
    // A process that was killed when it had sealed the file.
    let folder = stage.folder();
    let generation = Generation::newest(&folder).unwrap().unwrap();
    generation.append(Counted::Sealed, false).unwrap();
    assert_eq!(stage.ledger.history().unwrap().last_step(), Some(7));
    assert!(!stage.claims(code(7)));
    assert!(stage.claims(code(8)));
    assert_eq!(stage.files(), ["ledger.2"]);
}

#[test]
fn a_file_that_comes_back_from_the_past_is_not_read() {
    let stage = LedgerStage::new();
    let old = fs::read(stage.folder.path().join("ledger.1")).unwrap();
    for step in 1..600 {
        assert!(stage.claims(code(step)));
    }
    fs::write(stage.folder.path().join("ledger.1"), old).unwrap();
    assert!(!stage.claims(code(599)));
}

#[test]
fn a_file_that_comes_back_while_a_process_has_chosen_it_counts_nothing() {
    let stage = LedgerStage::new();
    let path = stage.folder.path().join("ledger.1");
    let old = fs::read(&path).unwrap();
    // A process that has listed the folder, and is stopped before it opens the file.
    let folder = stage.folder();
    let chosen = Generation::newest(&folder).unwrap().unwrap();
    for step in 1..600 {
        assert!(stage.claims(code(step)));
    }
    fs::write(&path, old).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let reopened = Generation::numbered(&folder, 1).unwrap().unwrap();
    for stale in [chosen, reopened] {
        stale.append(code(599), false).unwrap();
        assert!(!stale.is_newest(&folder).unwrap());
    }
    assert!(!stage.claims(code(599)));
}

#[test]
fn a_ledger_that_was_opened_before_goes_on_in_the_file_that_is_there_now() {
    let stage = LedgerStage::new();
    let mut open = stage.ledger.open().unwrap();
    for step in 1..600 {
        assert!(stage.claims(code(step)));
    }
    assert!(!open.count(code(599), Durability::Kept).unwrap().1);
    assert!(open.count(code(600), Durability::Kept).unwrap().1);
    assert!(!stage.claims(code(600)));
    for step in 601..900 {
        assert!(stage.claims(code(step)));
    }
    assert_eq!(open.history().unwrap().last_step(), Some(899));
    for file in stage.files() {
        fs::remove_file(stage.folder.path().join(file)).unwrap();
    }
    let missing = LedgerError::Missing(stage.folder.path().to_owned());
    let counted = open.count(code(900), Durability::Kept);
    assert_eq!(counted.unwrap_err(), missing);
    assert_eq!(open.history().unwrap_err(), missing);
}

#[test]
fn a_ledger_that_was_opened_before_goes_on_in_a_file_that_was_restored_under_its_name() {
    let stage = LedgerStage::new();
    let path = stage.folder.path().join("ledger.1");
    let copy = stage.folder.path().join("copy");
    let restored = stage.folder.path().join("restored");
    // A backup that links the file, and so keeps the old one alive.
    fs::copy(&path, &restored).unwrap();
    fs::hard_link(&path, &copy).unwrap();
    let mut open = stage.ledger.open().unwrap();
    fs::rename(&restored, &path).unwrap();
    assert!(open.count(code(7), Durability::Kept).unwrap().1);
    assert!(!stage.claims(code(7)));
    assert_eq!(open.history().unwrap().last_step(), Some(7));
}

#[test]
fn whoever_first_claims_in_a_file_waits_for_its_name() {
    let stage = LedgerStage::new();
    let named = || {
        let folder = stage.folder();
        let mut file = Generation::newest(&folder).unwrap().unwrap();
        file.read_on().unwrap();
        let named = |record: &&Record| record.counted == Counted::Named;
        file.records.iter().filter(named).count()
    };
    assert!(stage.claims(code(1)));
    assert_eq!(named(), 0, "nobody has waited yet");
    for step in 2..4 {
        stage.ledger.count(code(step), Durability::Durable).unwrap();
        assert_eq!(named(), 1);
    }
}

#[test]
fn a_write_that_was_cut_short_counts_nothing_and_hides_nothing() {
    let stage = LedgerStage::new();
    assert!(stage.claims(code(1)));
    let whole = Record {
        counted: code(2),
        id: [1; 16],
    };
    for length in 1..SIZE {
        let path = stage.folder.path().join("ledger.1");
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(&whole.to_bytes()[..length]).unwrap();
    }
    assert_eq!(stage.ledger.history().unwrap().last_step(), Some(1));
    assert!(stage.claims(code(2)) && !stage.claims(code(2)));
}

#[test]
fn where_there_is_no_ledger_nothing_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let missing = LedgerError::Missing(folder.path().to_owned());
    let ledger = Ledger::new(folder.path().to_owned());
    assert_eq!(
        ledger.count(code(1), Durability::Kept).unwrap_err(),
        missing
    );
    assert_eq!(ledger.history().unwrap_err(), missing);
}

#[test]
fn a_ledger_that_others_could_write_is_refused() {
    let stage = LedgerStage::new();
    let path = stage.folder.path().join("ledger.1");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
    let error = stage.ledger.count(code(1), Durability::Kept).unwrap_err();
    assert!(error.to_string().contains("mode 0620"), "{error}");
}

#[test]
fn a_record_of_a_newer_version_refuses() {
    let stage = LedgerStage::new();
    let mut bytes = Record {
        counted: code(1),
        id: [1; 16],
    }
    .to_bytes();
    bytes[4] = 99;
    let sum = sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(
        &bytes[..56],
    ));
    bytes[56..].copy_from_slice(&sum[..8]);
    fs::write(stage.folder.path().join("ledger.1"), bytes).unwrap();
    assert_eq!(stage.ledger.history(), Err(LedgerError::Newer));
}

proptest! {
    #[test]
    fn records_are_found_behind_any_bytes(
        junk in prop::collection::vec(any::<u8>(), 0..200), counted in counted(), id: [u8; 16],
    ) {
        let record = Record { counted, id };
        let bytes = [junk.clone(), record.to_bytes(), junk].concat();
        prop_assert!(parse_all(&bytes).unwrap().0.contains(&record));
    }
}
