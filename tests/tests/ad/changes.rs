//! Changes of passwords in a real domain.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::{RefusalReason, WireVerdict};
use authchain::words::DenialReason;
use authchain_tests::servers::samba::{ADMINISTRATOR_PASSWORD, DOMAIN, PASSWORD, domain};

/// Passwords that a domain takes: long, with capital and small letters, and digits.
const NEW: [&str; 4] = [
    "N3w-Passw\u{f6}rd 1",
    "N3w-Password 2",
    "N3w-Password 3",
    "N3w-Password 4",
];

/// With an account that searches, without one, and by root. The old password still binds for an
/// hour, which is how domains are.
#[test]
fn a_password_of_a_domain_is_changed_by_its_owner_and_by_who_may_reset_it() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    let told = corp.may_change("changer", PASSWORD);
    let WireVerdict::MayChange(None, Some(rules)) = &told.conclusion.verdict else {
        panic!("{told:?}")
    };
    assert!(rules.contains("at least 7 characters"), "{rules}");
    for (told, new) in [
        (corp.change("changer", PASSWORD, NEW[0]), NEW[0]),
        (
            samba.asker_alone().change("changer", NEW[0], NEW[1]),
            NEW[1],
        ),
    ] {
        assert!(
            told.is_changed() && told.conclusion.notes.is_empty(),
            "{told:?}"
        );
        assert!(corp.login("changer", new).is_accepted());
    }
    let text = (
        RefusalReason::NotPermitted,
        "Password reset by root is not supported.",
    );
    assert_eq!(
        corp.change_as_root("changer", Some(NEW[2])).refusal(),
        Some(text)
    );
    let secret = samba.secret(ADMINISTRATOR_PASSWORD);
    let mighty = (corp.with("bind_dn", format!("Administrator@{DOMAIN}")))
        .with("bind_password_file", secret.to_str().unwrap());
    let told = mighty.change_as_root("changer", Some(NEW[2]));
    assert!(told.is_changed(), "{told:?}");
    assert!(corp.login("changer", NEW[2]).is_accepted());
}

#[test]
fn a_password_that_a_domain_wants_changed_is_exchanged_by_the_account_that_searches() {
    let Some(samba) = domain() else { return };
    let (corp, alone) = (samba.asker(), samba.asker_alone());
    for name in ["forced", "lapsed"] {
        let change = |old, new: Option<&str>| {
            corp.change_of(ChangeKind::Expired, name, Some(old), new.map(str::as_bytes))
        };
        let told = alone.change(name, PASSWORD, NEW[0]);
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        assert!(why.contains("set bind_dn"), "{why}");
        assert_eq!(
            change("wrong", Some(NEW[0])).denial(),
            Some(DenialReason::BadCredential)
        );
        assert!(change(PASSWORD, None).may_be_changed());
        let told = change(PASSWORD, Some(NEW[0]));
        assert!(told.is_changed(), "{name}: {told:?}");
        let told = corp.login(name, NEW[0]);
        assert!(told.is_accepted() && !told.must_change(), "{told:?}");
    }
}

#[test]
fn a_domain_refuses_in_its_own_words() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    for (name, new, words) in [
        ("picky", "Sh0rt", "too short"),
        ("picky", "long but all small", "complexity"),
        ("picky", PASSWORD, "already used"),
        ("young", NEW[0], "too young"),
    ] {
        let told = corp.change(name, PASSWORD, new);
        let (reason, text) = told.refusal().unwrap_or_else(|| panic!("{told:?}"));
        assert_eq!(reason, RefusalReason::Quality);
        assert!(text.contains(words), "{new}: {text}");
    }
    for name in ["disabled", "ended", "locked", "hours"] {
        let told = corp.change(name, PASSWORD, NEW[0]);
        assert!(
            told.denial().is_some() || told.refusal().is_some(),
            "{name}: {told:?}"
        );
    }
    let told = corp.change("young", "wrong", NEW[0]);
    assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
}
