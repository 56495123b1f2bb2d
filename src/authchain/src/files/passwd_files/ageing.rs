//! The dates on which a password or an account expires (shadow(5)).

use std::time::{SystemTime, UNIX_EPOCH};

use crate::words::AccountStatus;

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// The dates and periods of a shadow entry, in days (dates: since 1 January 1970, UTC).
///
/// The minimum between two changes is no obstacle to logging in. A locked password (`!` before the
/// hash) does not lock the account: keys, cron jobs and `sudo` without a password still work, as
/// with pam_unix. To lock the account, an administrator sets the day it expires, as `usermod
/// --expiredate 1` does (usermod(8), `--lock`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ageing {
    /// The day of the last change of the password; 0 demands a change at the next login.
    pub last_change: Option<i64>,
    /// The number of days before a password can be changed again by its owner.
    pub minimum: Option<i64>,
    /// The number of days for which a password is valid.
    pub maximum: Option<i64>,
    /// The number of days before a password expires in which the person is warned.
    pub warning: Option<i64>,
    /// The number of days after a password has expired in which its owner can still change it.
    pub inactive: Option<i64>,
    /// The first day on which the account is no longer valid.
    pub expire: Option<i64>,
}

impl Ageing {
    /// Returns the status of the account at `now`.
    ///
    /// Decides as pam_unix of Linux-PAM 1.6 and later does (`check_shadow_expiry` in
    /// modules/pam_unix/passverify.c). Before 1.6, pam_unix gave a password, its grace and its
    /// warning one day more, and let an unset last change end the password.
    pub fn status(&self, now: SystemTime) -> AccountStatus {
        let today = day_of(now);
        if self.expire.is_some_and(|day| today >= day) {
            return AccountStatus::AccountExpired;
        }
        match self.last_change {
            Some(0) => AccountStatus::MustChangePassword,
            Some(day @ 1..) if day <= today => self.status_at_age(today.saturating_sub(day)),
            // Without a day of the last change, passwords do not age (shadow(5)).
            _ => AccountStatus::Valid { warning: None },
        }
    }

    /// Returns the number of days for which the owner may not yet change the password, which is
    /// valid; `None` if it may be changed. A last change in the future does not forbid it.
    pub fn days_until_change(&self, now: SystemTime) -> Option<i64> {
        let age = day_of(now).checked_sub(self.last_change?)?;
        let left = self.minimum?.checked_sub(age)?;
        (age >= 0 && left > 0).then_some(left)
    }

    /// Returns the status if the password is `age` days old. A negative number of days counts as
    /// none, and a sum that is too large as the largest number.
    fn status_at_age(&self, age: i64) -> AccountStatus {
        let Some(maximum) = self.maximum.filter(|days| *days >= 0) else {
            return AccountStatus::Valid { warning: None };
        };
        let is_over = |days: i64| days >= 0 && age >= maximum.saturating_add(days);
        if self.inactive.is_some_and(is_over) {
            return AccountStatus::PasswordExpired;
        }
        if age >= maximum {
            return AccountStatus::MustChangePassword;
        }
        let is_near = |days: i64| days > 0 && age >= maximum.saturating_sub(days);
        let left = maximum.saturating_sub(age);
        AccountStatus::Valid {
            warning: self.warning.is_some_and(is_near).then(|| warning(left)),
        }
    }
}

/// Returns the text for a person whose password expires in `days` days.
pub fn warning(days: i64) -> String {
    match days {
        0 => "Your password will expire today.".to_owned(),
        1 => "Your password will expire in 1 day.".to_owned(),
        _ => format!("Your password will expire in {days} days."),
    }
}

/// Returns the day of `now`, in whole days since or before 1 January 1970 (time(2) divided by the
/// seconds of a day).
pub fn day_of(now: SystemTime) -> i64 {
    let days = |seconds: u64| {
        let days = seconds.checked_div(SECONDS_A_DAY).unwrap_or(0);
        i64::try_from(days).unwrap_or(i64::MAX)
    };
    match now.duration_since(UNIX_EPOCH) {
        Ok(since) => days(since.as_secs()),
        Err(before) => days(before.duration().as_secs()).saturating_neg(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    const TODAY: i64 = 20_000;

    fn on_day(day: i64) -> SystemTime {
        let seconds = day.unsigned_abs() * SECONDS_A_DAY;
        if day < 0 {
            UNIX_EPOCH - Duration::from_secs(seconds)
        } else {
            // The last second of the day.
            UNIX_EPOCH + Duration::from_secs(seconds + SECONDS_A_DAY - 1)
        }
    }

    fn status(fields: [i64; 5]) -> AccountStatus {
        let [last_change, maximum, warning, inactive, expire] =
            fields.map(|field| (field != -1).then_some(field));
        let ageing = Ageing {
            last_change,
            minimum: None,
            maximum,
            warning,
            inactive,
            expire,
        };
        ageing.status(on_day(TODAY))
    }

    fn valid(warning: Option<&str>) -> AccountStatus {
        AccountStatus::Valid {
            warning: warning.map(str::to_owned),
        }
    }

    #[test]
    fn an_account_ends_at_the_beginning_of_its_day() {
        assert_eq!(status([TODAY, -1, -1, -1, TODAY + 1]), valid(None));
        assert_eq!(
            status([TODAY, -1, -1, -1, TODAY]),
            AccountStatus::AccountExpired
        );
        assert_eq!(status([0, 1, 1, 1, 0]), AccountStatus::AccountExpired);
        assert_eq!(
            status([TODAY + 5, -1, -1, -1, 1]),
            AccountStatus::AccountExpired
        );
    }

    #[test]
    fn a_change_on_day_zero_asks_for_a_new_password() {
        assert_eq!(
            status([0, -1, -1, -1, -1]),
            AccountStatus::MustChangePassword
        );
        assert_eq!(
            status([0, 99_999, 7, -1, TODAY + 1]),
            AccountStatus::MustChangePassword
        );
    }

    #[test]
    fn a_change_in_the_future_is_valid_whatever_the_terms() {
        assert_eq!(status([TODAY + 1, 0, 7, 0, -1]), valid(None));
        assert_eq!(status([i64::MAX, 1, 1, 1, i64::MAX]), valid(None));
    }

    #[test]
    fn a_password_ends_at_its_maximum_age_and_after_the_days_of_grace() {
        assert_eq!(status([TODAY - 89, 90, -1, 14, -1]), valid(None));
        assert_eq!(
            status([TODAY - 90, 90, -1, 14, -1]),
            AccountStatus::MustChangePassword
        );
        assert_eq!(
            status([TODAY - 103, 90, -1, 14, -1]),
            AccountStatus::MustChangePassword
        );
        assert_eq!(
            status([TODAY - 104, 90, -1, 14, -1]),
            AccountStatus::PasswordExpired
        );
        assert_eq!(
            status([TODAY - 105, 90, -1, -1, -1]),
            AccountStatus::MustChangePassword
        );
        assert_eq!(
            status([TODAY - 90, 90, -1, 0, -1]),
            AccountStatus::PasswordExpired
        );
        assert_eq!(status([TODAY - 10_000, 99_999, 7, 0, -1]), valid(None));
    }

    #[test]
    fn the_warning_counts_the_days_that_are_left() {
        assert_eq!(status([TODAY - 82, 90, 7, -1, -1]), valid(None));
        let seven = valid(Some("Your password will expire in 7 days."));
        assert_eq!(status([TODAY - 83, 90, 7, -1, -1]), seven);
        let one = valid(Some("Your password will expire in 1 day."));
        assert_eq!(status([TODAY - 89, 90, 7, -1, -1]), one);
        assert_eq!(status([TODAY - 89, 90, 0, -1, -1]), valid(None));
        let early = valid(Some("Your password will expire in 90 days."));
        assert_eq!(status([TODAY, 90, 365, -1, -1]), early);
    }

    #[test]
    fn a_password_without_a_last_change_does_not_age() {
        for last_change in [-1, -5] {
            assert_eq!(status([last_change, 90, 7, 14, -1]), valid(None));
        }
    }

    #[test]
    fn a_negative_number_of_days_counts_as_none() {
        assert_eq!(status([TODAY - 400, -2, 7, 14, -1]), valid(None));
        assert_eq!(
            status([TODAY - 90, 90, 7, -2, -1]),
            AccountStatus::MustChangePassword
        );
    }

    #[test]
    fn a_clock_before_1970_or_20_years_off_decides_without_fault() {
        let ageing = Ageing {
            last_change: Some(TODAY),
            maximum: Some(90),
            ..Ageing::default()
        };
        let years = 20 * 365;
        assert_eq!(ageing.status(on_day(TODAY - years)), valid(None));
        assert_eq!(
            ageing.status(on_day(TODAY + years)),
            AccountStatus::MustChangePassword
        );
        assert_eq!(ageing.status(on_day(-5)), valid(None));
        assert_eq!(day_of(on_day(-5)), -5);
        assert_eq!(day_of(on_day(TODAY)), TODAY);
    }

    proptest! {
        #[test]
        fn no_fields_and_no_clock_make_the_status_panic(
            fields in proptest::array::uniform5(prop_oneof![
                Just(None), Just(Some(0)), Just(Some(i64::MAX)), Just(Some(i64::MIN)),
                any::<i64>().prop_map(Some), (0..40_000_i64).prop_map(Some),
            ]),
            seconds in prop_oneof![any::<u32>().prop_map(u64::from), 0..i64::MAX.unsigned_abs()],
            before in any::<bool>(),
        ) {
            let [last_change, maximum, warning, inactive, expire] = fields;
            let ageing = Ageing { last_change, minimum: None, maximum, warning, inactive, expire };
            let span = Duration::from_secs(seconds);
            let now = if before { UNIX_EPOCH.checked_sub(span) } else { UNIX_EPOCH.checked_add(span) };
            let _ = ageing.status(now.unwrap_or(UNIX_EPOCH));
        }

        #[test]
        fn an_expired_account_is_never_anything_else(
            last_change in 0..40_000_i64, maximum in 0..1000_i64, expire in 0..40_000_i64, today in 0..40_000_i64,
        ) {
            let ageing = Ageing {
                last_change: Some(last_change), maximum: Some(maximum), expire: Some(expire), ..Ageing::default()
            };
            let expired = ageing.status(on_day(today)) == AccountStatus::AccountExpired;
            prop_assert_eq!(expired, today >= expire);
        }
    }
}
