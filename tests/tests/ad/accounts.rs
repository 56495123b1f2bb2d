//! Account questions at a real domain without a password, as with keys, sudo and cron.

use authchain::words::AccountStatus::{
    self, AccountExpired, Locked, MustChangePassword, NotPermitted, Valid,
};
use authchain_tests::servers::samba::{BASE, PASSWORD, domain};
use serde_json::json;

#[test]
fn the_state_of_an_account_is_found_out_without_a_password() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    for (name, status, note) in [
        ("alice", valid(None), ""),
        ("disabled", NotPermitted, "disabled"),
        ("ended", AccountExpired, "the account has expired"),
        ("hours", NotPermitted, "logon hours"),
        ("workstation", NotPermitted, "other workstations only"),
        ("locked", Locked, "locked"),
        ("mustchange", MustChangePassword, "must be changed"),
        ("expired", MustChangePassword, "has expired"),
        // A password is refused, a key is not.
        ("smartcard", valid(None), ""),
        (
            "warned",
            valid(Some("Your password will expire in 4 days.")),
            "",
        ),
    ] {
        let told = corp.account(name);
        assert_eq!(told.status(), Some(&status), "{name}: {told:?}");
        assert!(told.conclusion.notes.concat().contains(note), "{told:?}");
    }
    assert!(corp.account("nobody-here").is_unknown());
    let silent = corp.with("password_warning", "0s");
    assert_eq!(silent.account("warned").status(), Some(&valid(None)));
}

#[test]
fn a_login_says_of_the_account_what_it_has_established_or_nothing() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    for name in ["alice", "warned"] {
        let (login, account) = (corp.login(name, PASSWORD), corp.account(name));
        assert!(login.is_accepted(), "{login:?}");
        assert_eq!(login.status(), account.status(), "{name}");
    }
    // The reply has notes for the log.
    for name in ["mustchange", "expired"] {
        let login = corp.login(name, PASSWORD);
        assert_eq!(
            (login.must_change(), login.status()),
            (true, None),
            "{name}"
        );
    }
    // The entry cannot be read without a password, so only the login has the status.
    let alone = samba.asker_alone();
    let login = alone.login("alice", PASSWORD);
    assert_eq!(login.status(), Some(&valid(None)), "{login:?}");
    assert!(alone.account("alice").unavailable().is_some());
}

fn valid(warning: Option<&str>) -> AccountStatus {
    Valid {
        warning: warning.map(str::to_owned),
    }
}

#[test]
fn a_workstation_is_this_machine_if_it_is_called_so() {
    let Some(samba) = domain() else { return };
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let own = name.trim().split('.').next().unwrap();
    let corp = samba.asker();
    assert_eq!(corp.account("desk").status(), Some(&NotPermitted));
    samba.modify("desk", "userWorkstations", &format!("OTHERPC,{own}"));
    assert_eq!(corp.account("desk").status(), Some(&valid(None)));
}

#[test]
fn groups_bar_an_account_too_and_people_outside_the_base_are_unknown() {
    let Some(samba) = domain() else { return };
    let corp = samba.asker();
    let outer = corp.with("allow_groups", json!(["outer"]));
    assert_eq!(outer.account("alice").status(), Some(&valid(None)));
    let told = outer.account("bob");
    assert_eq!(told.status(), Some(&NotPermitted), "{told:?}");
    let narrow = corp.with("base", format!("OU=Domain Controllers,{BASE}"));
    assert!(narrow.account("alice").is_unknown());
    let told = corp
        .with("base", format!("OU=Nowhere,{BASE}"))
        .account("alice");
    let why = told.unavailable().unwrap_or_default();
    assert!(why.contains("configuration error"), "{told:?}");
}
