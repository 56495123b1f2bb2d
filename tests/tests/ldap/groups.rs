//! Groups that people make up: what they may write into their own entries puts them into none.

use std::fs;

use authchain::words::{AccountStatus, DenialReason};
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

/// A directory whose people may write their own entries, below which groups are looked for.
fn careless() -> Option<(Slapd, Asker)> {
    let slapd = Slapd::start(&Plan {
        by_self_write: true,
        ..Plan::default()
    })?;
    let corp = Asker::new(slapd.settings()).with("group_base", BASE);
    Some((slapd, corp))
}

fn entry_of(name: &str) -> String {
    format!("uid={name},ou=people,{BASE}")
}

/// What turns the entry of `name` into what looks like a group called `group`, of which `member` is one.
fn pretence(name: &str, group: &str, member: &str) -> String {
    let (dn, member) = (entry_of(name), entry_of(member));
    format!(
        "dn: {dn}\nchangetype: modify\nadd: objectClass\nobjectClass: extensibleObject\n-\n\
         add: cn\ncn: {group}\n-\nadd: member\nmember: {member}\n"
    )
}

#[track_caller]
fn assert_barred(corp: &Asker, name: &str, group: &str) {
    let corp = corp.with("allow_groups", json!([group]));
    let told = corp.login(name, format!("pw-{name}"));
    assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
    let told = corp.account(name);
    assert_eq!(
        told.status(),
        Some(&AccountStatus::NotPermitted),
        "{told:?}"
    );
}

#[test]
fn nobody_becomes_a_group_by_writing_members_into_an_entry_of_theirs() {
    let Some((slapd, corp)) = careless() else {
        return;
    };
    assert!(slapd.modify_as("carol", &pretence("carol", "admins", "carol")));
    assert_barred(&corp, "carol", "admins");
    assert_barred(&corp, "carol", &entry_of("carol"));
    // One for another, and through somebody who is in a group.
    assert!(slapd.modify_as("alice", &pretence("alice", "wheel", "bob")));
    assert_barred(&corp, "bob", "wheel");
    assert_barred(&corp, "bob", "staff");
    let generous = corp.with("group_filter", "(member=*)");
    assert_barred(&generous, "carol", "admins");
    assert_barred(&generous, "bob", "wheel");
    assert_barred(&generous, "bob", "staff");
    let told = (generous.with("allow_groups", json!(["staff"]))).login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
}

#[test]
fn what_an_entry_says_of_its_own_groups_lets_nobody_in() {
    let Some((slapd, corp)) = careless() else {
        return;
    };
    let change = |action: &str, attribute: &str, value: &str| {
        let dn = entry_of("carol");
        let text = format!("dn: {dn}\nchangetype: modify\n{action}: {attribute}\n");
        slapd.modify_as("carol", &format!("{text}{attribute}: {value}\n"))
    };
    assert!(change("add", "objectClass", "extensibleObject"));
    // The group is gone, or was never there: nobody but carol says that she is in it.
    assert!(change(
        "add",
        "memberOf",
        &format!("cn=ghosts,ou=groups,{BASE}")
    ));
    assert_barred(&corp, "carol", "ghosts");
    assert_barred(&corp, "carol", &format!("cn=ghosts,ou=groups,{BASE}"));
    assert!(change("replace", "gidNumber", "5001"));
    assert_barred(&corp, "carol", "unix");
    let trusting = corp
        .with("allow_groups", json!(["unix"]))
        .with("allow_primary_group", true);
    assert!(trusting.login("carol", "pw-carol").is_accepted());
}

#[test]
fn a_group_named_by_its_dn_may_lie_anywhere() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let elsewhere = format!("cn=outer,ou=fakegroups,{BASE}");
    let told = (corp.with("allow_groups", json!([elsewhere]))).login("carol", "pw-carol");
    assert!(told.is_accepted(), "{told:?}");
    assert_barred(&corp, "carol", "outer");
    assert_barred(&corp, "bob", &elsewhere);
    assert_barred(&corp, "carol", &format!("cn=nowhere,ou=fakegroups,{BASE}"));
}

#[test]
fn whoever_is_in_more_groups_than_are_looked_at_is_not_said_to_be_in_none() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let group = |name: String, member: &str| {
        let (class, base) = ("groupOfNames", format!("ou=groups,{BASE}"));
        format!("dn: cn={name},{base}\nobjectClass: {class}\ncn: {name}\nmember: {member}\n\n")
    };
    let add = |file: &str, groups: String| {
        fs::write(slapd.path(file), groups).unwrap();
        slapd.add(&slapd.path(file));
    };
    let nested = |depth: usize| match depth {
        0 => entry_of("alice"),
        depth => format!("cn=deep{},ou=groups,{BASE}", depth - 1),
    };
    add(
        "many",
        (0..201)
            .map(|n| group(format!("many{n}"), &entry_of("bob")))
            .collect(),
    );
    add(
        "deep",
        (0..20)
            .map(|n| group(format!("deep{n}"), &nested(n)))
            .collect(),
    );
    for name in ["alice", "bob"] {
        let wanted = corp.with("allow_groups", json!(["nothing"]));
        let told = wanted.login(name, format!("pw-{name}"));
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(
            why.contains("more groups, or deeper ones, than are looked at"),
            "{why}"
        );
    }
    let told = (corp.with("allow_groups", json!(["deep9"]))).login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
}
