//! Several names of one entry, and primary groups: groups that only speak for what people may have
//! written of themselves.

use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

use crate::groups::{add, careless, entry_of, nested, posix};

/// Returns the answers to all three questions about a name of the person whose password is that of
/// `person`.
fn answers(corp: &Asker, name: &str, person: &str) -> [Told; 3] {
    [
        corp.login(name, format!("pw-{person}")),
        corp.account(name),
        corp.lookup(name),
    ]
}

#[track_caller]
fn assert_told(told: &Told, also_named: &[&str], groups: &[&str], unclear: &[&str]) {
    let user = told.user().unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(user.also_named, also_named, "{told:?}");
    assert_eq!(told.groups().as_deref(), Some(groups), "{told:?}");
    assert_eq!(user.unclear_groups, unclear, "{told:?}");
}

fn also_named(name: &str, other: &str) -> String {
    let dn = entry_of(name);
    format!("dn: {dn}\nchangetype: modify\nadd: uid\nuid: {other}\n")
}

#[test]
fn whoever_writes_another_name_keeps_the_groups_and_the_name_that_rules_know() {
    let Some((slapd, corp)) = careless() else {
        return;
    };
    add(&slapd, &posix("banned", 7_000, &["bob"]));
    add(&slapd, &posix("others", 7_001, &["rob"]));
    let asked = ["banned", "7000", "others", "inner", "nothing"];
    let corp = corp.about(&asked);
    for told in answers(&corp, "bob", "bob") {
        assert_told(&told, &[], &["banned", "7000", "inner"], &[]);
    }
    assert!(slapd.modify_as("bob", &also_named("bob", "rob")));
    for told in answers(&corp, "rob", "bob") {
        assert_told(&told, &["bob"], &["others", "inner"], &["banned", "7000"]);
    }
    for told in answers(&corp, "bob", "bob") {
        assert_told(&told, &["rob"], &["banned", "7000", "inner"], &["others"]);
    }
    // Nobody gets into `allow_groups` by a name that may be of their own.
    let allowing = corp.with("allow_groups", json!(["banned"]));
    assert!(allowing.login("rob", "pw-bob").denial().is_some());
    assert!(allowing.login("bob", "pw-bob").is_accepted());
}

#[test]
fn a_group_above_one_that_is_unclear_is_unclear() {
    let Some((slapd, corp)) = careless() else {
        return;
    };
    let group = |name: &str| format!("cn={name},ou=groups,{BASE}");
    add(&slapd, &posix("banned", 7_000, &["bob"]));
    add(&slapd, &nested("above", &group("banned")));
    add(&slapd, &nested("top", &group("above")));
    assert!(slapd.modify_as("bob", &also_named("bob", "rob")));
    let above = group("above");
    let corp = corp.about(&[&above, "top", "outer"]);
    for told in answers(&corp, "rob", "bob") {
        assert_told(&told, &["bob"], &["outer"], &[&above, "top"]);
    }
    for told in answers(&corp, "bob", "bob") {
        assert_told(&told, &["rob"], &[&above, "top", "outer"], &[]);
    }
}

#[test]
fn a_primary_group_that_does_not_count_is_unclear_and_costs_a_search_at_most() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let searches = |corp: &Asker, name: &str| {
        let count = || slapd.log().matches("SRCH base=\"ou=groups").count();
        let before = count();
        assert!(corp.login(name, format!("pw-{name}")).is_accepted());
        count() - before
    };
    let plain = Asker::new(slapd.settings());
    let corp = plain.about(&["staff", "nothing"]);
    // From alice to staff, and to nothing.
    assert_eq!(searches(&corp, "alice"), 2);
    assert_eq!(searches(&corp, "dave"), 2);
    assert_eq!(searches(&corp, "due"), 1);
    let primary = format!("cn=users,ou=groups,{BASE}");
    add(&slapd, &posix("users", 5_000, &["carol"]));
    assert_eq!(searches(&corp, "alice"), 2);
    assert_eq!(searches(&corp, "dave"), 2);
    // Her primary group may be in another group.
    assert_eq!(searches(&corp, "due"), 2);
    add(&slapd, &nested("above", &primary));
    let asked = ["5000", "users", &primary, "above", "staff"];
    let corp = plain.about(&asked);
    for told in answers(&corp, "alice", "alice") {
        assert_told(&told, &[], &["staff"], &asked[..4]);
    }
    // The group names carol as a member, too.
    for told in answers(&corp, "carol", "carol") {
        assert_told(&told, &[], &asked[..4], &[]);
    }
    let counting = corp.with("allow_primary_group", true);
    for told in answers(&counting, "alice", "alice") {
        assert_told(&told, &[], &asked, &[]);
    }
    // `allow_groups` alone asks for nothing that is unclear.
    let allowing = plain.with("allow_groups", json!(["users", "above"]));
    assert!(allowing.login("alice", "pw-alice").denial().is_some());
    assert!(allowing.login("carol", "pw-carol").is_accepted());
}

#[test]
fn a_number_without_a_group_is_unclear_where_it_is_the_persons_own() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings()).about(&["5000", "5002"]);
    for told in answers(&corp, "alice", "alice") {
        assert_told(&told, &[], &[], &["5000"]);
    }
}

#[test]
fn an_entry_of_very_many_names_is_nobody() {
    let Some((slapd, corp)) = careless() else {
        return;
    };
    let names: String = (0..65).map(|n| format!("uid: name{n}\n")).collect();
    let dn = entry_of("bob");
    let change = format!("dn: {dn}\nchangetype: modify\nadd: uid\n{names}");
    assert!(slapd.modify_as("bob", &change));
    for told in answers(&corp, "bob", "bob") {
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains("has more than 64 other names in uid"), "{why}");
    }
}
