//! Adding, editing, removing and listing the accounts of a real directory.

use authchain::backends::accounts::{
    Changes, Entries, ListEnd, Listed, ListedGroup, ListedPerson, NewPerson, Selection,
};
use authchain::backends::protocol::{AccountEnd, AccountWork, RefusalReason, WireVerdict};
use authchain::words::{AccountStatus, Username};
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::slapd::{Plan, Slapd};

/// The service account may write everything.
const SERVICE_KEEPS: &str = "\
access to * by dn.exact=\"cn=svc,dc=example,dc=test\" write by * break
";

/// The service account may read any number of pages.
const SERVICE_LISTS: &str =
    "limits dn.exact=\"cn=svc,dc=example,dc=test\" size.prtotal=unlimited\n";

fn kept() -> Option<Slapd> {
    Slapd::start(&Plan {
        access: SERVICE_KEEPS,
        limits: SERVICE_LISTS,
        ..Plan::default()
    })
}

fn writer(slapd: &Slapd) -> Asker {
    Asker::new(slapd.settings())
        .with("accounts", "write")
        .with("base", format!("ou=people,{BASE}"))
}

fn name(text: &str) -> Username {
    Username::parse(text.as_bytes()).unwrap()
}

fn zoe() -> NewPerson {
    NewPerson {
        name: name("zoe"),
        uid: Some(20_001),
        gid: Some(5000),
        gecos: "Zoe van Dyck".to_owned(),
        home: "/home/zoe".to_owned(),
        shell: "/bin/sh".to_owned(),
        mail: Some("zoe@example.test".to_owned()),
    }
}

fn register(corp: &Asker, new: NewPerson) -> Told {
    corp.task(AccountWork::Register(new)).1
}

fn edit(corp: &Asker, who: &str, changes: Changes) -> Told {
    corp.task(AccountWork::Edit(name(who), changes)).1
}

fn remove(corp: &Asker, who: &str) -> Told {
    corp.task(AccountWork::Remove(name(who))).1
}

fn list(corp: &Asker, entries: Entries, matching: &str, most: Option<u64>) -> (Vec<Listed>, Told) {
    let matching = matching.to_owned();
    corp.task(AccountWork::List(Selection {
        entries,
        matching,
        most,
    }))
}

fn people(corp: &Asker, matching: &str) -> Vec<ListedPerson> {
    let (listed, told) = list(corp, Entries::People, matching, None);
    assert_eq!(end(&told).count, listed.len() as u64, "{told:?}");
    let person = |entry| match entry {
        Listed::Person(person) => person,
        Listed::Group(group) => panic!("{group:?}"),
    };
    listed.into_iter().map(person).collect()
}

fn end(told: &Told) -> ListEnd {
    match told.conclusion.verdict {
        WireVerdict::Carried(AccountEnd::Listed(end)) => end,
        _ => panic!("{told:?}"),
    }
}

fn is_done(told: &Told) -> bool {
    matches!(
        told.conclusion.verdict,
        WireVerdict::Registered(_) | WireVerdict::Carried(_)
    )
}

fn reason(told: &Told) -> Option<RefusalReason> {
    told.refusal().map(|(reason, _)| reason)
}

#[test]
fn a_person_is_added_edited_locked_and_removed() {
    let Some(slapd) = kept() else {
        return;
    };
    let corp = writer(&slapd);
    let told = register(&corp, zoe());
    assert!(
        is_done(&told) && told.conclusion.notes.is_empty(),
        "{told:?}"
    );
    let told = corp.lookup("zoe");
    let user = told.user().unwrap();
    assert_eq!((user.uid, user.gid), (Some(20_001), Some(5000)));
    assert_eq!(user.gecos, "Zoe van Dyck");
    assert!(!corp.login("zoe", "secret-1").is_accepted());
    assert!(corp.change_as_root("zoe", Some("secret-1")).is_changed());
    assert!(corp.login("zoe", "secret-1").is_accepted());

    let changes = Changes {
        gecos: Some("Zoe Smith".to_owned()),
        mail: Some(String::new()),
        shell: Some("/bin/bash".to_owned()),
        locked: None,
    };
    let told = edit(&corp, "zoe", changes);
    assert!(is_done(&told), "{told:?}");
    let found = people(&corp, "zo");
    let [found] = found.as_slice() else {
        panic!("{found:?}")
    };
    let expected = ListedPerson {
        name: "zoe".to_owned(),
        uid: Some(20_001),
        gid: Some(5000),
        gecos: "Zoe Smith".to_owned(),
        home: "/home/zoe".to_owned(),
        shell: "/bin/bash".to_owned(),
        mail: None,
    };
    assert_eq!(*found, expected);

    let lock = |locked| Changes {
        locked: Some(locked),
        ..Changes::default()
    };
    assert!(is_done(&edit(&corp, "zoe", lock(true))));
    assert!(!corp.login("zoe", "secret-1").is_accepted());
    assert_eq!(corp.account("zoe").status(), Some(&AccountStatus::Locked));
    assert!(is_done(&edit(&corp, "zoe", lock(false))));
    assert!(corp.login("zoe", "secret-1").is_accepted());

    assert!(is_done(&remove(&corp, "zoe")));
    assert!(corp.lookup("zoe").is_unknown());
    assert!(remove(&corp, "zoe").is_unknown());
    assert!(edit(&corp, "zoe", lock(true)).is_unknown());
}

#[test]
fn a_name_or_a_user_id_that_somebody_has_is_not_given_again() {
    let Some(slapd) = kept() else {
        return;
    };
    let corp = writer(&slapd);
    let taken = corp.lookup("bob").user().unwrap().uid;
    for new in [
        NewPerson {
            name: name("alice"),
            ..zoe()
        },
        NewPerson {
            uid: taken,
            ..zoe()
        },
    ] {
        let told = register(&corp, new);
        assert_eq!(reason(&told), Some(RefusalReason::Exists), "{told:?}");
    }
    assert!(corp.lookup("zoe").is_unknown());
    let nameless = NewPerson {
        gecos: "Zo\u{eb}".to_owned(),
        ..zoe()
    };
    let told = register(&corp, nameless.clone());
    assert_eq!(reason(&told), Some(RefusalReason::Invalid), "{told:?}");
    let told = register(&corp.with("gecos_attr", "cn"), nameless);
    assert!(is_done(&told), "{told:?}");
    let told = register(&corp, NewPerson { uid: None, ..zoe() });
    assert_eq!(reason(&told), Some(RefusalReason::Invalid), "{told:?}");
}

#[test]
fn a_hostile_name_is_data_in_a_dn_and_in_a_filter() {
    let Some(slapd) = kept() else {
        return;
    };
    let corp = writer(&slapd);
    for (number, hostile) in ["q*)(uid=*", "q\"x;y+z", "#q", "q\\2a", "q=r"]
        .iter()
        .enumerate()
    {
        let new = NewPerson {
            name: name(hostile),
            uid: Some(21_000 + u32::try_from(number).unwrap()),
            gecos: String::new(),
            mail: None,
            ..zoe()
        };
        let told = register(&corp, new);
        assert!(
            is_done(&told) && told.conclusion.notes.is_empty(),
            "{hostile}: {told:?}"
        );
        let found = people(&corp, hostile);
        assert_eq!(found.len(), 1, "{hostile}: {found:?}");
        assert_eq!(found[0].name, *hostile);
        assert!(is_done(&remove(&corp, hostile)), "{hostile}");
    }
    assert!(
        people(&corp, "*")
            .iter()
            .all(|person| person.name.contains('*'))
    );
}

#[test]
fn nothing_is_written_that_settings_or_server_do_not_let() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let shell = || Changes {
        shell: Some("/bin/sh".to_owned()),
        ..Changes::default()
    };
    let reader = writer(&slapd).with("accounts", "read");
    let writer = writer(&slapd);
    for (corp, words) in [
        (&reader, "accounts = \"read\""),
        (
            &writer,
            "bind_dn may not write there: insufficientAccessRights (50)",
        ),
    ] {
        for told in [
            register(corp, zoe()),
            edit(corp, "alice", shell()),
            remove(corp, "alice"),
        ] {
            let (reason, text) = told.refusal().unwrap();
            assert_eq!(reason, RefusalReason::NotPermitted, "{told:?}");
            assert!(text.contains(words), "{told:?}");
        }
    }
    assert!(!slapd.log().contains("nentries=1 text=deleted"));
    assert!(reader.lookup("alice").user().is_some() && reader.lookup("zoe").is_unknown());
}

#[test]
fn a_server_without_a_password_policy_keeps_no_lock() {
    let Some(slapd) = Slapd::start(&Plan {
        access: SERVICE_KEEPS,
        watches: false,
        ..Plan::default()
    }) else {
        return;
    };
    let lock = Changes {
        locked: Some(true),
        ..Changes::default()
    };
    let told = edit(&writer(&slapd), "alice", lock);
    // The module of the policy is loaded, so that the server may know its control and attributes.
    assert!(
        is_done(&told) || reason(&told) == Some(RefusalReason::NotSupported),
        "{told:?}"
    );
}

#[test]
fn a_lock_that_keeps_nobody_out_is_refused_or_said_to_be_none_of_the_servers() {
    let Some(slapd) = kept() else {
        return;
    };
    let lock = |locked| Changes {
        locked: Some(locked),
        ..Changes::default()
    };
    for policy in ["shadow", "none"] {
        let corp = writer(&slapd).with("account_policy", policy);
        let told = edit(&corp, "alice", lock(true));
        assert_eq!(reason(&told), Some(RefusalReason::NotSupported), "{told:?}");
    }
    let corp = writer(&slapd);
    let notes = |who| {
        let told = edit(&corp, who, lock(true));
        assert!(is_done(&told), "{told:?}");
        told.conclusion.notes.join(" ")
    };
    // The policy of the one locks, that of the other does not, and the third has the default.
    assert_eq!(notes("guessed"), "");
    for who in ["strict", "alice"] {
        assert!(notes(who).contains("pwdLockout TRUE"), "{who}");
        assert_eq!(corp.account(who).status(), Some(&AccountStatus::Locked));
    }
    let told = edit(&corp, "alice", lock(false));
    assert!(
        is_done(&told) && told.conclusion.notes.is_empty(),
        "{told:?}"
    );
}

/// slapd gives 500 entries to a search.
#[test]
fn everybody_is_listed_page_by_page() {
    const BULK: usize = 2_500;
    let Some(slapd) = Slapd::start(&Plan {
        bulk: BULK,
        limits: SERVICE_LISTS,
        ..Plan::default()
    }) else {
        return;
    };
    let corp = Asker::new(slapd.settings()).with("base", format!("ou=bulk,{BASE}"));
    let everybody = people(&corp, "");
    assert_eq!(everybody.len(), BULK);
    let mut names: Vec<&str> = everybody.iter().map(|person| &*person.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), BULK);
    assert_eq!(people(&corp, "00249").len(), 11);
    let (listed, told) = list(&corp, Entries::People, "bulk", Some(300));
    assert_eq!((listed.len(), end(&told).more), (300, true));
    let (listed, told) = list(&corp, Entries::People, "00000", Some(10));
    assert_eq!((listed.len(), end(&told).more), (10, false));
    let (groups, told) = list(&corp, Entries::Groups, "", None);
    assert_eq!(end(&told).count, groups.len() as u64);
    let members = |wanted: &str| -> Vec<&str> {
        let lines = groups.iter().filter_map(|entry| match entry {
            Listed::Group(ListedGroup { name, members, .. }) if name == wanted => Some(members),
            _ => None,
        });
        lines.flatten().map(String::as_str).collect()
    };
    assert_eq!(members("crowd").len(), BULK);
    assert_eq!(members("unix"), ["dave"]);
    assert!(members("staff").is_empty(), "alice is not below the base");
    assert!(
        told.conclusion.notes.concat().contains("are no people"),
        "{told:?}"
    );
    assert!(told.peak_kib < 64 << 10, "{} KiB", told.peak_kib);
}

/// A list that is cut must not pass for a whole one.
#[test]
fn a_list_that_the_server_cuts_is_no_list() {
    let Some(slapd) = Slapd::start(&Plan {
        bulk: 700,
        ..Plan::default()
    }) else {
        return;
    };
    let corp = Asker::new(slapd.settings()).with("base", format!("ou=bulk,{BASE}"));
    let (_, told) = list(&corp, Entries::People, "", None);
    let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
    assert!(why.contains("size.prtotal"), "{why}");
}
