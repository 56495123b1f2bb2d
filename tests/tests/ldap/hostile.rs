//! A server that sends false replies, stalls and floods: the worker answers *unavailable* in time,
//! and does not crash.

use std::cell::Cell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use authchain::words::{AccountStatus, DenialReason};
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::free_port;
use authchain_tests::servers::hostile::{
    almost_good, blurt, drip, element, entry, entry_with, flood, message, request, result, serve,
    settings, wait,
};
use serde_json::json;

fn login(port: u16) -> Told {
    let mut asker = Asker::new(settings(port));
    asker.budget_ms = 1_000;
    asker.login("alice", "pw-alice")
}

/// Asserts that the answer is `unavailable` and came in time, and that the worker used little
/// memory.
#[track_caller]
fn assert_unavailable(what: &str, told: &Told, words: &str) {
    let why = told
        .unavailable()
        .unwrap_or_else(|| panic!("{what}: {told:?}"));
    assert!(why.contains(words), "{what}: {why}");
    assert!(!why.contains(|c: char| c.is_control()), "{what}: {why:?}");
    assert!(
        told.took < Duration::from_millis(1_500),
        "{what}: {:?}",
        told.took
    );
    assert!(told.peak_kib < 16 * 1024, "{what}: {} KiB", told.peak_kib);
}

#[test]
fn a_server_that_behaves_is_believed() {
    let port = serve(|stream| almost_good(stream, |_, bytes| bytes));
    assert_eq!(login(port).name(), Some("alice"));
    let refusing = serve(|stream| {
        almost_good(stream, |tag, bytes| match tag {
            0x60 => message(bytes[4], &result(0x61, 49, b"no\x1b[31m\r\nroot: ok")),
            _ => bytes,
        });
    });
    let told = login(refusing);
    assert!(
        told.denial().is_some() && !told.detail().contains(char::is_control),
        "{told:?}"
    );
}

#[test]
fn what_is_no_answer_is_refused_whatever_it_is() {
    let nested: Vec<u8> = (0..100_000u32)
        .rev()
        .flat_map(|inner| {
            let [a, b, c, d] = (inner * 6).to_be_bytes();
            [0x30, 0x84, a, b, c, d]
        })
        .collect();
    let nested_a_little = (0..40).fold(Vec::new(), |inner, _| element(0x30, &inner));
    let many = element(0x30, &[4, 0].repeat(20_000));
    for (what, bytes, words) in [
        ("nested", nested, "over 262144"),
        ("nested a little", nested_a_little, "nested too deep"),
        ("many elements", many, "too many elements"),
        (
            "two gigabytes",
            b"\x30\x84\x7f\xff\xff\xff".repeat(4),
            "over 262144",
        ),
        (
            "indefinite length",
            b"\x30\x80\x02\x01\x01".to_vec(),
            "impossible length",
        ),
        (
            "endless length",
            vec![0x30, 0xff, 0xff, 0xff, 0xff],
            "impossible length",
        ),
        ("long tag", vec![0x3f, 0x81, 0x00], "unknown tag"),
        ("an empty message", vec![0x30, 0], "malformed message"),
        ("half a message", message(1, b""), "malformed message"),
        (
            "text",
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "malformed message",
        ),
        (
            "another id",
            message(9, &result(0x65, 0, b"")),
            "nothing that was asked",
        ),
        (
            "id zero",
            message(0, &result(0x78, 52, b"bye\x07")),
            "the server ended the connection",
        ),
        (
            "another operation",
            message(1, &result(0x61, 0, b"")),
            "another kind",
        ),
        (
            "not UTF-8",
            message(1, &result(0x65, 0, b"caf\xe9")),
            "not UTF-8",
        ),
        (
            "code of no bytes",
            message(1, &element(0x65, &[10, 0, 4, 0, 4, 0])),
            "result code",
        ),
        (
            "code of five bytes",
            message(1, &element(0x65, &[10, 5, 1, 0, 0, 0, 0, 4, 0, 4, 0])),
            "result code",
        ),
        (
            "inner longer than outer",
            vec![0x30, 5, 2, 1, 1, 0x65, 50],
            "impossible length",
        ),
    ] {
        let port = serve(move |stream| blurt(stream, &bytes));
        assert_unavailable(what, &login(port), words);
    }
}

#[test]
fn a_flood_is_cut_off() {
    let port = serve(|mut stream| {
        let Some((id, _)) = request(&mut stream) else {
            return;
        };
        flood(stream, &message(id, &entry("alice")));
    });
    assert_unavailable(
        "endless entries",
        &login(port),
        "more entries than were asked for",
    );
    let port = serve(|mut stream| {
        let Some((id, _)) = request(&mut stream) else {
            return;
        };
        let reference = element(0x73, &element(4, b"ldap://elsewhere"));
        flood(stream, &message(id, &reference));
    });
    assert_unavailable(
        "endless referrals",
        &login(port),
        "more entries than were asked for",
    );
    let port = serve(|stream| flood(stream, &[0x30; 4096]));
    assert_unavailable("endless noise", &login(port), "impossible length");
    let port = serve(|mut stream| {
        let Some((id, _)) = request(&mut stream) else {
            return;
        };
        let large = element(
            0x64,
            &[element(4, b"uid=alice"), element(0x30, &[])].concat(),
        );
        let padded = [message(id, &large), vec![0x30, 0x83, 0x03, 0xff, 0xf0]].concat();
        flood(stream, &padded);
    });
    assert_unavailable("a large message that never ends", &login(port), "");
}

#[test]
fn a_server_that_is_slow_on_purpose_costs_the_budget_and_no_more() {
    let port = serve(wait);
    assert_unavailable("silence", &login(port), "search: timed out (timeout)");
    let port = serve(|stream| drip(stream, &message(1, &result(0x65, 0, b""))));
    assert_unavailable(
        "a byte a second",
        &login(port),
        "search: timed out (timeout)",
    );
}

/// Answers like a correct server, except the request number `mute` on a connection.
fn falls_silent(mute: usize) -> u16 {
    serve(move |mut stream| {
        let mut count = 0;
        while let Some((id, tag)) = request(&mut stream) {
            if count == mute {
                return wait(stream);
            }
            count += 1;
            let answer = match tag {
                0x63 => {
                    let done = message(id, &result(0x65, 0, b""));
                    [message(id, &entry("alice")), done].concat()
                }
                _ => message(id, &result(0x61, 0, b"")),
            };
            if std::io::Write::write_all(&mut stream, &answer).is_err() {
                return;
            }
        }
    })
}

/// A server may wait for a push to a telephone before it answers a bind.
#[test]
fn a_password_that_was_sent_has_the_whole_time_whatever_other_servers_there_are() {
    let port = serve(|stream| {
        almost_good(stream, |tag, answer| {
            if tag == 0x60 {
                thread::sleep(Duration::from_millis(1_600));
            }
            answer
        });
    });
    let other = format!("ldap://127.0.0.1:{}", serve(wait));
    let uris = json!([format!("ldap://127.0.0.1:{port}"), other]);
    let mut corp = Asker::new(settings(port)).with("uris", uris);
    corp.budget_ms = 2_000;
    let told = corp.login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
    let own = corp.with("user_dn_template", "uid=%u,dc=example,dc=test");
    let told = own.login("alice", "pw-alice");
    assert!(told.is_accepted(), "a bind before all else: {told:?}");
}

#[test]
fn connect_timeout_limits_connecting_and_not_the_login_of_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let port = serve(|stream| {
        almost_good(stream, |tag, answer| {
            if tag == 0x60 {
                thread::sleep(Duration::from_millis(1_600));
            }
            answer
        });
    });
    // On a busy machine, a shorter wait may be slept through.
    let mut corp = (Asker::new(settings(port)).with("connect_timeout", "800ms"))
        .with("bind_dn", "cn=svc")
        .with("bind_password_file", json!(secret));
    let told = corp.login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
    corp.budget_ms = 1_000;
    let told = corp.login("alice", "pw-alice");
    assert_unavailable("the login", &told, "service bind: timed out (timeout)");
    let tls = json!([format!("ldaps://127.0.0.1:{}", serve(wait))]);
    let corp = corp.with("uris", tls).with("tls", "ldaps");
    let corp = corp.with("tls_verify", "none");
    let told = corp.login("alice", "pw-alice");
    assert_unavailable("TLS", &told, "TLS: timed out (connect_timeout)");
}

/// The kernel accepts connections for a server that hangs.
#[test]
fn a_connection_in_the_clear_does_not_show_that_a_server_is_back() {
    let port = serve(wait);
    let mut corp = Asker::new(settings(port));
    let uri = format!("ldap://127.0.0.1:{port}");
    corp.avoid = vec![uri.clone()];
    // On a busy machine, a shorter look may be slept through.
    corp.probe_ms = 900;
    let template = "uid=%u,dc=example,dc=test";
    for corp in [corp.clone(), corp.with("user_dn_template", template)] {
        let told = corp.login("alice", "pw-alice");
        let words = "root entry: timed out (it was down a moment ago)";
        assert_unavailable("a hung server", &told, words);
        assert!(told.took < Duration::from_millis(1_600), "{told:?}");
        assert_eq!(told.conclusion.servers.down, [uri.as_str()]);
        assert!(told.conclusion.servers.again, "{told:?}");
        assert!(told.conclusion.servers.unanswered, "{told:?}");
    }
    let alive = serve(|stream| almost_good(stream, |_, answer| answer));
    let mut corp = Asker::new(settings(alive));
    corp.avoid = vec![format!("ldap://127.0.0.1:{alive}")];
    corp.probe_ms = 300;
    let told = corp.login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
    assert_eq!(told.conclusion.servers.up, corp.avoid);
}

/// A person can make a search for their own entry fail, behind a server that is down as well.
#[test]
fn a_server_in_the_clear_that_refuses_a_search_has_answered_whoever_else_is_down() {
    let refusing = serve(|stream| {
        almost_good(stream, |tag, bytes| match tag {
            0x63 => message(bytes[4], &result(0x65, 3, b"time limit exceeded")),
            _ => bytes,
        });
    });
    let uri = |port: u16| format!("ldap://127.0.0.1:{port}");
    let dead = uri(free_port());
    let account = |uris: &[&str]| {
        let told = Asker::new(settings(refusing)).with("uris", json!(uris));
        let told = told.account("alice");
        assert_unavailable("a dead server", &told, "refused");
        assert_eq!(told.conclusion.servers.down, [dead.as_str()]);
        told.conclusion.servers.unanswered
    };
    assert!(account(&[&dead]));
    assert!(!account(&[&dead, &uri(refusing)]));
}

#[test]
fn silence_about_one_person_does_not_make_a_server_down() {
    let ask = |mute: usize, filter: Option<&str>| {
        let mut asker = Asker::new(settings(falls_silent(mute)));
        if let Some(filter) = filter {
            asker = asker.with("access_filter", filter);
        }
        asker.budget_ms = 700;
        asker.login("alice", "pw-alice")
    };
    let first = ask(0, None);
    assert_unavailable("the first search", &first, "search: timed out (timeout)");
    assert_eq!(first.conclusion.servers.down.len(), 1, "{first:?}");
    let bind = ask(1, None);
    assert_unavailable("the bind", &bind, "bind: timed out (timeout)");
    assert!(bind.conclusion.servers.down.is_empty(), "{bind:?}");
    let access = ask(1, Some("(uid=%u)"));
    assert_unavailable(
        "the access filter",
        &access,
        "access filter: timed out (timeout)",
    );
    assert!(access.conclusion.servers.down.is_empty(), "{access:?}");
    let hung = |mute: usize| {
        let mut asker = Asker::new(settings(falls_silent(mute)));
        asker.budget_ms = 700;
        asker
    };
    let groups = (hung(1).with("allow_groups", json!(["x"])))
        .with("group_base", "ou=groups")
        .login("alice", "pw-alice");
    assert_unavailable("the groups", &groups, "group search: timed out (timeout)");
    assert!(groups.conclusion.servers.down.is_empty(), "{groups:?}");
    let template = "uid=%u,dc=example,dc=test";
    let own = (hung(0).with("user_dn_template", template)).login("alice", "pw-alice");
    assert_unavailable("a bind before all else", &own, "bind: timed out (timeout)");
    assert!(own.conclusion.servers.down.is_empty(), "{own:?}");
}

#[test]
fn a_password_that_was_sent_is_sent_to_no_other_server() {
    let busy = |tag: u8, bytes: Vec<u8>| match tag {
        0x60 => message(bytes[4], &result(0x61, 51, b"")),
        _ => bytes,
    };
    let failing = [
        falls_silent(1),
        serve(move |stream| almost_good(stream, busy)),
        serve(|stream| {
            almost_good(
                stream,
                |tag, bytes| if tag == 0x60 { vec![] } else { bytes },
            )
        }),
    ];
    let good = serve(|stream| almost_good(stream, |_, bytes| bytes));
    let uri = |port: u16| format!("ldap://127.0.0.1:{port}");
    for port in failing {
        let uris = serde_json::json!([uri(port), uri(good)]);
        let mut asker = Asker::new(settings(port)).with("uris", uris);
        asker.budget_ms = 1_000;
        let told = asker.login("alice", "pw-alice");
        assert_unavailable("after the bind", &told, ": bind: ");
        assert!(
            !told.unavailable().unwrap().contains(&uri(good)),
            "{told:?}"
        );
    }
}

#[test]
fn a_password_that_cannot_be_sent_is_refused_only_to_somebody_who_is_there() {
    let port = serve(|stream| almost_good(stream, |_, bytes| bytes));
    let long = "x".repeat(512);
    let asker = Asker::new(settings(port));
    assert!(asker.login("alice", &long).denial().is_some());
    assert!(asker.login("bob", &long).is_unknown());
    assert!(asker.login("bob", "").denial().is_some());
}

#[test]
fn a_connection_may_end_after_every_byte() {
    let good = [
        message(1, &entry("alice")),
        message(1, &result(0x65, 0, b"")),
    ]
    .concat();
    for length in 0..good.len() {
        let cut = good[..length].to_vec();
        let port = serve(move |mut stream| {
            let _ = request(&mut stream);
            let _ = std::io::Write::write_all(&mut stream, &cut);
        });
        assert_unavailable(
            &format!("{length} bytes"),
            &login(port),
            "the server closed the connection",
        );
    }
}

#[test]
fn an_entry_that_is_not_the_one_asked_for_is_not_bound_to() {
    for (what, dn) in [
        ("elsewhere", "uid=alice,dc=evil"),
        ("nameless", ""),
        ("no name", "alice"),
    ] {
        let port = serve(move |mut stream| {
            let Some((id, _)) = request(&mut stream) else {
                return;
            };
            let values = element(0x31, &element(4, b"alice"));
            let attribute = element(0x30, &[element(4, b"uid"), values].concat());
            let body = [element(4, dn.as_bytes()), element(0x30, &attribute)].concat();
            let answers = [
                message(id, &element(0x64, &body)),
                message(id, &result(0x65, 0, b"")),
            ];
            let _ = std::io::Write::write_all(&mut stream, &answers.concat());
            // A bind as any DN would succeed.
            almost_good(stream, |_, bytes| bytes);
        });
        assert_unavailable(what, &login(port), "an entry from elsewhere");
    }
}

#[test]
fn a_bind_that_succeeds_against_the_policy_is_denied() {
    for (error, expected) in [(0, DenialReason::NotPermitted), (1, DenialReason::Locked)] {
        let port = serve(move |stream| {
            almost_good(stream, |tag, bytes| match tag {
                0x60 => {
                    let name = element(4, b"1.3.6.1.4.1.42.2.27.8.5.1");
                    let value = element(4, &[0x30, 3, 0x81, 1, error]);
                    let controls = element(0xa0, &element(0x30, &[name, value].concat()));
                    let bound = result(0x61, 0, b"");
                    message(bytes[4], &[bound, controls].concat())
                }
                _ => bytes,
            });
        });
        let told = login(port);
        assert_eq!(told.denial(), Some(expected), "{told:?}");
    }
}

#[test]
fn with_a_template_a_missing_entry_is_a_wrong_password_and_asked_for_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let uris: Vec<String> = (0..2)
        .map(|_| {
            let asked = Arc::clone(&asked);
            let port = serve(move |stream| {
                asked.fetch_add(1, Ordering::SeqCst);
                almost_good(stream, |_, bytes| message(bytes[4], &result(0x61, 32, b"")));
            });
            format!("ldap://127.0.0.1:{port}")
        })
        .collect();
    let template = "uid=%u,dc=example,dc=test";
    let told = Asker::new(settings(1))
        .with("uris", uris)
        .with("user_dn_template", template)
        .login("alice", "pw-alice");
    assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "{told:?}");
}

/// A server that lets `alice` in, and whose entry for her has this attribute.
fn marked(attribute: &'static str, value: &'static str) -> Asker {
    let port = serve(move |stream| {
        almost_good(stream, |tag, bytes| match tag {
            0x63 => {
                let found = entry_with("alice", &[(attribute, value)]);
                let done = result(0x65, 0, b"");
                [message(bytes[4], &found), message(bytes[4], &done)].concat()
            }
            _ => bytes,
        });
    });
    Asker::new(settings(port))
}

#[test]
fn a_lock_in_the_entry_counts_although_the_server_says_yes() {
    for (attribute, value) in [
        ("nsAccountLock", "true"),
        ("accountUnlockTime", "19700101000000Z"),
        ("accountUnlockTime", "soon"),
        ("pwdAccountLockedTime", "00000101000000Z"),
        ("pwdAccountLockedTime", "always"),
    ] {
        let corp = marked(attribute, value);
        let told = corp.login("alice", "pw-alice");
        assert_eq!(told.denial(), Some(DenialReason::Locked), "{told:?}");
        let told = corp.account("alice");
        assert_eq!(told.status(), Some(&AccountStatus::Locked), "{told:?}");
    }
    let early = marked("pwdStartTime", "99990101000000Z");
    let told = early.login("alice", "pw-alice");
    assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
}

#[test]
fn a_lock_nobody_knows_the_end_of_is_passed_over_and_noted() {
    let told = marked("pwdAccountLockedTime", "20261121212930Z").account("alice");
    let valid = AccountStatus::Valid { warning: None };
    assert_eq!(told.status(), Some(&valid), "{told:?}");
    let notes = told.conclusion.notes.join("\n");
    assert!(
        notes.contains("pwdAccountLockedTime is passed over"),
        "{notes}"
    );
}

#[test]
fn a_lock_whose_policy_a_limit_of_the_server_hides_is_not_passed_over() {
    const LOCKED: &[(&str, &str)] = &[
        ("pwdAccountLockedTime", "20261121212930Z"),
        ("pwdPolicySubentry", "cn=policy,dc=example,dc=test"),
    ];
    for (limit, words) in [(4, "sizeLimitExceeded"), (11, "adminLimitExceeded")] {
        let port = serve(move |stream| {
            let is_found = Cell::new(false);
            almost_good(stream, |tag, bytes| match (tag, is_found.replace(true)) {
                (0x63, true) => message(bytes[4], &result(0x65, limit, b"")),
                (0x63, false) => {
                    let found = message(bytes[4], &entry_with("alice", LOCKED));
                    [found, message(bytes[4], &result(0x65, 0, b""))].concat()
                }
                _ => bytes,
            });
        });
        let told = Asker::new(settings(port)).account("alice");
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains("policy search: "), "{why}");
        assert!(why.contains(words), "{why}");
    }
}
