//! Who gets in by a real domain, and who does not.

use authchain::backends::protocol::WireVerdict;
use authchain_tests::servers::samba::{PASSWORD, domain};

#[test]
fn the_right_password_is_accepted_and_the_wrong_one_denied() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    let told = corp.login("alice", PASSWORD);
    let WireVerdict::Accepted(alice) = &told.conclusion.verdict else {
        panic!("{told:?}")
    };
    assert_eq!(alice.name, "alice");
}
