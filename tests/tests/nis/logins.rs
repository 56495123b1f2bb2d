//! Logins at a real ypserv.

use authchain::words::{AccountStatus, DenialReason};
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::ypserv::domain::{Domain, METHODS, PASSWORD, SLOW, hash};
use authchain_tests::servers::ypserv::{Ypserv, settings};
use serde_json::json;

fn asker() -> Asker {
    Asker::of_kind("nis", settings())
}

#[test]
fn every_kind_of_hash_is_verified_behind_every_wall() {
    let Some(server) = Ypserv::start("hashes") else {
        return;
    };
    let weak = asker().with("weak_hashes", true);
    for &(name, is_weak, _) in METHODS {
        let told = server.login(&weak, name, PASSWORD);
        assert!(told.is_accepted(), "{name}: {told:?}");
        let told = server.login(&weak, name, "wrong");
        assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{name}");
        let told = server.login(&asker(), name, PASSWORD);
        assert_eq!(told.is_accepted(), !is_weak, "{name}: {told:?}");
        if is_weak {
            let why = told.unavailable().unwrap();
            assert!(why.ends_with("refused unless weak_hashes = true"), "{why}");
        }
    }
    let told = server.login(&weak, "costly", PASSWORD);
    let why = told.unavailable().unwrap();
    assert!(why.contains("rounds=999999999 is over the limit"), "{why}");
}

#[test]
fn hashes_are_found_in_all_three_places_they_may_be() {
    let Some(server) = Ypserv::start("places") else {
        return;
    };
    for servers in [
        "127.0.0.1",
        "127.0.0.1:834",
        "[::1]:835",
        "::1",
        "localhost",
    ] {
        for transport in ["tcp", "udp"] {
            let asker = asker()
                .with("transport", transport)
                .with("servers", json!([servers]));
            for name in ["ann", "shadowed", "adjoined", "\u{fc}gli"] {
                let told = server.login(&asker, name, &format!("pw-{name}"));
                assert!(told.is_accepted(), "{servers} {transport} {told:?}");
                assert_eq!(told.name(), Some(name));
                let told = server.login(&asker, name, "wrong");
                assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{name}");
            }
        }
    }
}

#[test]
fn whoever_is_there_without_a_password_is_denied_and_nobody_else_let_in() {
    let Some(server) = Ypserv::start("denials") else {
        return;
    };
    for (name, password, reason) in [
        ("locked", "pw-locked", DenialReason::Locked),
        ("star", "*", DenialReason::Locked),
        ("empty", "pw-empty", DenialReason::EmptyPassword),
        ("ann", "Pw-ann", DenialReason::BadCredential),
    ] {
        let told = server.login(&asker(), name, password);
        assert_eq!(told.denial(), Some(reason), "{name}: {told:?}");
    }
    // Keys of NIS itself, and the signs of passwd files that include NIS.
    for name in [
        "nobody-here",
        "Ann",
        "an",
        "ann ",
        "YP_MASTER_NAME",
        "YP_LAST_MODIFIED",
        "+",
        "+ann",
        "-ann",
        "",
        "../passwd.byname",
        "2101",
    ] {
        let told = server.login(&asker(), name, &format!("pw-{name}"));
        assert!(told.is_unknown(), "{name}: {told:?}");
        assert!(server.asks(|| asker().lookup(name)).is_unknown());
        assert!(server.asks(|| asker().account(name)).is_unknown());
    }
}

#[test]
fn no_server_can_be_root_or_another_system_account() {
    let Some(server) = Ypserv::start("system accounts") else {
        return;
    };
    for (name, uid) in [("rootish", 0), ("system", 999)] {
        let note = format!("the user id {uid} is below min_uid = 1000: not taken from NIS");
        let told = server.login(&asker(), name, &format!("pw-{name}"));
        assert!(told.is_unknown(), "{told:?}");
        assert!(told.conclusion.notes.contains(&note), "{told:?}");
        assert!(server.asks(|| asker().account(name)).is_unknown());
    }
    let low = asker().with("min_uid", 500);
    assert!(server.login(&low, "system", "pw-system").is_accepted());
    assert!(server.login(&low, "rootish", "pw-rootish").is_unknown());
    let none = asker().with("min_uid", 0);
    let told = server.login(&none, "rootish", "pw-rootish");
    assert!(told.unavailable().unwrap().contains("min_uid must be 1"));
}

#[test]
fn entries_that_are_none_are_unavailable_and_say_what_is_wrong() {
    let Some(server) = Ypserv::start("bad entries") else {
        return;
    };
    for (name, words) in [
        (
            "short",
            "passwd map: not a valid entry: the entry is somebody else's",
        ),
        (
            "odd",
            "passwd map: not a valid entry: the user id is not a number",
        ),
        (
            "stranger",
            "passwd map: not a valid entry: its password is somebody else's",
        ),
        (
            "noshadow",
            "shadow map: no entry, although the passwd map promises one",
        ),
    ] {
        let told = server.login(&asker(), name, &format!("pw-{name}"));
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert_eq!(why, format!("127.0.0.1: {words}"));
        assert!(
            told.conclusion.servers.down.is_empty(),
            "it answers: {told:?}"
        );
    }
}

#[test]
fn accounts_are_as_old_as_the_shadow_map_says() {
    let Some(server) = Ypserv::start("accounts") else {
        return;
    };
    let valid = AccountStatus::Valid { warning: None };
    for (name, status) in [
        ("ann", valid.clone()),
        ("adjoined", valid.clone()),
        ("shadowed", valid.clone()),
        ("locked", valid),
        ("expired", AccountStatus::AccountExpired),
        ("forced", AccountStatus::MustChangePassword),
        ("ended", AccountStatus::PasswordExpired),
    ] {
        let told = server.asks(|| asker().account(name));
        assert_eq!(told.status(), Some(&status), "{name}: {told:?}");
        assert_eq!(told.name(), Some(name));
    }
    let told = server.asks(|| asker().account("noshadow"));
    assert!(told.unavailable().is_some(), "{told:?}");
    // A lookup does not need the shadow map.
    let told = server.asks(|| asker().lookup("noshadow"));
    assert_eq!(told.name(), Some("noshadow"), "{told:?}");
}

#[test]
fn a_login_says_of_the_account_what_the_maps_say_of_it_alone() {
    let Some(server) = Ypserv::start("accounts of logins") else {
        return;
    };
    for name in ["ann", "adjoined", "shadowed", "forced"] {
        let login = server.login(&asker(), name, &format!("pw-{name}"));
        let account = server.asks(|| asker().account(name));
        assert!(login.is_accepted() && login.status().is_some(), "{login:?}");
        assert_eq!(login.status(), account.status(), "{name}");
    }
}

/// Local files in front may judge the account, without the shadow map.
#[test]
fn a_password_that_is_right_and_has_ended_lets_nobody_in_by_itself() {
    let Some(server) = Ypserv::start("ended passwords") else {
        return;
    };
    for name in ["expired", "ended"] {
        let told = server.login(&asker(), name, &format!("pw-{name}"));
        assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
        assert!(told.barred().is_some(), "{name}: {told:?}");
        let told = server.login(&asker(), name, "wrong");
        assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
        assert_eq!(told.barred(), None, "{told:?}");
    }
    assert!(server.login(&asker(), "forced", "pw-forced").must_change());
}

#[test]
fn a_password_that_is_changed_on_the_master_counts_at_once() {
    let Some(server) = Ypserv::start("a change") else {
        return;
    };
    assert!(server.login(&asker(), "ann", "pw-ann").is_accepted());
    server.publish(&Domain::usual().with_hash("ann", &hash("new one")));
    server.push();
    let told = server.login(&asker(), "ann", "new one");
    assert!(told.is_accepted(), "{told:?}");
    let told = server.login(&asker(), "ann", "pw-ann");
    assert_eq!(told.denial(), Some(DenialReason::BadCredential));
    let mut without = Domain::usual();
    without.passwd.retain(|line| !line.starts_with("ann:"));
    server.publish(&without);
    server.push();
    assert!(server.login(&asker(), "ann", "new one").is_unknown());
}

/// Otherwise the time would reveal who exists. The usual hash here takes 200 MiB, so the memory
/// shows whether it was computed.
#[test]
fn every_refusal_by_nis_computes_one_hash_of_the_domains_usual_kind() {
    const COMPUTED_KIB: u64 = 200 * 1024;
    let (_, _, big) = METHODS
        .iter()
        .find(|(name, ..)| *name == "argon-big")
        .unwrap();
    let mut domain = Domain::default();
    for (uid, (name, stored)) in (2001..).zip([
        ("ann", "x"),
        ("star", "*"),
        ("empty", ""),
        ("locked", "!"),
        ("noshadow", "x"),
        ("odd", "no hash"),
        ("weak", "$1$saltsalt$NuzA7WTAelpl95xgBGWN60"),
        ("costly", "$6$rounds=999999999$salt$digest"),
    ]) {
        domain.add(name, uid, stored);
    }
    domain.shadow.push(format!("ann:{big}:19000:0:99999:7:::"));
    let Some(server) = Ypserv::serving("the usual hash", &domain) else {
        return;
    };
    for (name, is_verified) in [
        ("ann", true),
        ("nobody-here", true),
        ("star", true),
        ("empty", true),
        ("locked", true),
        ("odd", true),
        ("weak", false),
        ("costly", false),
    ] {
        let told = server.login(&asker(), name, "wrong");
        assert!(!told.is_accepted(), "{told:?}");
        assert_eq!(told.unavailable().is_none(), is_verified, "{told:?}");
        assert!(told.peak_kib > COMPUTED_KIB, "{name}: {told:?}");
    }
    for name in ["ann", "nobody-here"] {
        let told = server.asks(|| asker().account(name));
        assert!(told.peak_kib < COMPUTED_KIB / 4, "{name}: {told:?}");
    }
}

/// People choose their own hashes where there is yppasswd.
#[test]
fn a_hash_that_takes_too_long_is_its_owners_trouble_alone() {
    let Some(server) = Ypserv::serving("a slow hash", &Domain::usual().with_hash("ann", SLOW))
    else {
        return;
    };
    let mut hurried = asker();
    // Enough for a busy machine to ask, and less than the second that such a hash may take.
    hurried.budget_ms = 900;
    let told = server.login(&hurried, "ann", &"x".repeat(511));
    let words = "127.0.0.1: there is too little time left for a hash that takes so long";
    assert_eq!(told.failed(), Some(words), "{told:?}");
    assert!(told.conclusion.servers.down.is_empty(), "{told:?}");
    let mut patient = asker();
    patient.budget_ms = 15_000;
    let told = server.login(&patient, "ann", "wrong");
    assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
}
