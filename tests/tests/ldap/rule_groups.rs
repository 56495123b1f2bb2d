//! The groups that rules ask about: in which of them the directory says that a person is.

use std::sync::atomic::{AtomicUsize, Ordering};

use authchain::words::{AccountStatus, DenialReason};
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::directory::{BASE, rdn};
use authchain_tests::servers::hostile;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

use crate::groups::{add, careless, entry_of, nested, posix, pretence};

fn group(name: &str) -> String {
    format!("cn={name},ou=groups,{BASE}")
}

/// Returns the answers to all three questions about a person.
fn answers(corp: &Asker, name: &str) -> [Told; 3] {
    [
        corp.login(name, format!("pw-{name}")),
        corp.account(name),
        corp.lookup(name),
    ]
}

#[track_caller]
fn assert_groups(corp: &Asker, name: &str, groups: &[&str]) {
    for told in answers(corp, name) {
        assert_eq!(told.groups().as_deref(), Some(groups), "{name}: {told:?}");
    }
}

#[track_caller]
fn assert_unavailable(told: &Told, words: &str) {
    let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
    assert!(why.contains(words), "{why}");
}

#[test]
fn a_rule_hears_of_exactly_the_groups_that_somebody_is_in() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let inner = group("Inner");
    let fake = format!("cn=outer,ou=fakegroups,{BASE}");
    let asked = [
        "staff", "STAFF", "outer", &inner, "unix", "5001", "5000", "nothing", &fake,
    ];
    let corp = Asker::new(slapd.settings()).about(&asked);
    assert_groups(&corp, "alice", &["staff", "STAFF"]);
    assert_groups(&corp, "bob", &["outer", &inner]);
    assert_groups(&corp, "dave", &["unix", "5001"]);
    // The group of this name that carol is in lies outside of group_base.
    assert_groups(&corp, "carol", &[&fake]);
    assert_groups(&corp, "graced", &[]);
    assert!(corp.account("nobody-here").is_unknown());
}

#[test]
fn odd_letters_in_names_of_people_and_groups_are_letters() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let star = nested("a*b", &format!("{},ou=people,{BASE}", rdn("*)(uid=*")));
    add(&slapd, &star.replace("cn: a*b", "cn: a*b\ncn: (x)"));
    let corp = Asker::new(slapd.settings()).about(&["odd", "a*b", "(x)", "a*", "*"]);
    assert_groups(&corp, "o\"q;c+p", &["odd"]);
    assert_groups(&corp, "*)(uid=*", &["a*b", "(x)"]);
    assert_groups(&corp, "a*b", &[]);
}

#[test]
fn groups_are_looked_up_only_for_rules_and_for_allow_groups_by_one_search() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let searches = |corp: &Asker| {
        let count = || slapd.log().matches("SRCH base=\"ou=groups").count();
        let before = count();
        let told = corp.login("bob", "pw-bob");
        assert!(told.is_accepted(), "{told:?}");
        count() - before
    };
    assert_eq!(searches(&corp), 0);
    assert_eq!(corp.login("bob", "pw-bob").groups(), None);
    let allowing = corp.with("allow_groups", json!(["inner"]));
    assert_eq!(searches(&allowing), 1);
    let asked = &["outer", "staff"];
    // From bob to inner, to middle, to outer, and to nothing.
    assert_eq!(searches(&corp.about(asked)), 4);
    assert_eq!(searches(&allowing.about(asked)), 4);
    assert_eq!(searches(&allowing.about(&["inner"])), 1);
    let told = allowing.about(asked).login("alice", "pw-alice");
    assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
    let told = corp.about(asked).login("bob", "wrong");
    assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
}

#[test]
fn the_last_of_261_groups_and_one_three_levels_up_count() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let many = (0..260).map(|n| posix(&format!("many{n}"), 6_000 + n, &["alice", "bob"]));
    add(&slapd, &many.collect::<String>());
    add(&slapd, &posix("last", 7_000, &["alice"]));
    let top = nested("one", &group("outer")) + &nested("two", &group("one"));
    add(&slapd, &(top + &nested("three", &group("two"))));
    let corp = Asker::new(slapd.settings()).about(&["7000", "last", "three", "many259"]);
    assert_groups(&corp, "alice", &["7000", "last", "many259"]);
    assert_groups(&corp, "bob", &["three", "many259"]);
}

#[test]
fn a_limit_of_the_server_makes_no_empty_list() {
    let Some(slapd) = Slapd::start(&Plan {
        limits: "sizelimit 50\n",
        ..Plan::default()
    }) else {
        return;
    };
    let many = (0..60).map(|n| posix(&format!("many{n}"), 6_000 + n, &["alice", "bob"]));
    add(&slapd, &many.collect::<String>());
    add(&slapd, &posix("last", 7_000, &["alice"]));
    let corp = Asker::new(slapd.settings());
    for asked in ["last", "7000", &group("last")] {
        assert_groups(&corp.about(&[asked]), "alice", &[asked]);
        for told in answers(&corp.about(&[asked]), "bob") {
            let words = "group search: not all groups were seen: the server gives 50 of them, and \
                         no more: sizeLimitExceeded (4)";
            assert_unavailable(&told, words);
        }
    }
    // One that was found says nothing of the others.
    for told in answers(&corp.about(&["last", "staff", "nothing"]), "alice") {
        assert_unavailable(&told, "not all groups were seen");
    }
}

#[test]
fn groups_that_may_not_be_read_make_no_empty_list() {
    for (access, words) in [
        (
            "access to dn.subtree=\"ou=groups,dc=example,dc=test\" by * none\n",
            "group search: configuration error: group_base ou=groups,dc=example,dc=test does not \
             exist",
        ),
        (
            "access to dn.children=\"ou=groups,dc=example,dc=test\" attrs=objectClass \
             by * search\n",
            "objectClass of \"cn=staff,ou=groups,dc=example,dc=test\" cannot be read",
        ),
    ] {
        let Some(slapd) = Slapd::start(&Plan {
            access,
            ..Plan::default()
        }) else {
            return;
        };
        let corp = Asker::new(slapd.settings());
        assert!(corp.login("alice", "pw-alice").is_accepted());
        for told in answers(&corp.about(&["outer"]), "alice") {
            assert_unavailable(&told, words);
        }
    }
}

#[test]
fn without_group_base_rules_hear_nothing_of_names_and_the_log_says_why() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings()).with("group_base", ());
    for asked in [&["staff"][..], &["5001"], &["nothing", "a=b=,="]] {
        for told in answers(&corp.about(asked), "alice") {
            assert!(told.user().is_some(), "{told:?}");
            assert_eq!(told.groups(), None, "{told:?}");
            let notes = told.conclusion.notes.concat();
            let words = "no groups can be looked up for rules: group_base is not set";
            assert_eq!(notes, words);
        }
    }
    let dn = group("staff");
    assert_groups(&corp.about(&[&dn]), "alice", &[&dn]);
}

#[test]
fn where_only_the_person_can_look_an_account_without_a_password_is_unavailable() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings())
        .with("user_dn_template", format!("uid=%u,ou=people,{BASE}"))
        .with("bind_dn", ())
        .with("bind_password_file", ())
        .about(&["outer", "staff"]);
    let told = corp.login("bob", "pw-bob");
    assert_eq!(told.groups(), Some(vec!["outer"]), "{told:?}");
    let told = corp.account("bob");
    assert!(told.unavailable().is_some(), "{told:?}");
}

#[test]
fn nobody_writes_themselves_into_a_group_of_a_rule() {
    let Some((slapd, corp)) = careless() else {
        return;
    };
    assert!(slapd.modify_as("carol", &pretence("carol", "admins", "carol")));
    assert!(slapd.modify_as("alice", &pretence("alice", "wheel", "bob")));
    let own = entry_of("carol");
    let number = format!("dn: {own}\nchangetype: modify\nreplace: gidNumber\ngidNumber: 5001\n");
    assert!(slapd.modify_as("carol", &number));
    let asked = ["admins", "wheel", "staff", "unix", "5001", &own];
    assert_groups(&corp.about(&asked), "carol", &[]);
    assert_groups(&corp.about(&asked), "bob", &[]);
    let trusting = corp.with("allow_primary_group", true).about(&asked);
    assert_groups(&trusting, "carol", &["unix", "5001"]);
}

#[test]
fn whoever_comes_by_an_alias_is_in_the_groups_of_their_own_name() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    add(&slapd, &posix("last", 7_000, &["alice"]));
    add(&slapd, &posix("others", 7_001, &["alice@example.test"]));
    let corp = (Asker::new(slapd.settings()).with("aliases", json!(["mail=%u"])))
        .about(&["last", "others", "staff"]);
    let told = corp.login("alice@example.test", "pw-alice");
    assert_eq!(told.groups(), Some(vec!["last", "staff"]), "{told:?}");
    let told = corp.account("alice@example.test");
    assert_eq!(told.groups(), Some(vec!["last", "staff"]), "{told:?}");
}

#[test]
fn a_state_that_bars_somebody_bars_them_whatever_their_groups() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings()).about(&["staff"]);
    let told = corp.account("ended");
    assert_eq!(told.status(), Some(&AccountStatus::AccountExpired));
    assert_eq!(told.groups(), Some(vec![]));
    let told = corp.login("aged", "pw-aged");
    assert!(told.must_change(), "{told:?}");
    assert_eq!(told.groups(), Some(vec![]));
}

#[test]
fn a_server_that_refuses_or_lies_at_the_search_for_groups_makes_no_list() {
    // The second search is the one for groups.
    let corp = |twist: fn(u8) -> Vec<u8>| {
        let port = hostile::serve(move |stream| {
            let searches = AtomicUsize::new(0);
            hostile::almost_good(stream, |tag, bytes| match tag {
                0x63 if searches.fetch_add(1, Ordering::Relaxed) > 0 => twist(bytes[4]),
                _ => bytes,
            });
        });
        Asker::new(hostile::settings(port))
            .with("group_base", "ou=groups,dc=example,dc=test")
            .about(&["staff", "alice"])
    };
    for (twist, words) in [
        (
            (|id| hostile::message(id, &hostile::result(0x65, 53, b"no"))) as fn(u8) -> Vec<u8>,
            "group search: configuration error: ",
        ),
        (
            |id| hostile::message(id, &hostile::result(0x65, 51, b"busy")),
            "group search: busy (51)",
        ),
        (
            |id| hostile::message(id, &hostile::result(0x65, 32, b"")),
            "group_base ou=groups,dc=example,dc=test does not exist",
        ),
        (
            |id| hostile::message(id, &hostile::result(0x61, 0, b"")),
            "group search: ",
        ),
        (|_| vec![0x31, 0], "group search: "),
    ] {
        assert_unavailable(&corp(twist).login("alice", "pw-alice"), words);
        assert_unavailable(&corp(twist).account("alice"), words);
    }
}
