use super::*;
use std::time::UNIX_EPOCH;

const NOW: u64 = 1_795_296_600; // 2026-11-21 21:30 UTC, day 20778

fn rules(policy: AccountPolicy) -> AccountRules {
    AccountRules {
        policy,
        asks_control: false,
    }
}

fn status(
    policy: AccountPolicy,
    lockout: LockoutTerms,
    attributes: &[(&str, &str)],
) -> AccountStatus {
    let entry = Entry::made_of("uid=a", attributes);
    rules(policy).status(&entry, lockout, UNIX_EPOCH + Duration::from_secs(NOW))
}

const VALID: AccountStatus = AccountStatus::Valid { warning: None };

#[test]
fn shadow_attributes_count_as_the_file_does() {
    let shadow = |attributes: &[(&str, &str)]| status(AccountPolicy::Shadow, None, attributes);
    assert_eq!(shadow(&[]), VALID);
    assert_eq!(shadow(&[("shadowExpire", "-1")]), VALID);
    assert_eq!(shadow(&[("shadowExpire", "20779")]), VALID);
    assert_eq!(
        shadow(&[("shadowExpire", "20778")]),
        AccountStatus::AccountExpired
    );
    for expired in ["1", "+20779"] {
        assert_eq!(
            shadow(&[("SHADOWEXPIRE", expired)]),
            AccountStatus::AccountExpired
        );
    }
    assert_eq!(
        shadow(&[("shadowLastChange", "0")]),
        AccountStatus::MustChangePassword
    );
    let aged = [
        ("shadowLastChange", "20000"),
        ("shadowMax", "90"),
        ("shadowInactive", "10"),
    ];
    assert_eq!(shadow(&aged), AccountStatus::PasswordExpired);
    assert_eq!(status(AccountPolicy::Ppolicy, None, &aged), VALID);
    assert_eq!(status(AccountPolicy::None, None, &aged), VALID);
}

#[test]
fn a_lock_counts_while_it_lasts_and_an_administrators_for_ever() {
    let minute = Some(Duration::from_secs(60));
    let locked = |terms, since| {
        status(
            AccountPolicy::Auto,
            terms,
            &[("pwdAccountLockedTime", since)],
        )
    };
    assert_eq!(locked(None, "000001010000Z"), AccountStatus::Locked);
    assert_eq!(locked(minute, "20261121212930Z"), AccountStatus::Locked);
    assert_eq!(locked(minute, "20261121212800Z"), VALID);
    assert_eq!(
        locked(Some(Duration::MAX), "20200101000000Z"),
        AccountStatus::Locked
    );
    assert_eq!(locked(None, "20261121212930Z"), VALID);
}

#[test]
fn a_lock_that_cannot_be_dated_is_for_ever() {
    for since in [
        "00000101000000Z",
        "000001010000+0100",
        "0000010100Z",
        "19691231235959Z",
        "yesterday",
        "",
    ] {
        let locked = [("pwdAccountLockedTime", since)];
        let minute = Some(Duration::from_secs(60));
        for terms in [None, minute] {
            let status = status(AccountPolicy::Ppolicy, terms, &locked);
            assert_eq!(status, AccountStatus::Locked, "{since}");
        }
        assert_eq!(status(AccountPolicy::Shadow, None, &locked), VALID);
    }
    let abroad = [("pwdAccountLockedTime", "20261121222930+0100")];
    let minute =
        |since: &[(&str, &str)]| status(AccountPolicy::Auto, Some(Duration::from_secs(60)), since);
    assert_eq!(minute(&abroad), AccountStatus::Locked);
    let twice = ("pwdAccountLockedTime", "20200101000000Z");
    assert_eq!(minute(&[twice]), VALID);
    assert_eq!(minute(&[twice, twice]), AccountStatus::Locked);
}

#[test]
fn dates_that_cannot_be_read_keep_out() {
    for (attribute, expected) in [
        ("pwdEndTime", AccountStatus::AccountExpired),
        ("pwdStartTime", AccountStatus::NotPermitted),
        ("shadowExpire", AccountStatus::AccountExpired),
    ] {
        for text in ["never", "", "20261321213015Z"] {
            let status = status(AccountPolicy::Auto, None, &[(attribute, text)]);
            assert_eq!(status, expected, "{attribute}: {text}");
        }
    }
    let begun = [("pwdStartTime", "00000101000000Z")];
    assert_eq!(status(AccountPolicy::Auto, None, &begun), VALID);
    let ended = [("pwdEndTime", "00000101000000Z")];
    assert_eq!(
        status(AccountPolicy::Auto, None, &ended),
        AccountStatus::AccountExpired
    );
    let other = status(AccountPolicy::Ppolicy, None, &[("shadowExpire", "never")]);
    assert_eq!(other, VALID);
}

#[test]
fn the_locks_of_389_directory_server_count() {
    for policy in [AccountPolicy::Auto, AccountPolicy::Ppolicy] {
        let asked: Vec<_> = rules(policy).attributes();
        assert!(asked.contains(&"nsAccountLock") && asked.contains(&"accountUnlockTime"));
    }
    assert!(
        !rules(AccountPolicy::Shadow)
            .attributes()
            .contains(&"nsAccountLock")
    );
    for (attribute, text, expected) in [
        ("nsAccountLock", "TRUE", AccountStatus::Locked),
        ("nsaccountlock", "true", AccountStatus::Locked),
        ("nsAccountLock", "FALSE", VALID),
        (
            "accountUnlockTime",
            "19700101000000Z",
            AccountStatus::Locked,
        ),
        (
            "accountUnlockTime",
            "20261121213001Z",
            AccountStatus::Locked,
        ),
        ("accountUnlockTime", "20261121213000Z", VALID),
        ("accountUnlockTime", "later", AccountStatus::Locked),
    ] {
        let found = [(attribute, text)];
        for policy in [AccountPolicy::Auto, AccountPolicy::Ppolicy] {
            assert_eq!(
                status(policy, None, &found),
                expected,
                "{attribute}: {text}"
            );
        }
        assert_eq!(status(AccountPolicy::Shadow, None, &found), VALID);
    }
}

#[test]
fn only_a_lock_without_known_terms_is_passed_over() {
    let passed = |policy, terms, since| {
        let entry = Entry::made_of("uid=a", &[("pwdAccountLockedTime", since)]);
        rules(policy).is_passed_over(&entry, terms)
    };
    let recent = "20261121212930Z";
    assert!(passed(AccountPolicy::Auto, None, recent));
    assert!(!passed(AccountPolicy::Auto, Some(Duration::MAX), recent));
    assert!(!passed(AccountPolicy::Shadow, None, recent));
    assert!(!passed(AccountPolicy::Auto, None, "000001010000Z"));
    assert!(!passed(AccountPolicy::Auto, None, "nonsense"));
}

#[test]
fn the_worse_of_the_two_counts() {
    let reset = ("pwdReset", "TRUE");
    let auto = |attributes: &[(&str, &str)]| status(AccountPolicy::Auto, None, attributes);
    assert_eq!(auto(&[reset]), AccountStatus::MustChangePassword);
    let ends = |time| auto(&[("passwordExpirationTime", time)]);
    assert_eq!(ends("19700101000000Z"), AccountStatus::MustChangePassword);
    assert_eq!(ends("20200101000000Z"), VALID, "the server judges that");
    assert_eq!(
        auto(&[reset, ("shadowExpire", "1")]),
        AccountStatus::AccountExpired
    );
    let locked = ("pwdAccountLockedTime", "000001010000Z");
    assert_eq!(
        auto(&[locked, ("shadowLastChange", "0")]),
        AccountStatus::Locked
    );
    assert_eq!(
        auto(&[("pwdEndTime", "20260101000000Z")]),
        AccountStatus::AccountExpired
    );
    assert_eq!(
        auto(&[("pwdStartTime", "20270101000000Z")]),
        AccountStatus::NotPermitted
    );
    assert_eq!(status(AccountPolicy::Shadow, None, &[reset]), VALID);
}
