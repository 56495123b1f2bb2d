//! A directory of 100,000 people, and a group that all of them are in.

use std::time::Instant;

use authchain::words::DenialReason;
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::directory::bulk_name;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

const MANY: usize = 100_000;

/// The most memory that a worker may need, in KiB: too little for the whole list of a group.
const MOST_KIB: u64 = 16 * 1024;

/// Each question has the usual three seconds: too little to read the whole directory or the whole
/// list of a group.
#[test]
fn among_a_hundred_thousand_everybody_is_found_as_among_a_few() {
    let begin = Instant::now();
    let Some(slapd) = Slapd::start(&Plan {
        bulk: MANY,
        ..Plan::default()
    }) else {
        return;
    };
    println!("{MANY} people after {:?}", begin.elapsed());
    let corp = Asker::new(slapd.settings());
    for number in [0, MANY / 2, MANY - 1] {
        let name = bulk_name(number);
        let told = small(corp.login(&name, format!("pw-{name}")));
        assert_eq!(told.name(), Some(&*name), "{told:?}");
        let told = small(corp.login(&name, "pw-alice"));
        assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
    }
    assert!(small(corp.login(&bulk_name(MANY), "pw")).is_unknown());
    assert!(small(corp.login("bulk*", "pw")).is_unknown());
    for group in ["crowd", "city"] {
        let corp = corp.with("allow_groups", json!([group]));
        let last = bulk_name(MANY - 1);
        let told = small(corp.login(&last, format!("pw-{last}")));
        assert!(told.is_accepted(), "{group}: {told:?}");
        let told = small(corp.login("alice", "pw-alice"));
        assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
    }
}

fn small(told: Told) -> Told {
    println!("{:?}, {} KiB", told.took, told.peak_kib);
    assert!(told.peak_kib < MOST_KIB, "{told:?}");
    told
}
