use super::*;
use proptest::prelude::*;

/// Returns an element with these contents.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u32::try_from(contents.len()).unwrap().to_be_bytes();
    match contents.len() {
        0..=0x7f => [&[tag, length[3]], contents].concat(),
        _ => [&[tag, 0x84], &length[..], contents].concat(),
    }
}

fn message(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &[&[2, 1, 7], &parts.concat()[..]].concat())
}

fn reply(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    message(&[&element(tag, &parts.concat())])
}

const CODE: &[u8] = &[10, 1, 0];
const EMPTY: &[u8] = &[4, 0];

#[test]
fn answers_of_the_right_shape_pass() {
    let result = [CODE, EMPTY, EMPTY];
    for (tag, answer) in [
        (0x61, Response::Bind),
        (0x65, Response::Done),
        (0x67, Response::Modify),
        (0x78, Response::Extended),
    ] {
        assert_eq!(check(&reply(tag, &result)), Ok((7, answer)));
    }
    let oid = element(0x8a, b"1.3.6.1.4.1.1466.20037");
    assert!(check(&reply(0x78, &[CODE, EMPTY, EMPTY, &oid])).is_ok());
    let url = element(0xa3, &element(4, b"ldap://other"));
    assert!(check(&reply(0x65, &[&[10, 1, 10], EMPTY, EMPTY, &url])).is_ok());
    let attribute = [element(4, b"uid"), element(0x31, &element(4, b"\xff\xfe"))].concat();
    let attributes = element(0x30, &element(0x30, &attribute));
    let entry = reply(0x64, &[&element(4, b"uid=a"), &attributes]);
    assert_eq!(check(&entry), Ok((7, Response::Entry)));
    let control = [
        element(4, b"1.3.6"),
        vec![1, 1, 0xff],
        element(4, b"\x30\x00"),
    ]
    .concat();
    let controls = element(0xa0, &element(0x30, &control));
    let bind = element(0x61, &result.concat());
    assert_eq!(
        check(&message(&[&bind, &controls])),
        Ok((7, Response::Bind))
    );
}

/// Refuses messages each of which made ldap3 0.12.1 panic, or take a refusal for success.
#[test]
fn messages_that_ldap3_parses_wrongly_are_refused() {
    let shape = |what| Err(Refusal::Shape(what));
    let code = |bytes: &[u8]| check(&reply(0x61, &[&element(10, bytes), EMPTY, EMPTY]));
    assert_eq!(code(b""), shape("result code"));
    assert_eq!(code(&[1, 0, 0, 0, 0]), shape("result code"));
    assert_eq!(code(&[1, 0, 0, 0, 0, 0, 0, 0, 0]), shape("result code"));
    assert_eq!(code(&[0x80]), shape("result code"));
    let not_utf8 = element(4, b"caf\xe9");
    for parts in [[CODE, &not_utf8, EMPTY], [CODE, EMPTY, &not_utf8]] {
        assert!(matches!(
            check(&reply(0x61, &parts)),
            Err(Refusal::NotUtf8(_))
        ));
    }
    let entry = reply(0x64, &[&not_utf8, &[0x30, 0]]);
    assert!(matches!(check(&entry), Err(Refusal::NotUtf8(_))));
    assert_eq!(check(&[0x30, 0]), shape("message"));
    assert_eq!(check(&[0x30, 3, 2, 1, 7]), shape("message"));
    let bind = element(0x61, &[CODE, EMPTY, EMPTY].concat());
    let empty_boolean = [element(4, b"1.2"), vec![1, 0]].concat();
    let controls = element(0xa0, &element(0x30, &empty_boolean));
    assert_eq!(check(&message(&[&bind, &controls])), shape("control"));
    let bad_oid = element(0xa0, &element(0x30, &element(4, b"\xff")));
    assert!(check(&message(&[&bind, &bad_oid])).is_err());
    assert!(check(&message(&[&bind, &element(0xa1, b"")])).is_err());
    assert!(check(&message(&[&bind, &element(0xa0, b""), EMPTY])).is_err());
    let primitive_controls = element(0x80, b"");
    assert!(check(&message(&[&bind, &primitive_controls])).is_err());
    assert!(check(&reply(0x6a, &[CODE, EMPTY, EMPTY])).is_err());
    assert!(check(&reply(0x61, &[CODE, EMPTY])).is_err());
    assert!(
        check(&reply(
            0x64,
            &[EMPTY, &element(0x30, &element(0x30, EMPTY))]
        ))
        .is_err()
    );
}

#[test]
fn ids_are_small_numbers() {
    for id in [
        &[2, 0][..],
        &[2, 1, 0xff],
        &[2, 5, 0, 0, 0, 0, 1],
        &[4, 1, 1],
    ] {
        let bind = element(0x61, &[CODE, EMPTY, EMPTY].concat());
        let whole = element(0x30, &[id, &bind].concat());
        assert_eq!(check(&whole), Err(Refusal::Shape("message")), "{id:?}");
    }
}

#[test]
fn the_notice_of_disconnection_is_told_with_its_text() {
    let words = element(4, b"going down");
    let result = element(0x78, &[&[10, 1, 52], EMPTY, &words[..]].concat());
    let goodbye = |rest: &[u8]| check(&element(0x30, &[&[2, 1, 0], &result[..], rest].concat()));
    let told = Err(Refusal::Disconnection("going down".to_owned()));
    assert_eq!(goodbye(b""), told);
    // As Active Directory sends it: the name of the notice beside the result, not in it.
    assert_eq!(goodbye(&element(0x8a, b"1.3.6.1.4.1.1466.20036")), told);
}

proptest! {
    #[test]
    fn no_bytes_make_the_guard_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = check(&bytes);
    }

    #[test]
    fn ldap3_reads_messages_that_pass_without_a_panic(bytes in near_messages()) {
        if check(&bytes).is_ok() {
            let read = ldap3::asn1::parse_tag(&bytes);
            prop_assert!(read.is_ok_and(|(rest, _)| rest.is_empty()));
        }
    }
}

/// Returns messages with a byte or two changed.
fn near_messages() -> impl Strategy<Value = Vec<u8>> {
    let whole = proptest::sample::select(vec![
        reply(0x61, &[CODE, EMPTY, EMPTY]),
        reply(0x65, &[CODE, &element(4, b"dc=x"), &element(4, b"text")]),
        reply(
            0x64,
            &[
                &element(4, b"uid=a"),
                &element(
                    0x30,
                    &element(
                        0x30,
                        &[element(4, b"uid"), element(0x31, &element(4, b"a"))].concat(),
                    ),
                ),
            ],
        ),
        reply(0x73, &[&element(4, b"ldap://x")]),
    ]);
    let changes = proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..3);
    (whole, changes).prop_map(|(mut bytes, changes)| {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}
