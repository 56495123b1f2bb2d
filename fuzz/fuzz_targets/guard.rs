//! Any bytes as a server's answers: refused, or read by the parser behind the guard without a
//! panic.
#![no_main]

use authchain_worker::guard::ledger::Ledger;
use authchain_worker::guard::{MAX_MESSAGE, message};
use libfuzzer_sys::fuzz_target;

/// A bind (id 1) and a search for two entries (id 2).
const ASKED: [&[u8]; 2] = [
    b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00",
    b"\x30\x16\x02\x01\x02\x63\x11\x04\x00\x0a\x01\x02\x0a\x01\x00\x02\x01\x02\x02\x01\x03\x01\x01\x00",
];

fuzz_target!(|data: &[u8]| {
    if message::check(data).is_ok() {
        assert!(data.len() <= MAX_MESSAGE);
        let (rest, _) = ldap3::asn1::parse_tag(data).expect("what passes can be read");
        assert!(rest.is_empty());
    }
    let mut ledger = Ledger::default();
    for request in ASKED {
        ledger.note(request).expect("what we ask is in order");
    }
    let _ = ledger.settle(data);
});
