//! Servers that lie, stall or hang up at the change of a password.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authchain::backends::protocol::RefusalReason;
use authchain::words::DenialReason;
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::hostile::{
    almost_good, element, message, result, serve, settings, wait,
};
use serde_json::json;

/// The tags of requests, and of the replies to changes (RFC 4511 §4).
const BIND: u8 = 0x60;
const MODIFY: u8 = 0x66;
const EXTENDED: u8 = 0x77;
const MODIFY_REPLY: u8 = 0x67;
const EXTENDED_REPLY: u8 = 0x78;

/// Asks a server whose answers `twist` changes, by both requests.
fn changes(twist: impl Fn(u8, Vec<u8>) -> Vec<u8> + Clone + Send + Sync + 'static) -> [Told; 2] {
    ["exop", "modify"].map(|method| {
        let twist = twist.clone();
        let port = serve(move |stream| almost_good(stream, twist.clone()));
        let mut asker = Asker::new(settings(port)).with("password_change", method);
        asker.budget_ms = 1_000;
        asker.change("alice", "pw-alice", "new-secret")
    })
}

/// Answers a change with these bytes in place of a reply; `{reply}` is the tag of the right one.
fn answering(reply: impl Fn(u8, u8) -> Vec<u8> + Clone + Send + Sync + 'static) -> [Told; 2] {
    changes(move |tag, bytes| match tag {
        EXTENDED => reply(bytes[4], EXTENDED_REPLY),
        MODIFY => reply(bytes[4], MODIFY_REPLY),
        _ => bytes,
    })
}

#[test]
fn a_server_that_behaves_is_believed() {
    for told in changes(|_, bytes| bytes) {
        assert!(told.is_changed(), "{told:?}");
    }
}

#[test]
fn whatever_is_no_plain_answer_leaves_it_open_whether_the_password_was_changed() {
    let control = |error: u8| {
        let value = element(4, &[0x30, 3, 0x81, 1, error]);
        let oid = element(4, b"1.3.6.1.4.1.42.2.27.8.5.1");
        element(0xa0, &element(0x30, &[oid, value].concat()))
    };
    let referral = element(0xa3, &element(4, b"ldap://other"));
    let with_referral = move |id, tag| {
        let parts = [&[10, 1, 0, 4, 0, 4, 0], &referral[..]].concat();
        message(id, &element(tag, &parts))
    };
    let with_error = move |id, tag| message(id, &[result(tag, 0, b""), control(6)].concat());
    let answers: [(&str, [Told; 2]); 7] = [
        ("contradicted", answering(with_error)),
        ("contradicted", answering(with_referral)),
        (
            "another kind",
            answering(|id, _| message(id, &result(0x61, 0, b""))),
        ),
        (
            "nothing that was asked",
            answering(|_, tag| message(9, &result(tag, 0, b""))),
        ),
        (
            "not UTF-8",
            answering(|id, tag| message(id, &result(tag, 0, b"caf\xe9"))),
        ),
        (
            "over 262144",
            answering(|_, _| b"\x30\x84\x7f\xff\xff\xff".to_vec()),
        ),
        ("timed out", answering(|_, _| Vec::new())),
    ];
    for (words, both) in answers {
        for told in both {
            let why = told.unsure().unwrap_or_else(|| panic!("{words}: {told:?}"));
            let is_named = why.contains("ldap://127.0.0.1:") && why.contains("password change: ");
            let is_said = why.contains(words) || words == "contradicted";
            assert!(is_named && is_said, "{words}: {why}");
            // A person's change makes no server count as down for others.
            assert!(told.conclusion.servers.down.is_empty(), "{told:?}");
        }
    }
}

#[test]
fn a_server_that_hangs_up_after_the_request_leaves_it_open_too() {
    let hang_up = |stream: TcpStream| {
        let other = stream.try_clone().unwrap();
        almost_good(stream, move |tag, bytes| match tag {
            EXTENDED => {
                let _ = other.shutdown(std::net::Shutdown::Both);
                Vec::new()
            }
            _ => bytes,
        });
    };
    let told = Asker::new(settings(serve(hang_up))).change("alice", "pw-alice", "new");
    assert!(told.unsure().is_some(), "{told:?}");
}

#[test]
fn no_other_server_is_told_to_change_the_password() {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let second = serve(move |stream| {
        count.fetch_add(1, Ordering::SeqCst);
        wait(stream);
    });
    for (tag, code) in [(EXTENDED, None), (EXTENDED, Some(51)), (BIND, Some(52))] {
        let first = serve(move |stream| {
            almost_good(stream, move |asked, bytes| match (asked == tag, code) {
                (false, _) => bytes,
                (true, None) => Vec::new(),
                (true, Some(code)) => message(bytes[4], &result(bytes[5], code, b"busy")),
            });
        });
        let uris = [first, second].map(|port| format!("ldap://127.0.0.1:{port}"));
        let mut asker = Asker::new(settings(first)).with("uris", json!(uris));
        asker.budget_ms = 1_000;
        let told = asker.change("alice", "pw-alice", "new-secret");
        let is_open = told.unsure().is_some();
        assert_eq!(is_open, code.is_none(), "{told:?}");
        assert_eq!(told.unavailable().is_some(), code.is_some(), "{told:?}");
    }
    assert_eq!(heard.load(Ordering::SeqCst), 0);
}

#[test]
fn a_reference_to_another_server_is_refused() {
    let referral = |id, tag| {
        let url = element(0xa3, &element(4, b"ldap://other\x1b[31m"));
        let parts = [&[10, 1, 10, 4, 0, 4, 0], &url[..]].concat();
        message(id, &element(tag, &parts))
    };
    for told in answering(referral) {
        let (reason, text) = told.refusal().unwrap_or_else(|| panic!("{told:?}"));
        assert_eq!(reason, RefusalReason::NotPermitted);
        assert_eq!(text, "The password can only be changed on another server.");
        let note = told.conclusion.notes.last().unwrap();
        assert!(
            note.contains("not followed") && !note.contains('\x1b'),
            "{note}"
        );
    }
}

#[test]
fn a_servers_words_reach_the_person_in_one_line() {
    let long = "x".repeat(100_000);
    for (text, shown) in [
        (
            "Password fails quality checking policy",
            "Password fails quality checking policy",
        ),
        (
            "no\x1b[2J\r\n\r\nYour password was changed.",
            "no\\u{1b}[2J Your password was changed.",
        ),
        ("", "The new password is not accepted."),
        (&long, "xxx"),
    ] {
        let words = text.to_owned();
        for told in answering(move |id, tag| message(id, &result(tag, 19, words.as_bytes()))) {
            let (reason, text) = told.refusal().unwrap_or_else(|| panic!("{told:?}"));
            assert_eq!(reason, RefusalReason::Quality);
            assert!(text.starts_with(shown) && text.len() < 400, "{text:?}");
            assert!(!text.contains(char::is_control), "{text:?}");
        }
    }
}

/// An answer to the bind that proves no password, with every code and error that one may have.
#[test]
fn nothing_is_changed_on_a_connection_on_which_nobody_was_logged_in() {
    let heard = Arc::new(AtomicUsize::new(0));
    for code in [1, 8, 14, 19, 32, 48, 49, 50, 53] {
        let count = Arc::clone(&heard);
        let told = changes(move |tag, bytes| match tag {
            BIND => message(bytes[4], &result(0x61, code, b"")),
            EXTENDED | MODIFY => {
                count.fetch_add(1, Ordering::SeqCst);
                bytes
            }
            _ => bytes,
        });
        for told in told {
            assert!(
                told.denial().is_some() || told.unavailable().is_some(),
                "{told:?}"
            );
        }
    }
    let port = serve(|stream| almost_good(stream, |_, bytes| bytes));
    let told = Asker::new(settings(port)).change("alice", "", "new-secret");
    assert_eq!(told.denial(), Some(DenialReason::EmptyPassword));
    assert_eq!(heard.load(Ordering::SeqCst), 0);
}
