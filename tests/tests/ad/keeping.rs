//! Listing, editing and locking the accounts of a real domain.

use authchain::backends::accounts::{Changes, Entries, Listed, Selection};
use authchain::backends::protocol::{AccountEnd, AccountWork, RefusalReason, WireVerdict};
use authchain::words::{AccountStatus, Username};
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::samba::{ADMINISTRATOR_PASSWORD, DOMAIN, PASSWORD, domain};

fn edit(corp: &Asker, who: &str, changes: Changes) -> Told {
    let name = Username::parse(who.as_bytes()).unwrap();
    corp.task(AccountWork::Edit(name, changes)).1
}

fn is_edited(told: &Told) -> bool {
    told.conclusion.verdict == WireVerdict::Carried(AccountEnd::Edited)
}

fn locked(locked: bool) -> Changes {
    Changes {
        locked: Some(locked),
        ..Changes::default()
    }
}

#[test]
fn the_people_of_a_domain_are_listed_edited_and_locked() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    let secret = samba.secret(ADMINISTRATOR_PASSWORD);
    let mighty = (corp.with("bind_dn", format!("Administrator@{DOMAIN}")))
        .with("bind_password_file", secret.to_str().unwrap())
        .with("accounts", "write");
    let told = edit(&corp, "kept", locked(true));
    let (reason, words) = told.refusal().unwrap();
    assert_eq!(reason, RefusalReason::NotPermitted);
    assert!(words.contains("accounts = \"read\""), "{words}");
    let told = edit(&corp.with("accounts", "write"), "kept", locked(true));
    assert_eq!(
        told.refusal().map(|refusal| refusal.0),
        Some(RefusalReason::NotPermitted),
        "{told:?}"
    );

    assert!(corp.login("kept", PASSWORD).is_accepted());
    assert!(is_edited(&edit(&mighty, "kept", locked(true))));
    assert_eq!(
        corp.account("kept").status(),
        Some(&AccountStatus::NotPermitted)
    );
    assert!(!corp.login("kept", PASSWORD).is_accepted());
    assert!(
        is_edited(&edit(&mighty, "kept", locked(true))),
        "twice is as good as once"
    );
    assert!(is_edited(&edit(&mighty, "kept", locked(false))));
    assert!(corp.login("kept", PASSWORD).is_accepted());

    let changes = Changes {
        gecos: Some("K\u{e9}pt".to_owned()),
        mail: Some("kept@example.com".to_owned()),
        ..Changes::default()
    };
    let told = edit(&mighty, "kept", changes);
    assert!(is_edited(&told), "{told:?}");
    let (people, told) = corp.task(AccountWork::List(Selection {
        entries: Entries::People,
        matching: "kep".to_owned(),
        most: None,
    }));
    let [Listed::Person(person)] = people.as_slice() else {
        panic!("{people:?} {told:?}")
    };
    assert_eq!(person.name, "kept");
    assert_eq!(person.gecos, "K\u{e9}pt");
    assert_eq!(person.mail.as_deref(), Some("kept@example.com"));
}
