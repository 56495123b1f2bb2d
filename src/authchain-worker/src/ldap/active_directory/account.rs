//! The state of an account by its entry.
//!
//! A domain controller decides all of this again when a password is tried. Where none is tried, as
//! with ssh keys, `sudo` and cron, only the entry tells.

use std::time::SystemTime;

use authchain::files::passwd_files::ageing::warning;
use authchain::words::{AccountStatus, number};

use super::super::entry::{Entry, Single, hidden};
use super::super::policy::State;
use super::super::policy::time::seconds;
use super::domain::Domain;
use super::limits::{HOURS, WORKSTATIONS, is_for_workstation, is_within_hours};
use crate::net::failure::Failure;

/// The flags an administrator sets (MS-ADTS 2.2.16).
pub(in crate::ldap) const CONTROL: &str = "userAccountControl";
/// The flags the domain controller works out: locked, password expired (MS-ADTS 3.1.1.4.5.17).
const COMPUTED: &str = "msDS-User-Account-Control-Computed";
/// The attribute with the moment at which the password expires, by the policy that applies to the
/// account (MS-ADTS 3.1.1.4.5.36).
const PASSWORD_END: &str = "msDS-UserPasswordExpiryTimeComputed";
const ACCOUNT_END: &str = "accountExpires";

/// The attributes by which an account is judged.
pub(in crate::ldap) const ATTRIBUTES: &[&str] = &[
    CONTROL,
    COMPUTED,
    PASSWORD_END,
    ACCOUNT_END,
    HOURS,
    WORKSTATIONS,
];

/// The attributes without which an account is not judged. Every account has them: one that never
/// expires has a time that means "never" (MS-SAMR 3.1.1.8.1).
pub(in crate::ldap) const NEEDED: &[&str] = &[CONTROL, COMPUTED, ACCOUNT_END];

/// An attribute that most accounts have, while few have logon hours or workstations. The three are
/// in one property set (`User-Logon`), so a client that sees this one would see the others.
pub(in crate::ldap) const BESIDE_HOURS: &str = "logonCount";

const DISABLED: i64 = 0x2;
const LOCKED: i64 = 0x10;
const SMARTCARD_REQUIRED: i64 = 0x4_0000;
const PASSWORD_EXPIRED: i64 = 0x80_0000;

const DAY: i64 = 24 * 60 * 60;

/// Returns the flags of an account with the one that disables it set or cleared.
pub(in crate::ldap) fn with_disabled(flags: i64, is_disabled: bool) -> i64 {
    match is_disabled {
        true => flags | DISABLED,
        false => flags & !DISABLED,
    }
}

/// The refusal of a person for whom a password is not enough.
pub(in crate::ldap) const SMART_CARD: &str = "the domain wants a smart card of this person";

impl Domain {
    /// Returns the state of the account at `now`.
    ///
    /// # Errors
    /// When the entry does not show an attribute on which the state depends.
    pub(in crate::ldap) fn state(&self, entry: &Entry, now: SystemTime) -> Result<State, Failure> {
        use AccountStatus::{AccountExpired, Locked, MustChangePassword, NotPermitted};
        let now = seconds(now);
        let control = flags(entry, CONTROL)?;
        let computed = flags(entry, COMPUTED)?;
        let (status, why) = if control & DISABLED != 0 {
            (NotPermitted, "the account is disabled")
        } else if is_over(entry, now)? {
            (AccountExpired, "the account has expired")
        } else if computed & LOCKED != 0 {
            (Locked, "the account is locked")
        } else if !is_within_hours(entry, now) {
            (NotPermitted, "not within the account's logon hours")
        } else if !is_for_workstation(entry, &self.workstation) {
            let why = "the account may be used from other workstations only";
            (NotPermitted, why)
        } else if computed & PASSWORD_EXPIRED != 0 {
            let why = "the password has expired, or must be changed first";
            (MustChangePassword, why)
        } else {
            let warning = self.days_left(entry, now).map(warning);
            let status = AccountStatus::Valid { warning };
            return Ok(State { status, why: None });
        };
        let why = Some(why);
        Ok(State { status, why })
    }

    /// Returns the days until the password expires, if the person is to be warned.
    fn days_left(&self, entry: &Entry, now: i64) -> Option<i64> {
        let Single::Value(end) = entry.single(PASSWORD_END, time) else {
            return None;
        };
        let left = end?.checked_sub(now)?;
        let warned = self.settings.password_warning.duration().as_secs();
        let is_near = u64::try_from(left).is_ok_and(|left| left < warned);
        is_near.then(|| left.checked_div(DAY))?
    }
}

/// Returns whether the account may be used with a smart card only. A password is refused then, even
/// if the domain controller takes it.
pub(in crate::ldap) fn wants_smart_card(entry: &Entry) -> bool {
    flags(entry, CONTROL).is_ok_and(|flags| flags & SMARTCARD_REQUIRED != 0)
}

/// Reads flags, which are written as a number that may be negative. Without them the account might
/// be a disabled one, so that their absence is an error.
fn flags(entry: &Entry, attribute: &'static str) -> Result<i64, Failure> {
    match entry.single(attribute, |text| number(text.as_bytes())) {
        Single::Value(flags) => Ok(flags),
        Single::Absent | Single::Invalid => Err(hidden("search", &entry.dn, attribute)),
    }
}

/// Returns whether accountExpires has passed; a value that cannot be read counts as passed.
fn is_over(entry: &Entry, now: i64) -> Result<bool, Failure> {
    match entry.single(ACCOUNT_END, time) {
        Single::Absent => Err(hidden("search", &entry.dn, ACCOUNT_END)),
        Single::Value(end) => Ok(end.is_some_and(|end| end <= now)),
        Single::Invalid => Ok(true),
    }
}

/// Returns the seconds since 1970 of a FILETIME, in tenths of microseconds since 1601 (MS-DTYP
/// 2.3.3); `Some(None)` for the two values that mean "never".
fn time(text: &str) -> Option<Option<i64>> {
    let ticks: i64 = number(text.as_bytes())?;
    let seconds = ticks.checked_div(10_000_000)?.checked_sub(11_644_473_600)?;
    Some((ticks != 0 && ticks != i64::MAX).then_some(seconds))
}

#[cfg(test)]
mod tests {
    use super::super::groups::DomainGroups;
    use super::*;
    use authchain::config::settings::active_directory::ActiveDirectorySettings;
    use authchain::config::settings::ldap::dn::Dn;
    use proptest::prelude::*;
    use std::time::{Duration, UNIX_EPOCH};

    /// 21:30 on Saturday, 21 November 2026, UTC.
    const NOW: i64 = 1_795_296_600;

    fn domain() -> Domain {
        Domain {
            settings: ActiveDirectorySettings::default(),
            root: Dn::default(),
            groups: DomainGroups::new(&Dn::default(), &[]),
            workstation: "terminal-of-alice".to_owned(),
        }
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs())
    }

    fn entry(more: &[(&str, &str)]) -> Entry {
        let usual = [(CONTROL, "512"), (COMPUTED, "0"), (ACCOUNT_END, "0")];
        let usual = usual
            .iter()
            .filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let all: Vec<_> = usual.chain(more).copied().collect();
        Entry::made_of("CN=alice", &all)
    }

    fn status(more: &[(&str, &str)]) -> AccountStatus {
        domain().state(&entry(more), now()).unwrap().status
    }

    fn ticks(seconds: i64) -> String {
        ((seconds + 11_644_473_600) * 10_000_000).to_string()
    }

    const VALID: AccountStatus = AccountStatus::Valid { warning: None };

    #[test]
    fn flags_decide_and_the_gravest_is_told() {
        assert_eq!(status(&[]), VALID);
        for (control, computed, expected) in [
            ("514", "0", AccountStatus::NotPermitted),
            ("-2147483134", "16", AccountStatus::NotPermitted),
            ("512", "16", AccountStatus::Locked),
            ("512", "8388624", AccountStatus::Locked),
            ("512", "8388608", AccountStatus::MustChangePassword),
            ("66048", "0", VALID),
            ("262656", "0", VALID),
        ] {
            let found = status(&[(CONTROL, control), (COMPUTED, computed)]);
            assert_eq!(found, expected, "{control} {computed}");
        }
        assert!(wants_smart_card(&entry(&[(CONTROL, "262656")])));
        assert!(!wants_smart_card(&entry(&[])));
    }

    #[test]
    fn an_account_whose_flags_or_end_are_hidden_is_not_judged() {
        for missing in NEEDED {
            let others = [(CONTROL, "512"), (COMPUTED, "0"), (ACCOUNT_END, "0")];
            let others: Vec<_> = others
                .into_iter()
                .filter(|(name, _)| name != missing)
                .collect();
            let failure = domain()
                .state(&Entry::made_of("CN=a", &others), now())
                .unwrap_err();
            assert!(failure.text.contains(missing), "{failure}");
        }
        for odd in ["x", "+512"] {
            assert!(domain().state(&entry(&[(CONTROL, odd)]), now()).is_err());
        }
    }

    #[test]
    fn an_account_ends_when_its_date_has_come_and_two_dates_never_come() {
        let ended = AccountStatus::AccountExpired;
        for (end, expected) in [
            ("0", VALID),
            ("9223372036854775807", VALID),
            (&*ticks(NOW + 1), VALID),
            (&*ticks(NOW), ended.clone()),
            ("1", ended.clone()),
            ("-1", ended.clone()),
            ("+0", ended.clone()),
            ("soon", ended),
        ] {
            assert_eq!(status(&[(ACCOUNT_END, end)]), expected, "{end}");
        }
    }

    #[test]
    fn a_password_that_ends_soon_is_warned_about() {
        for (left, expected) in [
            (DAY - 1, Some("Your password will expire today.")),
            (DAY, Some("Your password will expire in 1 day.")),
            (14 * DAY - 1, Some("Your password will expire in 13 days.")),
            (14 * DAY, None),
            (-1, None),
        ] {
            let warning = expected.map(str::to_owned);
            let found = status(&[(PASSWORD_END, &ticks(NOW + left))]);
            assert_eq!(found, AccountStatus::Valid { warning }, "{left}");
        }
        assert_eq!(status(&[(PASSWORD_END, "9223372036854775807")]), VALID);
        assert_eq!(status(&[(PASSWORD_END, "soon")]), VALID);
    }

    proptest! {
        #[test]
        fn no_entry_makes_it_panic(
            values in proptest::collection::vec(".{0,24}", 6),
            hours in proptest::collection::vec(any::<u8>(), 0..24),
            now in any::<i64>(),
        ) {
            let pairs: Vec<_> = ATTRIBUTES.iter().zip(&values).map(|(a, b)| (*a, b.as_str())).collect();
            let mut entry = Entry::made_of("CN=x", &pairs);
            entry.add(HOURS, &hours);
            let _ = is_within_hours(&entry, now);
            let _ = domain().state(&entry, UNIX_EPOCH);
        }

        #[test]
        fn every_number_is_a_time_or_none(ticks in any::<i64>()) {
            let _ = time(&ticks.to_string());
        }
    }
}
