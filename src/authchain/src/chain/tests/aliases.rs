//! Logins by an alias: the name that was typed must not be another user's.

use super::fake_system::FakeSystem;
use super::scripted::{Answer, Scripted};
use super::*;
use crate::backends::Authority;

fn alias_of(own: &'static str) -> Scripted {
    Scripted::new(
        "corp",
        Authority::Directory,
        Answer::AcceptsAliasOf(own, None),
    )
}

/// Returns the log line of a login by `name`, which a directory has as an alias of `own`.
fn why(name: &str, own: &'static str) -> String {
    let decision = login(&[alias_of(own)], name, b"pw");
    assert!(!accepts(&decision), "{name}, {own}");
    assert!(!accepts(&account(&[alias_of(own)], name)), "{name}, {own}");
    decision.why()
}

#[test]
fn an_alias_that_the_system_does_not_know_or_knows_as_the_same_user_is_a_name() {
    for (name, own) in [
        ("eve@x.org", "eve"),
        ("bob@x.org", "bob"),
        ("bob@x.org", "BOB"),
    ] {
        assert!(accepts(&login(&[alias_of(own)], name, b"pw")), "{name}");
        assert!(accepts(&account(&[alias_of(own)], name)), "{name}");
    }
}

#[test]
fn an_alias_that_is_another_users_name_lets_nobody_in_as_them() {
    for (name, own, reason) in [
        (
            "bob",
            "lena",
            "an alias of \"lena\", whose uid is 1001; the system's is 1002",
        ),
        (
            "bob@x.org",
            "lena",
            "an alias of \"lena\", whose uid is 1001; the system's is 1002",
        ),
        (
            "bob@x.org",
            "eve",
            "an alias of \"eve\", which the system does not know",
        ),
        (
            "bob@x.org",
            "a:b",
            "an alias of \"a:b\", which the system does not know",
        ),
        (
            "bob@x.org",
            "\"",
            "an alias of \"\\\"\", which the system does not know",
        ),
    ] {
        let line = why(name, own);
        assert!(
            line.contains(&format!("not the same person (it is {reason})")),
            "{line}"
        );
    }
}

#[test]
fn a_name_of_the_systems_own_files_is_nobodys_alias() {
    for own in ["alice", "bob"] {
        let line = why("alice", own);
        assert!(line.contains("and a name of the system's own)"), "{line}");
    }
    let mut corp = alias_of("bob");
    corp.local_names = true;
    assert!(!accepts(&login(&[corp], "lena", b"pw")));
    for name in ["root", "lena"] {
        assert!(why(name, "bob").contains("corp not asked"), "{name}");
    }
}

#[test]
fn an_alias_whose_owner_the_name_service_lost_is_nobodys_in_su() {
    let chain = chain_in(FakeSystem::default(), &[alias_of("eve")]);
    let decision = login_in(&chain, &su(), "bob@x.org", b"pw");
    assert_eq!(decision.outcome, Outcome::Failed);
}

#[test]
fn an_alias_needs_a_user_id_where_the_systems_counts() {
    let mut corp = alias_of("bob");
    corp.compares_uids = false;
    assert!(accepts(&login(
        std::slice::from_ref(&corp),
        "bob@x.org",
        b"pw"
    )));
    assert!(!accepts(&login(&[corp], "eve@x.org", b"pw")));
}
