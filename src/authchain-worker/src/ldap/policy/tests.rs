use super::*;
use std::time::UNIX_EPOCH;

const NOW: u64 = 1_795_296_600; // 2026-11-21 21:30 UTC, day 20778

fn status(
    policy: AccountPolicy,
    lockout: LockoutTerms,
    attributes: &[(&str, &str)],
) -> AccountStatus {
    let entry = Entry::made_of("uid=a", attributes);
    status_of(
        &entry,
        policy,
        lockout,
        UNIX_EPOCH + Duration::from_secs(NOW),
    )
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
    assert_eq!(
        shadow(&[("SHADOWEXPIRE", "1")]),
        AccountStatus::AccountExpired
    );
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
fn the_worse_of_the_two_counts() {
    let reset = ("pwdReset", "TRUE");
    let auto = |attributes: &[(&str, &str)]| status(AccountPolicy::Auto, None, attributes);
    assert_eq!(auto(&[reset]), AccountStatus::MustChangePassword);
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
