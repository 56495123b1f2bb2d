//! Accounts that are locked or over, and passwords that have expired.
//!
//! There are two sets of rules: the shadow* attributes (RFC 2307), which servers store and do not
//! enforce, and the password policy (draft-behera-ldap-password-policy), which they enforce at each
//! bind and report in a control.

use std::time::{Duration, SystemTime};

use authchain::config::settings::ldap::AccountPolicy;
use authchain::files::passwd_files::ageing::Ageing;
use authchain::words::{AccountStatus, number};

use super::entry::{Entry, Single};
use super::person::Person;
use super::session::{Search, Session};
use crate::net::failure::Failure;

pub(super) mod control;
pub(super) mod rules;
pub(super) mod time;

/// The day of the last change of the password.
pub(super) const LAST_CHANGE: &str = "shadowLastChange";

/// The number of days for which a password cannot be changed again.
const MINIMUM: &str = "shadowMin";

const SHADOW: &[&str] = &[
    LAST_CHANGE,
    MINIMUM,
    "shadowMax",
    "shadowWarning",
    "shadowInactive",
    "shadowExpire",
];

pub(super) const LOCKED_TIME: &str = "pwdAccountLockedTime";
const RESET: &str = "pwdReset";
const START_TIME: &str = "pwdStartTime";
const END_TIME: &str = "pwdEndTime";
pub(super) const SUBENTRY: &str = "pwdPolicySubentry";
const LOCKOUT_DURATION: &str = "pwdLockoutDuration";

/// 389 Directory Server and FreeIPA: an account that was switched off.
const SWITCHED_OFF: &str = "nsAccountLock";
/// 389 Directory Server and FreeIPA: when a lock that wrong passwords caused is over.
const UNLOCK_TIME: &str = "accountUnlockTime";

/// 389 Directory Server: when the password expires; 1970 after somebody else has set it and it must
/// be changed.
const PASSWORD_END: &str = "passwordExpirationTime";

/// The attributes of the policy that the server enforces.
const PPOLICY: &[&str] = &[
    LOCKED_TIME,
    RESET,
    START_TIME,
    END_TIME,
    SUBENTRY,
    SWITCHED_OFF,
    UNLOCK_TIME,
    PASSWORD_END,
];

/// The note on a lock that bars nobody.
const PASSED_OVER: &str =
    "pwdAccountLockedTime is passed over: no policy that says how long it lasts can be read";

/// The state of an account, and what is to be logged about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) status: AccountStatus,
    pub(super) why: Option<&'static str>,
}

/// The rules by which accounts are judged.
pub(super) struct AccountRules {
    pub(super) policy: AccountPolicy,
    /// True if a bind asks for the control of the password policy.
    pub(super) asks_control: bool,
}

impl AccountRules {
    /// Returns the attributes by which an account is judged.
    pub(super) fn attributes(&self) -> Vec<&'static str> {
        let is_shadow = self.policy.heeds_shadow();
        let is_ppolicy = self.policy.heeds_ppolicy();
        let shadow = if is_shadow { SHADOW } else { &[] };
        let ppolicy = if is_ppolicy { PPOLICY } else { &[] };
        [shadow, ppolicy].concat()
    }

    /// Returns the state of the account at `now`. Asks the server for the policy of an account that
    /// is locked.
    pub(super) async fn state(
        &self,
        session: &mut Session,
        person: &Person,
        now: SystemTime,
    ) -> Result<State, Failure> {
        let lockout = lockout_terms(session, person).await?;
        let entry = &person.entry;
        let is_passed_over = self.is_passed_over(entry, lockout);
        Ok(State {
            status: self.status(entry, lockout, now),
            why: is_passed_over.then_some(PASSED_OVER),
        })
    }

    /// Returns the state of the account at `now`: the graver one by the two sets of rules.
    pub(super) fn status(
        &self,
        entry: &Entry,
        lockout: LockoutTerms,
        now: SystemTime,
    ) -> AccountStatus {
        let valid = AccountStatus::Valid { warning: None };
        let shadow = match self.policy.heeds_shadow() {
            true => shadow_status(entry, now),
            false => valid.clone(),
        };
        let ppolicy = match self.policy.heeds_ppolicy() {
            true => ppolicy_status(entry, lockout, time::seconds(now)),
            false => valid,
        };
        if gravity(&ppolicy) > gravity(&shadow) {
            ppolicy
        } else {
            shadow
        }
    }

    /// Returns the number of days for which the owner of a valid password may not yet change it
    /// (shadowMin); `None` if it may be changed. Servers do not check this.
    pub(super) fn days_until_change(&self, entry: &Entry, now: SystemTime) -> Option<i64> {
        let is_heeded = self.policy.heeds_shadow();
        is_heeded.then(|| ageing(entry).days_until_change(now))?
    }

    /// Returns whether a lock bars nobody because its duration cannot be read.
    fn is_passed_over(&self, entry: &Entry, lockout: LockoutTerms) -> bool {
        self.policy.heeds_ppolicy() && has_passing_lock(entry) && lockout.is_none()
    }
}

/// The lockout duration of a policy (pwdLockoutDuration), where it can be read.
pub(super) type LockoutTerms = Option<Duration>;

fn gravity(status: &AccountStatus) -> u8 {
    match status {
        AccountStatus::Valid { warning: None } => 0,
        AccountStatus::Valid { warning: Some(_) } => 1,
        AccountStatus::MustChangePassword => 2,
        AccountStatus::PasswordExpired => 3,
        AccountStatus::Locked => 4,
        AccountStatus::AccountExpired => 5,
        AccountStatus::NotPermitted => 6,
    }
}

/// Returns the state by the rules of shadow(5); directories write -1 for "not set". A malformed
/// shadowExpire counts as expired.
fn shadow_status(entry: &Entry, now: SystemTime) -> AccountStatus {
    if entry.single("shadowExpire", |text| number::<i64>(text.as_bytes())) == Single::Invalid {
        return AccountStatus::AccountExpired;
    }
    ageing(entry).status(now)
}

fn ageing(entry: &Entry) -> Ageing {
    let days = |attribute| entry.number::<i64>(attribute).filter(|days| *days >= 0);
    Ageing {
        last_change: days(LAST_CHANGE),
        minimum: days(MINIMUM),
        maximum: days("shadowMax"),
        warning: days("shadowWarning"),
        inactive: days("shadowInactive"),
        expire: days("shadowExpire"),
    }
}

/// Returns the state by the attributes of the password policy.
fn ppolicy_status(entry: &Entry, lockout: LockoutTerms, now: i64) -> AccountStatus {
    if bars(entry, END_TIME, |end| end <= now) {
        AccountStatus::AccountExpired
    } else if bars(entry, START_TIME, |start| start > now) {
        AccountStatus::NotPermitted
    } else if is_locked(entry, lockout, now)
        || is_true(entry, SWITCHED_OFF)
        // 389 Directory Server writes 1970 for "never".
        || bars(entry, UNLOCK_TIME, |end| end <= 0 || end > now)
    {
        AccountStatus::Locked
    } else if is_true(entry, RESET) || bars(entry, PASSWORD_END, |end| end <= 0) {
        AccountStatus::MustChangePassword
    } else {
        AccountStatus::Valid { warning: None }
    }
}

/// Returns whether the time in `attribute` bars the account, by `is_barring`. A malformed time
/// does: it was meant to keep somebody out at some time.
fn bars(entry: &Entry, attribute: &str, is_barring: impl FnOnce(i64) -> bool) -> bool {
    match entry.single(attribute, time::parse) {
        Single::Absent => false,
        Single::Value(time) => is_barring(time),
        Single::Invalid => true,
    }
}

fn is_true(entry: &Entry, attribute: &str) -> bool {
    (entry.texts(attribute)).any(|text| text.eq_ignore_ascii_case("TRUE"))
}

/// Returns whether the account is locked: by an administrator, or by wrong passwords for a time
/// that is known and not over.
///
/// A lock that wrong passwords caused stays in the entry when its time is over, until the next
/// login with the right one. Where the policy with its duration cannot be read, it does not bar the
/// account here: guessing passwords would bar the ssh keys of the guessed-at person for ever. The
/// bind still refuses the password.
fn is_locked(entry: &Entry, lockout: LockoutTerms, now: i64) -> bool {
    let since = match lock_of(entry) {
        Lock::None => return false,
        Lock::ForEver => return true,
        Lock::Since(since) => since,
    };
    lockout.is_some_and(|lasts| {
        let lasts = i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX);
        // An end too late to be expressed never comes.
        since.checked_add(lasts).is_none_or(|end| now < end)
    })
}

/// The lock in pwdAccountLockedTime.
enum Lock {
    None,
    /// Since this time, in seconds since 1970, and for as long as the policy says.
    Since(i64),
    ForEver,
}

/// Reads pwdAccountLockedTime. A lock by an administrator has a time in the year 0, which servers
/// write in more than one way; no wrong password was typed before 1970. A malformed time is a lock
/// for ever.
fn lock_of(entry: &Entry) -> Lock {
    match entry.single(LOCKED_TIME, time::parse) {
        Single::Absent => Lock::None,
        Single::Value(since) if since >= 0 => Lock::Since(since),
        Single::Value(_) | Single::Invalid => Lock::ForEver,
    }
}

/// Returns whether wrong passwords have caused a lock, over or not.
pub(super) fn has_passing_lock(entry: &Entry) -> bool {
    matches!(lock_of(entry), Lock::Since(_))
}

/// Returns the lockout duration of the policy that a locked entry names.
async fn lockout_terms(session: &mut Session, person: &Person) -> Result<LockoutTerms, Failure> {
    let entry = &person.entry;
    let Some(policy) = entry.text(SUBENTRY).filter(|_| has_passing_lock(entry)) else {
        return Ok(None);
    };
    let step = "policy search";
    let search = Search::entry(step, policy, &[LOCKOUT_DURATION]);
    let hits = session.search(search).await?;
    match (hits.entries.first(), hits.gap()) {
        (Some(policy), _) => Ok(Some(match policy.number(LOCKOUT_DURATION) {
            // Zero, or no duration, is until an administrator ends the lock.
            Some(0) | None => Duration::MAX,
            Some(seconds) => Duration::from_secs(seconds),
        })),
        (None, Some(why)) if hits.cut.is_some() => Err(Failure::trouble(step, why)),
        (None, _) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
