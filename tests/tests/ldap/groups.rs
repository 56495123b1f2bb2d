//! Fake groups: a person who may write their own entry cannot put themselves into a group.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use authchain::words::{AccountStatus, DenialReason};
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::hostile;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

/// A directory whose people may write their own entries, with the groups' base above these entries.
pub(super) fn careless() -> Option<(Slapd, Asker)> {
    let slapd = Slapd::start(&Plan {
        by_self_write: true,
        ..Plan::default()
    })?;
    let corp = Asker::new(slapd.settings()).with("group_base", BASE);
    Some((slapd, corp))
}

pub(super) fn entry_of(name: &str) -> String {
    format!("uid={name},ou=people,{BASE}")
}

/// The LDIF that makes the entry of `name` look like a group `group` with this member.
pub(super) fn pretence(name: &str, group: &str, member: &str) -> String {
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
    // A fake group for another person, and one inside a real group.
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
    // The group does not exist: only carol's own entry names it.
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

pub(super) fn posix(name: &str, number: usize, members: &[&str]) -> String {
    let members = members.iter().map(|name| format!("memberUid: {name}\n"));
    let members: String = members.collect();
    let dn = format!("cn={name},ou=groups,{BASE}");
    format!("dn: {dn}\nobjectClass: posixGroup\ncn: {name}\ngidNumber: {number}\n{members}\n")
}

pub(super) fn nested(name: &str, member: &str) -> String {
    let dn = format!("cn={name},ou=groups,{BASE}");
    format!("dn: {dn}\nobjectClass: groupOfNames\ncn: {name}\nmember: {member}\n\n")
}

pub(super) fn add(slapd: &Slapd, groups: &str) {
    let file = slapd.path("more.ldif");
    fs::write(&file, groups).unwrap();
    slapd.add(&file);
}

#[test]
fn a_wanted_group_counts_however_many_others_somebody_is_in() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let many = (0..300).map(|n| posix(&format!("many{n}"), 6_000 + n, &["alice", "bob"]));
    add(&slapd, &many.collect::<String>());
    add(&slapd, &posix("last", 7_000, &["alice"]));
    let corp = Asker::new(slapd.settings()).with("allow_groups", json!(["last"]));
    let told = corp.login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
    assert_barred(&corp, "bob", "last");
}

#[test]
fn a_servers_own_limit_hides_no_wanted_group_and_makes_no_denial() {
    for (limits, words) in [
        (
            "sizelimit 50\n",
            "the server gives 50 of them, and no more: sizeLimitExceeded (4)",
        ),
        (
            "limits users size.unchecked=50\n",
            "the server gives 0 of them, and no more: adminLimitExceeded (11)",
        ),
    ] {
        let Some(slapd) = Slapd::start(&Plan {
            limits,
            ..Plan::default()
        }) else {
            return;
        };
        let many = (0..60).map(|n| posix(&format!("many{n}"), 6_000 + n, &["alice", "bob"]));
        add(&slapd, &many.collect::<String>());
        add(&slapd, &posix("last", 7_000, &["alice"]));
        let corp = Asker::new(slapd.settings());
        for group in ["last", &format!("cn=last,ou=groups,{BASE}")] {
            let corp = corp.with("allow_groups", json!([group]));
            let told = corp.login("alice", "pw-alice");
            assert!(told.is_accepted(), "{group}: {told:?}");
            let told = corp.login("bob", "pw-bob");
            let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
            assert!(why.contains(words), "{why}");
        }
    }
}

#[test]
fn whoever_is_in_more_groups_than_are_looked_at_is_not_said_to_be_in_none() {
    let Some(slapd) = Slapd::start(&Plan {
        limits: "sizelimit unlimited\n",
        ..Plan::default()
    }) else {
        return;
    };
    let many = (0..1_001).map(|n| posix(&format!("many{n}"), 6_000 + n, &["bob"]));
    add(&slapd, &many.collect::<String>());
    let deep = |depth: usize| match depth {
        0 => entry_of("alice"),
        depth => format!("cn=deep{},ou=groups,{BASE}", depth - 1),
    };
    let deep = (0..20).map(|n| nested(&format!("deep{n}"), &deep(n)));
    add(&slapd, &deep.collect::<String>());
    let corp = Asker::new(slapd.settings());
    let wanted = corp.with("allow_groups", json!(["nothing"]));
    for (name, limit) in [
        (
            "alice",
            "not all groups were seen: some are nested deeper than 16",
        ),
        ("bob", "not all groups were seen: there are more than 1000"),
    ] {
        let told = wanted.login(name, format!("pw-{name}"));
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains(limit), "{why}");
    }
    let told = (corp.with("allow_groups", json!(["deep9"]))).login("alice", "pw-alice");
    assert!(told.is_accepted(), "{told:?}");
}

#[test]
fn groups_name_their_members_by_the_attributes_that_are_said() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let unix = corp.with("allow_groups", json!(["unix"]));
    assert!(unix.login("dave", "pw-dave").is_accepted());
    let by_dn = unix.with("group_members", json!(["member"]));
    assert_barred(&by_dn, "dave", "unix");
    let by_name = corp.with("group_members", json!(["memberUid"]));
    assert_barred(&by_name, "alice", "staff");
    let searches = slapd.log().matches("memberUid=").count();
    let outer = by_dn.with("allow_groups", json!(["outer"]));
    assert!(outer.login("bob", "pw-bob").is_accepted());
    assert_eq!(slapd.log().matches("memberUid=").count(), searches);
}

#[test]
fn a_server_that_refuses_the_search_for_groups_is_said_with_the_setting_behind_it() {
    let searches = AtomicUsize::new(0);
    let port = hostile::serve(move |stream| {
        hostile::almost_good(stream, |tag, bytes| match tag {
            0x63 if searches.fetch_add(1, Ordering::Relaxed) > 0 => {
                hostile::message(bytes[4], &hostile::result(0x65, 53, b"not this one"))
            }
            _ => bytes,
        });
    });
    let told = Asker::new(hostile::settings(port))
        .with("group_base", "ou=groups,dc=example,dc=test")
        .with("allow_groups", json!(["staff"]))
        .login("alice", "pw-alice");
    let words = "group search: configuration error: \"ou=groups,dc=example,dc=test\" (group_members): \
                 unwillingToPerform (53): \"not this one\"";
    let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
    assert!(why.contains(words), "{why}");
}
