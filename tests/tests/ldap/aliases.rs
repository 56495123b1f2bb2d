//! Logins by an alias: a mail address, or the first part of one.

use authchain::backends::protocol::WireVerdict;
use authchain::words::DenialReason::{BadCredential, NotPermitted};
use authchain_tests::host::codes::{AUTH_ERR, PERM_DENIED, SUCCESS, USER_UNKNOWN};
use authchain_tests::need;
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::directory::{BASE, rdn};
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

use crate::pam::{LOGIN, asking};

const ALIASES: [&str; 2] = ["mail=%u", "mail=%u@example.test"];

/// A directory whose people may write their own entries, mail addresses included.
fn careless() -> Option<Slapd> {
    Slapd::start(&Plan {
        by_self_write: true,
        ..Plan::default()
    })
}

fn asker(slapd: &Slapd) -> Asker {
    Asker::new(slapd.settings()).with("aliases", json!(ALIASES))
}

/// Writes a mail address into the entry of `name`, as that person.
fn take(slapd: &Slapd, name: &str, mail: &str) {
    let entry = format!("dn: {},ou=people,{BASE}\nchangetype: modify\n", rdn(name));
    let change = format!("{entry}replace: mail\nmail: {mail}\n");
    assert!(slapd.modify_as(name, &change), "{name} may write {mail}");
}

fn note(told: &Told) -> String {
    assert!(told.is_unknown(), "{told:?}");
    told.conclusion.notes.concat()
}

#[test]
fn people_come_in_by_their_aliases_where_the_settings_say_so() {
    let Some(slapd) = careless() else { return };
    take(&slapd, "bob", "robert@example.test");
    let corp = asker(&slapd);
    for (alias, own, password) in [
        ("alice@example.test", "alice", "pw-alice"),
        ("robert@example.test", "bob", "pw-bob"),
        ("robert", "bob", "pw-bob"),
    ] {
        let told = corp.login(alias, password);
        let WireVerdict::Accepted(user, Some(_)) = &told.conclusion.verdict else {
            panic!("{told:?}")
        };
        assert_eq!((&*user.name, user.alias_of.as_deref()), (alias, Some(own)));
        assert_eq!(user.uid, corp.login(own, password).user().unwrap().uid);
        let told = corp.login(alias, "wrong");
        assert_eq!(told.denial(), Some(BadCredential), "{told:?}");
        assert!(corp.account(alias).status().is_some());
        assert_eq!(corp.lookup(alias).name(), Some(alias));
        let without = corp.with("aliases", ());
        assert!(without.login(alias, password).is_unknown(), "{alias}");
    }
    let own = corp.login("alice", "pw-alice");
    assert_eq!(own.user().unwrap().alias_of, None);
    for alias in [
        "*@example.test",
        "al*",
        "alice@example.test)(uid=*",
        "",
        "@example.test",
    ] {
        assert!(corp.lookup(alias).is_unknown(), "{alias}");
    }
    let shouted = "ALICE@example.test";
    assert!(note(&corp.login(shouted, "pw-alice")).contains("has the alias in another spelling"));
    let lenient = corp.with("case", "ascii");
    assert_eq!(lenient.login(shouted, "pw-alice").name(), Some(shouted));
}

#[test]
fn what_holds_for_a_name_holds_for_its_aliases() {
    let Some(slapd) = careless() else { return };
    take(&slapd, "bob", "bob@example.test");
    take(&slapd, "dup", "dup@example.test");
    let corp = asker(&slapd);
    let staff = corp.with("allow_groups", json!(["staff"]));
    assert!(staff.login("alice@example.test", "pw-alice").is_accepted());
    let told = staff.login("bob@example.test", "pw-bob");
    assert_eq!(told.denial(), Some(NotPermitted), "{told:?}");
    let named = corp.with("access_filter", "(uid=%u)");
    assert!(named.login("bob@example.test", "pw-bob").is_accepted());
    let filter = "(&(objectClass=posixAccount)(!(gecos=*))(uid=%u))";
    let filtered = corp.with("user_filter", filter);
    assert!(filtered.login("bob@example.test", "pw-bob").is_accepted());
    let told = filtered.login("alice@example.test", "pw-alice");
    assert!(
        note(&told).contains("is not found by its own name"),
        "{told:?}"
    );
    let told = corp.login("dup@example.test", "pw-dup");
    assert_eq!(told.denial(), Some(NotPermitted), "{told:?}");
    assert_eq!(told.detail(), "more than one entry has this name");
}

#[test]
fn whoever_writes_an_alias_into_their_entry_takes_nobodys_name() {
    let Some(slapd) = careless() else { return };
    let corp = asker(&slapd);
    // A name comes first, in any case.
    for (mail, name) in [("bob", "bob"), ("bob@example.test", "bob")] {
        take(&slapd, "carol", mail);
        assert!(corp.login(name, "pw-bob").is_accepted(), "{mail}");
        let told = corp.login(name, "pw-carol");
        assert_eq!(told.denial(), Some(BadCredential), "{mail}: {told:?}");
    }
    take(&slapd, "carol", "case@example.test");
    let told = corp.login("case", "pw-carol");
    assert!(note(&told).contains("another name: \"Case\""), "{told:?}");
    // A value that is no address is no alias, even if it is a name in another directory.
    take(&slapd, "carol", "root");
    for aliases in [&ALIASES[..1], &["employeeNumber=%u"]] {
        let corp = corp.with("aliases", json!(aliases));
        assert!(corp.login("root", "pw-carol").is_unknown());
    }
}

#[test]
fn an_alias_of_two_entries_lets_neither_in() {
    let Some(slapd) = careless() else { return };
    let corp = asker(&slapd);
    for name in ["carol", "dave"] {
        take(&slapd, name, "office@example.test");
    }
    for (name, password) in [("office", "pw-carol"), ("office@example.test", "pw-dave")] {
        let binds = slapd.binds_of_people();
        let told = corp.login(name, password);
        assert_eq!(told.denial(), Some(NotPermitted), "{told:?}");
        assert_eq!(told.detail(), "more than one entry has this alias");
        assert_eq!(slapd.binds_of_people(), binds, "a password was tried");
        let told = corp.account(name);
        assert_eq!(
            told.unavailable(),
            Some("more than one entry has this alias")
        );
    }
    // The same holds for two attributes.
    take(&slapd, "dave", "dave@example.test");
    let both = corp.with(
        "aliases",
        json!(["mail=%u@example.test", "employeeType=%u@x"]),
    );
    let entry = format!("dn: {},ou=people,{BASE}\nchangetype: modify\n", rdn("dave"));
    let change = format!("{entry}replace: employeeType\nemployeeType: office@x\n");
    assert!(slapd.modify_as("dave", &change));
    let told = both.login("office", "pw-carol");
    assert_eq!(told.denial(), Some(NotPermitted), "{told:?}");
}

#[test]
fn a_login_by_an_alias_keeps_the_name_that_was_typed_and_takes_none_of_the_systems() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = careless() else { return };
    let keys = format!("{}aliases = {ALIASES:?}\n", slapd.settings_as_toml());
    for (user, password, codes) in [
        ("alice@example.test", "pw-alice", [SUCCESS, SUCCESS]),
        ("alice@example.test", "wrong", [AUTH_ERR, SUCCESS]),
        ("nobody@example.test", "wrong", [USER_UNKNOWN, USER_UNKNOWN]),
    ] {
        // `asking` checks that PAM_USER is unchanged.
        let report = asking(&keys, user, password, &LOGIN);
        assert_eq!(report.codes, codes, "{user}: {report:#?}");
    }
    // NSS on this machine knows root, but not carol.
    take(&slapd, "carol", "root@example.test");
    let report = asking(&keys, "root", "pw-carol", &LOGIN);
    assert_eq!(report.codes, [AUTH_ERR, USER_UNKNOWN], "{report:#?}");
    let line = "not the same person (it is an alias of \"carol\", which the system does not know)";
    assert!(report.log_lines.concat().contains(line), "{report:#?}");
    let stop = format!("{keys}on_denied = \"stop\"\n");
    let report = asking(&stop, "root", "pw-carol", &LOGIN);
    assert_eq!(report.codes, [AUTH_ERR, PERM_DENIED], "{report:#?}");
}

#[test]
fn the_entrys_user_id_is_not_read_where_the_systems_counts() {
    let Some(slapd) = careless() else { return };
    let corp = Asker::new(slapd.settings());
    let system = corp.with("uid", "system");
    let odd = system.with("uid_number_attr", "cn");
    for corp in [&system, &odd] {
        let told = corp.login("alice", "pw-alice");
        assert_eq!(told.user().map(|user| user.uid), Some(None), "{told:?}");
    }
    assert!(
        corp.with("uid_number_attr", "cn")
            .login("alice", "pw-alice")
            .unavailable()
            .is_some()
    );
    if !need::root("a directory") {
        return;
    }
    // NSS on this machine knows nobody of the directory.
    let keys = format!("{}uid = \"system\"\n", slapd.settings_as_toml());
    let report = asking(&keys, "alice", "pw-alice", &LOGIN);
    assert_eq!(report.codes, [AUTH_ERR, USER_UNKNOWN], "{report:#?}");
    let line = "not the same person (the system has no user id for this name";
    assert!(report.log_lines.concat().contains(line), "{report:#?}");
}
