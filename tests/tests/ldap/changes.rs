//! Changes of passwords in a real directory.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::{RefusalReason, WireVerdict};
use authchain::words::DenialReason;
use authchain_tests::need;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

const NEW: &str = "new-secret-1";

/// People write their own entries, but for their names.
fn by_self() -> Option<Slapd> {
    Slapd::start(&Plan {
        by_self_write: true,
        ..Plan::default()
    })
}

fn service_may_write() -> Option<Slapd> {
    Slapd::start(&Plan {
        access: SERVICE_WRITES,
        ..Plan::default()
    })
}

pub(crate) const SERVICE_WRITES: &str = "\
access to attrs=userPassword by dn.exact=\"cn=svc,dc=example,dc=test\" write by self write \
by anonymous auth by * none
access to attrs=shadowLastChange by dn.exact=\"cn=svc,dc=example,dc=test\" write by users read
";

fn with_methods(slapd: &Slapd) -> [Asker; 2] {
    let corp = Asker::new(slapd.settings());
    [corp.clone(), corp.with("password_change", "modify")]
}

#[test]
fn a_password_is_changed_where_it_lives() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    for (corp, name) in with_methods(&slapd).iter().zip(["alice", "bob"]) {
        let old = format!("pw-{name}");
        let told = corp.may_change(name, &old);
        assert!(told.may_be_changed(), "{told:?}");
        assert!(
            corp.login(name, &old).is_accepted(),
            "a check changes nothing"
        );
        let told = corp.change(name, &old, NEW);
        assert!(
            told.is_changed() && told.conclusion.notes.is_empty(),
            "{told:?}"
        );
        assert_eq!(
            corp.login(name, &old).denial(),
            Some(DenialReason::BadCredential)
        );
        assert!(corp.login(name, NEW).is_accepted());
    }
    // Over StartTLS as well.
    let corp = Asker::new(slapd.settings()).with("uris", json!([slapd.ldap()]));
    let told = corp.change("alice", NEW, "second");
    assert!(told.is_changed(), "{told:?}");
}

#[test]
fn a_password_is_changed_over_the_local_socket() {
    // A user's own slapd listens on its socket as that user, whom the worker does not trust.
    if !need::root("a change over the local socket") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings()).with("uris", json!([slapd.ldapi()]));
    let told = corp.change("alice", "pw-alice", NEW);
    assert!(told.is_changed(), "{told:?}");
}

/// The whole of it is one connection: the service's bind, the search, the person's bind, and one
/// request.
#[test]
fn a_change_takes_one_connection_and_one_request() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let (connections, log) = (slapd.connections(), slapd.log().len());
    assert!(corp.change("alice", "pw-alice", NEW).is_changed());
    assert_eq!(slapd.connections(), connections + 1);
    let log = slapd.log().split_off(log);
    let requests = ["BIND dn=", "SRCH base=", "PASSMOD", "MOD dn="];
    let count = |word: &&str| log.lines().filter(|line| line.contains(*word)).count();
    // A bind is logged twice: as it comes, and once its password was right.
    assert_eq!(requests.each_ref().map(count), [4, 1, 1, 0], "{log}");
}

#[test]
fn a_wrong_old_password_is_denied_and_nothing_else_is_asked() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    for corp in with_methods(&slapd) {
        for told in [
            corp.may_change("alice", "wrong"),
            corp.change("alice", "wrong", NEW),
        ] {
            assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
        }
        assert_eq!(
            corp.change("alice", "", NEW).denial(),
            Some(DenialReason::EmptyPassword)
        );
        assert!(corp.change("nobody-here", "x", NEW).is_unknown());
        assert_eq!(
            corp.change("dup", "pw-dup", NEW).denial(),
            Some(DenialReason::NotPermitted)
        );
        for new in [&b""[..], b"a\0b", b"caf\xe9", &[b'x'; 512]] {
            let told = corp.change("alice", "pw-alice", new);
            assert_eq!(
                told.refusal().map(|(reason, _)| reason),
                Some(RefusalReason::Quality)
            );
        }
        assert!(corp.login("alice", "pw-alice").is_accepted());
    }
    assert!(!slapd.log().contains("PASSMOD") && !slapd.log().contains("MOD dn="));
}

#[test]
fn the_servers_policy_refuses_in_its_own_words() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    for corp in with_methods(&slapd) {
        for (name, new, reason, words) in [
            ("strict", "short", RefusalReason::Quality, "quality"),
            ("strict", "pw-strict", RefusalReason::InHistory, "existing"),
            ("young", NEW, RefusalReason::TooYoung, "too young"),
            ("fixed", NEW, RefusalReason::NotPermitted, "not allowed"),
        ] {
            let old = format!("pw-{name}");
            let told = corp.change(name, &old, new);
            let (why, text) = told.refusal().unwrap_or_else(|| panic!("{name}: {told:?}"));
            assert_eq!(why, reason, "{name} {new}: {told:?}");
            assert!(text.contains(words), "{name} {new}: {told:?}");
            assert!(
                told.conclusion.notes[0].starts_with("password change: "),
                "{told:?}"
            );
            assert!(corp.login(name, &old).is_accepted());
        }
    }
    let told = Asker::new(slapd.settings()).may_change("strict", "pw-strict");
    let text = "The new password must have at least 8 characters and be none of the last 3.";
    let rules = WireVerdict::MayChange(None, Some(text.to_owned()));
    assert_eq!(told.conclusion.verdict, rules);
}

#[test]
fn a_password_that_must_be_changed_can_be() {
    for method in ["exop", "modify"] {
        let Some(slapd) = service_may_write() else {
            return;
        };
        let corp = Asker::new(slapd.settings()).with("password_change", method);
        for name in ["reset", "expired", "graced", "aged"] {
            let old = format!("pw-{name}");
            let change = |old, new| corp.change_of(ChangeKind::Expired, name, Some(old), new);
            assert!(change(&old, None).may_be_changed(), "{name}");
            let told = change(&old, Some(NEW.as_bytes()));
            assert!(told.is_changed(), "{method} {name}: {told:?}");
            assert_eq!(told.conclusion.notes, [""; 0], "{method} {name}");
            let told = corp.login(name, NEW);
            assert!(
                told.is_accepted() && !told.must_change(),
                "{method} {name}: {told:?}"
            );
            assert!(!corp.account(name).must_change());
            let told = corp.login(name, &old);
            assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
            // Once it is changed, it has not expired.
            let told = change(NEW, None);
            let reason = told.refusal().map(|(reason, _)| reason);
            assert_eq!(reason, Some(RefusalReason::NotExpired), "{told:?}");
        }
    }
}

#[test]
fn a_policy_that_wants_the_old_password_gets_it() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let [exop, modify] = with_methods(&slapd);
    assert!(exop.change("safe", "pw-safe", NEW).is_changed());
    let told = modify.change("safe", NEW, "second");
    assert!(told.is_changed(), "{told:?}");
    assert!(exop.login("safe", "second").is_accepted());
}

#[test]
fn the_account_refuses_a_change_as_it_refuses_a_login() {
    let Some(slapd) = by_self() else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    for (name, reason) in [
        ("ended", RefusalReason::AccountExpired),
        ("stale", RefusalReason::PasswordExpired),
        ("minimum", RefusalReason::TooYoung),
    ] {
        let old = format!("pw-{name}");
        for told in [corp.may_change(name, &old), corp.change(name, &old, NEW)] {
            assert_eq!(
                told.refusal().map(|(reason, _)| reason),
                Some(reason),
                "{told:?}"
            );
        }
        // Not even that is told to somebody who does not know the password.
        assert!(corp.may_change(name, "wrong").denial().is_some());
    }
    for name in ["barred", "locked"] {
        let told = corp.change(name, &format!("pw-{name}"), NEW);
        assert_eq!(told.denial(), Some(DenialReason::Locked), "{told:?}");
    }
    let filtered = corp.with("access_filter", "(uid=bob)");
    let grouped = corp.with("allow_groups", json!(["unix"]));
    for corp in [filtered, grouped] {
        let told = corp.change("alice", "pw-alice", NEW);
        assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
    }
    assert!(corp.login("alice", "pw-alice").is_accepted());
    assert!(!slapd.log().contains("PASSMOD"));
}

#[test]
fn the_day_of_the_last_change_is_written_by_whoever_may() {
    // As the person, as the service, as nobody.
    for (slapd, note) in [
        (by_self(), None),
        (service_may_write(), None),
        (
            Slapd::start(&Plan::default()),
            Some("shadowLastChange still has the old day"),
        ),
    ] {
        let Some(slapd) = slapd else {
            return;
        };
        let corp = Asker::new(slapd.settings());
        assert!(corp.login("aged", "pw-aged").must_change());
        let told = corp.change("aged", "pw-aged", NEW);
        assert!(told.is_changed(), "{told:?}");
        let notes = &told.conclusion.notes;
        assert_eq!(notes.len(), usize::from(note.is_some()), "{told:?}");
        assert!(
            notes.iter().all(|line| line.contains(note.unwrap())),
            "{told:?}"
        );
        assert_eq!(corp.login("aged", NEW).must_change(), note.is_some());
        // An entry without the attribute gets none.
        assert!(
            corp.change("bob", "pw-bob", NEW)
                .conclusion
                .notes
                .is_empty()
        );
    }
}

#[test]
fn root_changes_what_bind_dn_may_change() {
    let Some(slapd) = service_may_write() else {
        return;
    };
    for (corp, new) in with_methods(&slapd)
        .iter()
        .zip(["first-of-root", "second-of-root"])
    {
        for name in ["alice", "ended", "aged", "barred"] {
            assert!(corp.change_as_root(name, None).may_be_changed());
            let told = corp.change_as_root(name, Some(new));
            assert!(told.is_changed(), "{name}: {told:?}");
        }
        assert!(corp.login("alice", new).is_accepted());
        assert!(!corp.login("aged", new).must_change());
        assert!(corp.change_as_root("nobody-here", Some(new)).is_unknown());
        let told = corp.change_as_root("strict", Some("short"));
        assert_eq!(
            told.refusal().map(|(reason, _)| reason),
            Some(RefusalReason::Quality)
        );
    }
}

#[test]
fn root_is_told_where_bind_dn_may_not() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let text = (
        RefusalReason::NotPermitted,
        "Password reset by root is not supported.",
    );
    for corp in with_methods(&slapd) {
        let told = corp.change_as_root("alice", Some(NEW));
        assert_eq!(told.refusal(), Some(text), "{told:?}");
        assert!(told.conclusion.notes[0].contains("as bind_dn"), "{told:?}");
        let alone = (corp.with("bind_dn", ())).with("bind_password_file", ());
        for new in [None, Some(NEW)] {
            assert_eq!(alone.change_as_root("alice", new).refusal(), Some(text));
        }
        assert!(corp.login("alice", "pw-alice").is_accepted());
    }
}

#[test]
fn with_a_template_the_person_needs_no_service() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let template = format!("uid=%u,ou=people,{BASE}");
    let corp = Asker::new(slapd.settings()).with("user_dn_template", template.as_str());
    let alone = (corp.with("bind_dn", ())).with("bind_password_file", ());
    assert!(alone.change("alice", "pw-alice", NEW).is_changed());
    assert!(alone.login("alice", NEW).is_accepted());
    assert!(alone.change("ALICE", NEW, "other").is_unknown());
    for name in ["reset", "expired"] {
        let told = alone.change(name, &format!("pw-{name}"), NEW);
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains("set bind_dn"), "{why}");
    }
}
