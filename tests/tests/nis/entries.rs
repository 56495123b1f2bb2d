//! A NIS server with invalid entries: for another name, of another shape, with odd numbers.

use authchain_tests::servers::fake_yp::{after, alice, reply, unavailable, value};
use authchain_tests::servers::ypserv::domain::hash;

#[test]
fn an_entry_under_another_name_or_of_another_shape_lets_nobody_in() {
    let hash = hash("pw-alice");
    for line in [
        format!("bob:{hash}:5001:100:::"),
        format!("Alice:{hash}:5001:100:::"),
        format!(" alice:{hash}:5001:100:::"),
        format!("alice:{hash}:5001:100::"),
        format!("alice:{hash}:5001:100::::"),
        format!("alice:{hash}:-1:100:::"),
        format!("alice:{hash}:-0:100:::"),
        format!("alice:{hash}:+5001:100:::"),
        format!("alice:{hash}:0x1389:100:::"),
        format!("alice:{hash}::100:::"),
        format!("alice:{hash}:5001\n:100:::"),
        format!("alice:{hash}:5001 :100:::"),
        format!("alice:{hash}:4294967295:100:::"),
        format!("alice:{hash}:4294972297:100:::"),
        format!("alice:{hash}:5001:100:::\0"),
        format!("alice:{hash}:5001:100:::\nroot::0:0:::"),
        "alice".to_owned(),
        String::new(),
    ] {
        for told in after(move |call| reply(call.xid, &value(line.as_bytes()))) {
            unavailable(&told, "passwd map: not a valid entry");
        }
    }
}

#[test]
fn root_is_nobody_in_whatever_digits() {
    for uid in ["0", "00000000", "0000999"] {
        let line = alice().replace(":5001:", &format!(":{uid}:"));
        for told in after(move |call| reply(call.xid, &value(line.as_bytes()))) {
            assert!(told.is_unknown(), "{uid}: {told:?}");
        }
    }
}

#[test]
fn a_hash_under_another_name_or_of_another_shape_lets_nobody_in() {
    let hash = hash("pw-alice");
    for (map, mark, line, fault) in [
        ("shadow", "x", format!("alice:{hash}:::::::"), None),
        ("adjunct", "##alice", format!("alice:{hash}:::::"), None),
        (
            "shadow",
            "x",
            format!("bob:{hash}:::::::"),
            Some("somebody else's"),
        ),
        (
            "shadow",
            "x",
            format!("alice:{hash}"),
            Some("it does not have nine fields"),
        ),
        (
            "shadow",
            "x",
            format!("alice:{hash}:-1::::::"),
            Some("is not a number"),
        ),
        (
            "adjunct",
            "##alice",
            format!("alice2:{hash}:::::"),
            Some("somebody else's"),
        ),
        (
            "adjunct",
            "##alice",
            format!("alice:{hash}:::::\0"),
            Some("it has a NUL"),
        ),
    ] {
        let person = format!("alice:{mark}:5001:100:::");
        for told in after(move |call| {
            let is_secret = call.bytes.windows(map.len()).any(|w| w == map.as_bytes());
            let line = if is_secret { &line } else { &person };
            reply(call.xid, &value(line.as_bytes()))
        }) {
            match fault {
                None => assert!(told.is_accepted(), "{map}: {told:?}"),
                Some(fault) => {
                    unavailable(&told, &format!("{map} map: not a valid entry: "));
                    unavailable(&told, fault);
                }
            }
        }
    }
}
