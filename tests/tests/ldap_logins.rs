//! Logins against a real directory.

use authchain::words::DenialReason;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::slapd::{Plan, Slapd};

#[test]
fn the_right_password_is_accepted_and_the_wrong_one_denied() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let told = corp.login("alice", "pw-alice");
    assert_eq!(told.name(), Some("alice"), "{told:?}\n{}", slapd.log());
    let told = corp.login("alice", "pw-bob");
    assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
    let told = corp.login("nobody-here", "pw");
    assert!(told.is_unknown(), "{told:?}");
}
