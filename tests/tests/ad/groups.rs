//! The groups that rules ask about: in which of them the domain says that a person is.

use authchain::words::DenialReason::{BadCredential, NotPermitted};
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::samba::{BASE, PASSWORD, domain};
use serde_json::json;

#[track_caller]
fn assert_groups(told: &Told, groups: &[&str]) {
    assert_eq!(told.groups().as_deref(), Some(groups), "{told:?}");
}

#[test]
fn a_rule_hears_of_exactly_the_groups_that_somebody_is_in() {
    let Some(samba) = domain() else { return };
    let middle = format!("CN=Middle,cn=users,{BASE}");
    let asked = [
        "inner",
        "OUTER",
        &middle,
        "only here",
        "everywhere",
        "Domain Users",
        "S-1-5-32-545",
        "S-1-5-32-544",
        "elsewhere",
        "no-such-group",
        "loopa",
        "st(aff)",
        "st*",
        "numbered",
        "20000",
        "20001",
        "alice",
    ];
    let inside = ["inner", "OUTER", &middle, "only here", "everywhere"];
    let all = ["Domain Users", "S-1-5-32-545"];
    let alice = [&inside[..], &all, &["numbered", "20000"]].concat();
    let bob = [&all[..], &["loopa"]].concat();
    let carol = [&all[..], &["st(aff)"]].concat();
    for (name, groups) in [("alice", alice), ("bob", bob), ("carol", carol)] {
        let corp = samba.asker().about(&asked);
        assert_groups(&corp.login(name, PASSWORD), &groups);
        assert_groups(&corp.account(name), &groups);
        assert_groups(&corp.lookup(name), &groups);
        let alone = samba.asker_alone().about(&asked);
        assert_groups(&alone.login(name, PASSWORD), &groups);
        assert!(alone.account(name).unavailable().is_some());
    }
}

#[test]
fn allow_groups_and_the_groups_of_rules_are_asked_together() {
    let Some(samba) = domain() else { return };
    let asked = |corp: Asker| corp.about(&["outer", "elsewhere", "Loopb"]);
    for corp in [samba.asker(), samba.asker_alone()] {
        let allowing = asked(corp.with("allow_groups", json!(["inner"])));
        assert_groups(&allowing.login("alice", PASSWORD), &["outer"]);
        let told = allowing.login("bob", PASSWORD);
        assert_eq!(told.denial(), Some(NotPermitted), "{told:?}");
        assert_eq!(told.detail(), "in none of allow_groups");
        let told = asked(corp.with("allow_groups", json!(["nowhere"]))).login("bob", PASSWORD);
        assert!(told.detail().contains("not all exist"), "{told:?}");
        assert_groups(&asked(corp.clone()).login("bob", PASSWORD), &["Loopb"]);
    }
    let told = asked(samba.asker()).login("bob", "wrong");
    assert_eq!(told.denial(), Some(BadCredential), "{told:?}");
    let told = samba.asker().login("bob", PASSWORD);
    assert_eq!(told.groups(), None, "no rule asks");
}

#[test]
fn groups_that_the_domain_hides_from_us_make_no_empty_list() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    let told = corp.login("veiled", PASSWORD);
    assert!(told.is_accepted(), "{told:?}");
    let allowing = corp.with("allow_groups", json!(["inner"]));
    let asked = ["inner", "elsewhere", "S-1-5-32-545"];
    for corp in [corp.about(&asked), allowing.clone(), allowing.about(&asked)] {
        for told in [
            corp.login("veiled", PASSWORD),
            corp.login("veiled", "wrong"),
            corp.account("veiled"),
        ] {
            let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
            let words = "tokenGroups of \"CN=veiled,CN=Users,DC=ad,DC=example,DC=test\" cannot be \
                         read; may bind_dn?";
            assert!(why.contains(words), "{why}");
        }
    }
    // Whoever logs in may read their own.
    let alone = samba.asker_alone().about(&asked);
    assert_groups(&alone.login("veiled", PASSWORD), &["inner", "S-1-5-32-545"]);
}
