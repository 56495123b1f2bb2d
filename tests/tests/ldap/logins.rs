//! Logins at a real directory.

use std::net::TcpListener;

use authchain::backends::protocol::WireVerdict;
use authchain::words::DenialReason;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::directory::{BASE, HOSTILE_NAMES};
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

#[test]
fn the_right_password_is_accepted_and_the_wrong_one_denied() {
    let Some(slapd) = Slapd::start(&Plan {
        bulk: 1_000,
        ..Plan::default()
    }) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let told = corp.login("alice", "pw-alice");
    let WireVerdict::Accepted(alice, _) = &told.conclusion.verdict else {
        panic!("{told:?}")
    };
    assert_eq!(
        (alice.name.as_str(), alice.uid, alice.gid),
        ("alice", Some(10_001), Some(5_000))
    );
    assert_eq!(
        (alice.home.as_str(), alice.shell.as_str()),
        ("/home/u10001", "/bin/bash")
    );
    assert_eq!(alice.gecos, "Alice Example");
    for wrong in ["pw-bob", "PW-ALICE", "pw-alice ", "p"] {
        let told = corp.login("alice", wrong);
        assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
    }
    assert!(corp.login("nobody-here", "pw").is_unknown());
    assert!(corp.login("bulk000999", "pw-bulk000999").is_accepted());
    assert_eq!(corp.lookup("bulk000500").name(), Some("bulk000500"));
    assert!(corp.lookup("bulk001000").is_unknown());
}

#[test]
fn hostile_names_find_their_owner_or_nobody() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    for name in HOSTILE_NAMES {
        let told = corp.login(name, format!("pw-{name}"));
        assert_eq!(told.name(), Some(name), "{name}: {told:?}");
        assert_eq!(
            corp.login(name, "pw-alice").denial(),
            Some(DenialReason::BadCredential)
        );
    }
    let binds = slapd.binds_of_people();
    for name in [
        "*",
        "a*",
        "al*ce",
        "alice)(|(uid=*",
        "*)(objectClass=*))(|(uid=*",
        "\\2a",
        "alice\\00",
    ] {
        let told = corp.login(name, "pw-alice");
        assert!(told.is_unknown(), "{name}: {told:?}");
    }
    assert_eq!(
        slapd.binds_of_people(),
        binds,
        "a name nobody has reached a bind"
    );
}

/// The directory finds `alice` for each of these.
#[test]
fn a_name_that_is_not_the_entrys_own_is_unknown() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    for name in ["ALICE", "Alice", "case", " alice", "sp  ace"] {
        let told = corp.login(name, "pw-alice");
        assert!(told.is_unknown(), "{name}: {told:?}");
        assert!(
            told.conclusion.notes[0].contains("another name"),
            "{told:?}"
        );
    }
    let folding = corp.with("case", "ascii");
    assert_eq!(folding.login("ALICE", "pw-alice").name(), Some("alice"));
    assert_eq!(folding.login("case", "pw-Case").name(), Some("Case"));
    assert!(folding.login("J\u{dc}RGEN", "pw-j\u{fc}rgen").is_unknown());
}

#[test]
fn two_entries_of_one_name_are_nobodys() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let binds = slapd.binds_of_people();
    let told = corp.login("dup", "pw-dup");
    assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
    assert!(told.detail().contains("more than one entry"), "{told:?}");
    assert_eq!(slapd.binds_of_people(), binds);
    assert!(corp.lookup("dup").unavailable().is_some());
    let one = corp.with("base", format!("ou=people,{BASE}"));
    assert!(one.login("dup", "pw-dup").is_accepted());
}

#[test]
fn a_referral_is_never_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let referral = elsewhere.local_addr().unwrap().port();
    let Some(slapd) = Slapd::start(&Plan {
        referral: Some(referral),
        ..Plan::default()
    }) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let away = corp.with("base", format!("ou=away,{BASE}"));
    let grouped = corp.with("allow_groups", json!(["nothing"]));
    // Neither unknown nor without the group: the other server may know the person, or have the
    // group.
    for told in [
        corp.login("nobody-here", "pw"),
        corp.account("nobody-here"),
        away.login("alice", "pw-alice"),
        grouped.login("alice", "pw-alice"),
    ] {
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains("referrals are not followed"), "{why}");
    }
    let staff = corp.with("allow_groups", json!(["staff"]));
    assert!(staff.login("alice", "pw-alice").is_accepted());
    let here = corp.with("base", format!("ou=people,{BASE}"));
    assert!(here.login("nobody-here", "pw").is_unknown());
    let nobody = elsewhere.accept().unwrap_err();
    assert_eq!(
        nobody.kind(),
        std::io::ErrorKind::WouldBlock,
        "somebody followed"
    );
}

/// This slapd is set up to accept a bind with a name and no password, as anonymous.
#[test]
fn passwords_a_directory_could_misunderstand_never_reach_it() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let long = "x".repeat(512);
    for (password, reason) in [
        (&b""[..], DenialReason::EmptyPassword),
        (b"\0", DenialReason::BadCredential),
        (b"pw-alice\0junk", DenialReason::BadCredential),
        (b"pw-alice\xff", DenialReason::BadCredential),
        (long.as_bytes(), DenialReason::BadCredential),
    ] {
        let told = corp.login("alice", password);
        assert_eq!(told.denial(), Some(reason), "{told:?}");
    }
    // The entry must be searched for, but no password is tried.
    assert_eq!(slapd.binds_of_people(), 0, "{}", slapd.log());
    assert!(corp.login("nobody-here", b"pw-alice\0junk").is_unknown());
}

#[test]
fn one_wrong_password_is_one_bind_however_many_servers_there_are() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let uris = serde_json::json!([slapd.ldaps(), slapd.ldaps(), slapd.ldap()]);
    let corp = Asker::new(slapd.settings()).with("uris", uris);
    let told = corp.login("alice", "wrong");
    assert_eq!(told.denial(), Some(DenialReason::BadCredential));
    assert_eq!(slapd.binds_of_people(), 1, "{}", slapd.log());
}

#[test]
fn with_a_template_the_person_binds_first_and_is_then_looked_at() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let template = format!("uid=%u,ou=people,{BASE}");
    let corp = Asker::new(slapd.settings()).with("user_dn_template", template.as_str());
    let alone = (corp.with("bind_dn", ())).with("bind_password_file", ());
    for corp in [&corp, &alone] {
        for name in HOSTILE_NAMES.iter().chain(&["alice"]) {
            let told = corp.login(name, format!("pw-{name}"));
            assert_eq!(told.name(), Some(*name), "{told:?}");
        }
        assert_eq!(
            corp.login("alice", "no").denial(),
            Some(DenialReason::BadCredential)
        );
        assert!(corp.login("ALICE", "pw-alice").is_unknown());
    }
    assert!(corp.login("nobody-here", "x").is_unknown());
    assert_eq!(
        alone.login("nobody-here", "x").denial(),
        Some(DenialReason::BadCredential)
    );
    for name in ["alice", "nobody-here"] {
        for told in [alone.lookup(name), alone.account(name)] {
            let why = told.unavailable().unwrap_or_default();
            assert!(why.contains("nobody is logged in to look"), "{told:?}");
        }
    }
    assert_eq!(corp.lookup("alice").name(), Some("alice"));
    assert!(corp.lookup("nobody-here").is_unknown());
    assert!(corp.account("nobody-here").is_unknown());
    let told = alone.login("reset", "pw-reset");
    assert!(told.detail().contains("must be changed"), "{told:?}");
}

#[test]
fn a_user_id_that_is_no_number_is_not_the_same_as_none() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let mistaken = corp.with("uid_number_attr", "gecos");
    for told in [
        mistaken.login("alice", "pw-alice"),
        mistaken.lookup("alice"),
        mistaken.account("alice"),
    ] {
        let why = told.unavailable().unwrap_or_default();
        assert!(why.contains("gecos of \"uid=alice,"), "{told:?}");
    }
    let without = corp.with("uid_number_attr", "employeeNumber");
    assert!(without.login("alice", "pw-alice").is_accepted());
}
