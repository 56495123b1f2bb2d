//! Tests of the meaning of records, and of what a summary keeps.

use proptest::prelude::*;

use super::{code, counted};
use crate::files::ledger::counted::Counted;
use crate::files::ledger::history::History;

#[test]
fn wrong_codes_are_free_five_times_and_then_the_pauses_double() {
    let mut history = History::default();
    let mut at = 1_000_000;
    for _ in 0..5 {
        assert_eq!(history.pause_at(at), None);
        assert!(history.add(Counted::Attempt { at }));
    }
    for seconds in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
        let pause = history.pause_at(at).unwrap();
        assert_eq!(pause.as_secs(), seconds);
        assert!(
            !history.add(Counted::Attempt { at: at + 1 }),
            "in the pause"
        );
        at += seconds * 1000;
        assert!(history.add(Counted::Attempt { at }));
    }
    assert!(history.add(code(5)));
    assert_eq!((history.pause_at(at), history.failures()), (None, 0));
}

#[test]
fn a_clock_that_is_set_back_shortens_no_pause() {
    let mut history = History::default();
    for _ in 0..5 {
        history.add(Counted::Attempt { at: 9_000_000 });
    }
    assert!(!history.add(Counted::Attempt { at: 1_000 }));
    assert_eq!(history.pause_at(1_000).unwrap().as_secs(), 30);
    history.add(Counted::Unlocked { at: 1_000, step: 0 });
    assert!(history.add(Counted::Attempt { at: 1_000 }));
}

#[test]
fn a_summary_keeps_the_latest_uses_of_as_many_app_passwords_as_one_may_have() {
    let mut history = History::default();
    for id in 0..100 {
        history.add(Counted::AppPassword { id, at: 1_000 + id });
    }
    let mut short = History::default();
    for counted in history.summary() {
        short.add(counted);
    }
    assert_eq!(
        (history.last_use(99), short.last_use(99)),
        (Some(1_099), Some(1_099))
    );
    assert_eq!(
        (history.last_use(35), short.last_use(35)),
        (Some(1_035), None)
    );
    assert!(short.last_use(36).is_some());
}

proptest! {
    #[test]
    fn a_summary_says_what_all_the_records_say(
        before in prop::collection::vec(counted(), 0..40),
        after in prop::collection::vec(counted(), 0..10),
    ) {
        let mut whole = History::default();
        for counted in before {
            whole.add(counted);
        }
        let mut short = History::default();
        for counted in whole.summary() {
            short.add(counted);
        }
        prop_assert_eq!(&whole, &short);
        for counted in after {
            prop_assert_eq!(whole.add(counted), short.add(counted));
        }
    }
}
