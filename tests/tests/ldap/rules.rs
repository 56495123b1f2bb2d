//! Expiry of passwords and accounts, and groups.

use authchain::backends::protocol::WireVerdict;
use authchain::words::{AccountStatus, DenialReason};
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

/// The warning of an accepted login, which is shown once the account is found valid.
fn warning(told: &Told) -> &str {
    assert_eq!(told.infos, [""; 0], "{told:?}");
    match &told.conclusion.verdict {
        WireVerdict::Accepted(_, Some(AccountStatus::Valid { warning })) => {
            warning.as_deref().unwrap_or_default()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_password_policy_says_of_a_login_is_told() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let told = corp.login("expired", "pw-expired");
    assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
    assert_eq!(told.detail(), "the password has expired");
    assert_eq!(told.barred(), Some(&AccountStatus::PasswordExpired));
    let told = corp.login("expired", "wrong");
    assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
    assert_eq!(told.barred(), None);
    let told = corp.login("graced", "pw-graced");
    assert_eq!(
        warning(&told),
        "Your password has expired: 2 logins left to change it."
    );
    let told = corp.login("warned", "pw-warned");
    assert!(
        warning(&told).starts_with("Your password will expire in "),
        "{told:?}"
    );
    let told = corp.login("reset", "pw-reset");
    assert!(told.is_accepted(), "{told:?}");
    assert_eq!(told.infos, [""; 0], "the account question says it");
    for password in ["pw-barred", "wrong"] {
        let told = corp.login("barred", password);
        assert_eq!(told.denial(), Some(DenialReason::Locked), "{told:?}");
        assert_eq!(told.barred(), None, "nobody knows whether it was right");
    }
    for _ in 0..3 {
        assert_eq!(
            corp.login("guessed", "wrong").denial(),
            Some(DenialReason::BadCredential)
        );
    }
    assert_eq!(
        corp.login("guessed", "pw-guessed").denial(),
        Some(DenialReason::Locked)
    );
    let deaf = corp.with("ppolicy", false);
    assert_eq!(
        deaf.login("expired", "pw-expired").denial(),
        Some(DenialReason::BadCredential)
    );
}

#[test]
fn the_state_of_an_account_is_found_out_without_a_password() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let valid = AccountStatus::Valid { warning: None };
    let due = AccountStatus::Valid {
        warning: Some("Your password will expire in 2 days.".to_owned()),
    };
    for (name, status) in [
        ("alice", &valid),
        ("ending", &valid),
        ("unlocked", &valid),
        ("due", &due),
        ("barred", &AccountStatus::Locked),
        ("locked", &AccountStatus::Locked),
        ("reset", &AccountStatus::MustChangePassword),
        ("aged", &AccountStatus::MustChangePassword),
        ("stale", &AccountStatus::PasswordExpired),
        ("ended", &AccountStatus::AccountExpired),
    ] {
        let told = corp.account(name);
        assert_eq!(told.status(), Some(status), "{name}: {told:?}");
    }
    assert!(corp.account("nobody-here").is_unknown());
    assert_eq!(slapd.binds_of_people(), 0);
    let lax = corp.with("account_policy", "none");
    assert_eq!(lax.account("ended").status(), Some(&valid));
    let shadow = corp.with("account_policy", "shadow");
    assert_eq!(shadow.account("barred").status(), Some(&valid));
}

/// slapd itself does not look at shadow attributes: its bind succeeds.
#[test]
fn an_account_that_ended_is_denied_although_the_server_says_yes() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    for (name, state) in [
        ("ended", AccountStatus::AccountExpired),
        ("stale", AccountStatus::PasswordExpired),
    ] {
        let told = corp.login(name, format!("pw-{name}"));
        assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
        assert_eq!(told.detail(), state.to_string());
        assert_eq!(told.barred(), Some(&state));
        assert_eq!(corp.login(name, "wrong").barred(), None);
    }
    assert!(corp.login("aged", "pw-aged").is_accepted());
}

#[test]
fn groups_let_in_whoever_is_in_them_directly_or_through_others() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    let dn = format!("CN=Outer, ou=groups,{BASE}");
    for (groups, inside, outside) in [
        (json!(["staff"]), "alice", "bob"),
        (json!(["STAFF", "unix"]), "dave", "bob"),
        (json!(["outer"]), "bob", "carol"),
        (json!([dn]), "bob", "alice"),
        (json!(["circle-a"]), "carol", "bob"),
        (json!(["circle-b", "nothing"]), "carol", "alice"),
        (json!(["odd"]), "o\"q;c+p", "alice"),
    ] {
        let corp = corp.with("allow_groups", groups.clone());
        let told = corp.login(inside, format!("pw-{inside}"));
        assert!(told.is_accepted(), "{inside} in {groups}: {told:?}");
        let told = corp.login(outside, format!("pw-{outside}"));
        assert_eq!(
            told.denial(),
            Some(DenialReason::NotPermitted),
            "{outside} in {groups}: {told:?}"
        );
        let told = corp.account(outside);
        assert_eq!(
            told.status(),
            Some(&AccountStatus::NotPermitted),
            "{told:?}"
        );
    }
    assert_eq!(
        slapd.binds_of_people(),
        7,
        "somebody who may not in was let try"
    );
    // People in a circle of groups that never leads to the wanted group.
    let told = corp
        .with("allow_groups", json!(["none"]))
        .login("carol", "pw-carol");
    assert_eq!(told.denial(), Some(DenialReason::NotPermitted), "{told:?}");
}

#[test]
fn an_access_filter_lets_in_whoever_it_fits() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let corp = Asker::new(slapd.settings());
    for (filter, fits) in [
        ("(mail=alice@example.test)", true),
        ("(mail=%u@example.test)", true),
        ("(&(uid=%u)(!(description=%s)))", true),
        ("(mail=*@elsewhere.test)", false),
        ("(description=%h)", false),
    ] {
        let corp = corp.with("access_filter", filter);
        let told = corp.login("alice", "pw-alice");
        assert_eq!(told.is_accepted(), fits, "{filter}: {told:?}");
        let barred = told.denial() == Some(DenialReason::NotPermitted);
        assert_eq!(barred, !fits, "{filter}: {told:?}");
    }
    let told = corp
        .with("access_filter", "(uid=*%u*)")
        .login("*)(uid=*", "pw-*)(uid=*");
    assert!(told.is_accepted(), "{told:?}");
}
