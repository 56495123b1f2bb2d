//! Logins at a real domain.

use authchain::backends::protocol::WireVerdict;
use authchain::words::DenialReason::{self, AnotherPerson, BadCredential, Locked, NotPermitted};
use authchain_tests::servers::samba::{BASE, DOMAIN, NETBIOS, PASSWORD, domain};
use serde_json::json;

#[test]
fn a_person_of_a_domain_is_accepted_with_the_right_password_alone() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    let told = corp.login("alice", PASSWORD);
    let WireVerdict::Accepted(alice, _) = &told.conclusion.verdict else {
        panic!("{told:?}")
    };
    assert_eq!(
        (alice.name.as_str(), alice.uid, alice.gid),
        ("alice", Some(10_001), Some(10_000))
    );
    assert_eq!(
        (alice.home.as_str(), alice.shell.as_str()),
        ("/home/alice", "/bin/bash")
    );
    assert_eq!(alice.gecos, "Alice Example");
    for wrong in ["us3r-passw0rd!", "Us3r-Passw0rd", "Us3r-Passw0rd! ", "x"] {
        let told = corp.login("alice", wrong);
        assert_eq!(told.denial(), Some(BadCredential), "{told:?}");
    }
    let told = corp.login("nobody-here", PASSWORD);
    assert!(told.is_unknown(), "{told:?}");
    assert_eq!(
        told.conclusion.notes, [""; 0],
        "its partitions have no people"
    );
    let told = corp.login("bob", PASSWORD);
    let WireVerdict::Accepted(bob, _) = &told.conclusion.verdict else {
        panic!("{told:?}")
    };
    assert_eq!(bob.uid, None, "no user id is claimed where there is none");
    let starttls = corp.with("starttls", true);
    assert!(starttls.login("alice", PASSWORD).is_accepted());
}

/// For each state: the results of a right and of a wrong password.
const STATES: [(&str, Option<DenialReason>, &str); 10] = [
    ("disabled", Some(NotPermitted), "disabled"),
    ("ended", Some(NotPermitted), "the account has expired"),
    ("hours", Some(NotPermitted), "logon hours"),
    ("workstation", Some(NotPermitted), "other workstations only"),
    ("locked", Some(Locked), "the account is locked"),
    ("smartcard", Some(NotPermitted), "smart card"),
    // Right, but to be changed: the account question says so.
    ("mustchange", None, ""),
    ("expired", None, ""),
    ("warned", None, ""),
    ("bob", None, ""),
];

#[test]
fn every_state_of_an_account_is_told_to_who_has_its_password() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    for (name, denial, words) in STATES {
        let told = corp.login(name, PASSWORD);
        assert_eq!(told.denial(), denial, "{name}: {told:?}");
        assert_eq!(told.is_accepted(), denial.is_none(), "{name}: {told:?}");
        let is_barred = denial.is_some() && !["locked", "smartcard"].contains(&name);
        assert_eq!(told.barred().is_some(), is_barred, "{name}: {told:?}");
        let has_ended = ["mustchange", "expired"].contains(&name);
        assert_eq!(told.must_change(), has_ended, "{name}: {told:?}");
        assert!(told.detail().contains(words), "{name}: {told:?}");
    }
}

#[test]
fn a_wrong_password_is_told_no_more_than_the_domain_tells_anybody() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    for (name, denial, _) in STATES {
        let told = corp.login(name, "wrong");
        let expected = match name {
            "locked" | "smartcard" => denial,
            _ => Some(BadCredential),
        };
        assert_eq!(told.denial(), expected, "{name}: {told:?}");
        assert_eq!(told.barred(), None, "{name}: a guess");
    }
}

#[test]
fn an_entry_is_the_one_asked_for_or_nobodys() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    for name in ["alice", "ALICE", "p(ar)en", "j\u{fc}rgen"] {
        let told = corp.login(name, PASSWORD);
        let folded = told.name().unwrap().eq_ignore_ascii_case(name);
        assert!(folded && told.is_accepted(), "{name}: {told:?}");
    }
    for name in [
        "al*ce",
        "*",
        "alice)(|(cn=*",
        "al\u{ed}ce",
        "J\u{dc}RGEN",
        "alice@ad.example.test",
        "EXAD\\alice",
        "DC1$",
    ] {
        for told in [corp.login(name, PASSWORD), corp.account(name)] {
            assert!(told.is_unknown(), "{name}: {told:?}");
        }
    }
}

#[test]
fn qualified_names_are_taken_where_the_settings_say_so_and_come_back_as_typed() {
    let Some(samba) = domain() else { return };
    let corp = (samba.asker())
        .with("qualified_names", true)
        .with("netbios_name", NETBIOS);
    let qualified = format!("alice@{DOMAIN}");
    for name in ["alice", "exad\\alice", "EXAD\\ALICE", &qualified] {
        let told = corp.login(name, PASSWORD);
        assert!(told.is_accepted(), "{name}: {told:?}");
        assert!(told.name().unwrap().eq_ignore_ascii_case(name), "{told:?}");
        assert!(corp.account(name).status().is_some());
    }
    for name in [
        "alice@example.test",
        "alice@ad.example.test@x",
        "alice@ad.example.test.",
        "alice.",
        "OTHER\\alice",
        "EXAD\\nobody-here",
        "EXAD\\alice@ad.example.test",
        // Names that a domain controller takes for alice, and we do not.
        "al\u{ed}ce@ad.example.test",
        "\u{ff41}lice",
    ] {
        assert!(corp.login(name, PASSWORD).is_unknown(), "{name}");
    }
    let alone = (samba.asker_alone()).with("qualified_names", true);
    // Windows compares names without accents and widths, so it lets alice in, but her entry has
    // another name.
    for name in ["al\u{ed}ce", "\u{ff41}lice", "alice.", "DC1$"] {
        assert!(!alone.login(name, PASSWORD).is_accepted(), "{name}");
    }
    assert_eq!(alone.login(&qualified, PASSWORD).name(), Some(&*qualified));
}

#[test]
fn without_an_account_that_searches_people_log_in_first_and_are_then_looked_at() {
    let Some(samba) = domain() else { return };
    let alone = samba.asker_alone();
    for name in ["alice", "bob", "j\u{fc}rgen", "ALICE"] {
        let told = alone.login(name, PASSWORD);
        assert!(told.is_accepted(), "{name}: {told:?}");
    }
    // An unknown name and a wrong password cannot be told apart.
    for name in ["alice", "nobody-here"] {
        let told = alone.login(name, "wrong");
        assert_eq!(told.denial(), Some(BadCredential), "{told:?}");
    }
    for (name, words) in [
        ("mustchange", "must be changed"),
        ("expired", "has expired"),
        ("disabled", "disabled"),
        ("ended", "has expired"),
        ("hours", "logon hours"),
        ("workstation", "workstations"),
    ] {
        let told = alone.login(name, PASSWORD);
        assert_eq!(told.denial(), Some(NotPermitted), "{told:?}");
        assert!(told.detail().contains(words), "{told:?}");
    }
    for (name, denial) in [("locked", Locked), ("smartcard", BadCredential)] {
        let told = alone.login(name, PASSWORD);
        assert_eq!(told.denial(), Some(denial), "{told:?}");
    }
    for name in ["alice", "nobody-here"] {
        for told in [alone.lookup(name), alone.account(name)] {
            let why = told.unavailable().unwrap_or_default();
            assert!(why.contains("set bind_dn"), "{told:?}");
        }
    }
    let in_outer = alone.with("allow_groups", json!(["outer"]));
    assert!(in_outer.login("alice", PASSWORD).is_accepted());
    let told = in_outer.login("bob", PASSWORD);
    assert_eq!(told.denial(), Some(NotPermitted), "{told:?}");
}

/// The domain controller looks for principal names before it looks for accounts: a login as
/// `victim@ad.example.test` with mallory's password is a login of mallory.
#[test]
fn a_principal_name_that_is_anothers_account_lets_nobody_in_as_them() {
    let Some(samba) = domain() else { return };
    let name = samba.attribute("mallory", "userPrincipalName");
    assert_eq!(name, format!("victim@{DOMAIN}"), "the trap is set");
    let alone = samba.asker_alone();
    let told = alone.login("victim", PASSWORD);
    assert_eq!(told.denial(), Some(AnotherPerson), "{told:?}");
    let short = alone.with("netbios_name", NETBIOS);
    let own = "Vict1m-Passw0rd!";
    for corp in [&short, &samba.asker()] {
        let told = corp.login("victim", PASSWORD);
        assert_eq!(told.denial(), Some(BadCredential), "{told:?}");
        assert!(corp.login("victim", own).is_accepted());
    }
}

#[test]
fn groups_count_however_they_are_named_and_however_deep_they_lie() {
    let Some(samba) = domain() else { return };
    let alone = samba.asker_alone();
    for corp in [samba.asker(), alone] {
        for (group, who) in [
            ("inner", "alice"),
            ("OUTER", "alice"),
            (&format!("cn=middle,cn=users,{BASE}"), "alice"),
            // A circle: two groups are in each other.
            ("loopa", "bob"),
            ("st(aff)", "carol"),
            // The primary group, and one that the domain controller adds itself.
            ("Domain Users", "bob"),
            ("S-1-5-32-545", "bob"),
        ] {
            let wanted = corp.with("allow_groups", json!(["elsewhere", group]));
            let told = wanted.login(who, PASSWORD);
            assert!(told.is_accepted(), "{group}: {told:?}");
        }
        for group in ["elsewhere", "Domain Admins", "S-1-5-32-544", "st*"] {
            let wanted = corp.with("allow_groups", json!([group]));
            let told = wanted.login("alice", PASSWORD);
            assert_eq!(told.denial(), Some(NotPermitted), "{group}: {told:?}");
            assert!(told.detail().contains("allow_groups"), "{told:?}");
        }
    }
    let wanted = (samba.asker()).with("allow_groups", json!(["outer", "no-such-group"]));
    assert!(
        wanted
            .login("bob", PASSWORD)
            .detail()
            .contains("not all exist")
    );
    let filtered = samba.asker().with("access_filter", "(uidNumber=*)");
    assert!(filtered.login("alice", PASSWORD).is_accepted());
    assert_eq!(filtered.login("bob", PASSWORD).denial(), Some(NotPermitted));
}

/// This domain controller ends a password at a NUL.
#[test]
fn passwords_a_domain_could_misunderstand_never_reach_it() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    let before = samba.attribute("nora", "logonCount");
    for (password, reason) in [
        (&b""[..], DenialReason::EmptyPassword),
        (b"\0", BadCredential),
        (b"Us3r-Passw0rd!\0junk", BadCredential),
        (b"Us3r-Passw0rd!\xff", BadCredential),
    ] {
        let told = corp.login("nora", password);
        assert_eq!(told.denial(), Some(reason), "{told:?}");
        let told = samba.asker_alone().login("nora", password);
        assert!(!told.is_accepted(), "{told:?}");
    }
    assert_eq!(samba.bad_passwords("nora"), 0, "one was counted");
    assert_eq!(samba.attribute("nora", "logonCount"), before);
    assert!(corp.login("nora", PASSWORD).is_accepted());
}

#[test]
fn one_wrong_password_is_counted_once_however_it_is_tried() {
    let Some(samba) = domain() else { return };
    let twice = json!(["127.0.0.10", "127.0.0.10:636", "127.0.0.10"]);
    assert_eq!(samba.bad_passwords("guessed"), 0);
    let told = (samba.asker().with("servers", twice.clone())).login("guessed", "wrong");
    assert_eq!(told.denial(), Some(BadCredential), "{told:?}");
    assert_eq!(samba.bad_passwords("guessed"), 1);
    let told = (samba.asker_alone().with("servers", twice)).login("guessed", "wrong");
    assert_eq!(told.denial(), Some(BadCredential), "{told:?}");
    assert_eq!(samba.bad_passwords("guessed"), 2);
    for told in [
        samba.asker().account("guessed"),
        samba.asker().lookup("guessed"),
        samba
            .asker()
            .with("allow_groups", json!(["outer"]))
            .login("guessed", "wrong"),
    ] {
        assert!(told.unavailable().is_none(), "{told:?}");
    }
    assert_eq!(
        samba.bad_passwords("guessed"),
        2,
        "who may not in is not let try"
    );
    let told = samba.asker().login("guessed", "wrong");
    assert_eq!(told.denial(), Some(BadCredential), "{told:?}");
    let told = samba.asker().login("guessed", PASSWORD);
    assert_eq!(told.denial(), Some(Locked), "{told:?}");
}
