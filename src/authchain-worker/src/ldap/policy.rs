//! Passwords and accounts that end.
//!
//! Two sets of rules are about: the shadow* attributes (RFC 2307), which servers store and do not
//! enforce, and the password policy (draft-behera-ldap-password-policy), which they enforce at
//! each bind and tell about in a control.

use std::time::{Duration, SystemTime};

use authchain::config::settings::ldap::{AccountPolicy, Scope};
use authchain::files::passwd_files::ageing::Ageing;
use authchain::words::AccountStatus;

use super::entry::{Entry, Given};
use super::person::Person;
use super::session::{Search, Session};
use crate::net::failure::Failure;

pub(super) mod control;
pub(super) mod time;

const SHADOW: &[&str] = &[
    "shadowLastChange",
    "shadowMax",
    "shadowWarning",
    "shadowInactive",
    "shadowExpire",
];

const LOCKED_TIME: &str = "pwdAccountLockedTime";
const RESET: &str = "pwdReset";
const START_TIME: &str = "pwdStartTime";
const END_TIME: &str = "pwdEndTime";
const SUBENTRY: &str = "pwdPolicySubentry";
const LOCKOUT_DURATION: &str = "pwdLockoutDuration";

/// 389 Directory Server and FreeIPA: an account that was switched off.
const SWITCHED_OFF: &str = "nsAccountLock";
/// 389 Directory Server and FreeIPA: when a lock that wrong passwords caused is over.
const UNLOCK_TIME: &str = "accountUnlockTime";

/// The policy that the server enforces, as far as entries show it.
const PPOLICY: &[&str] = &[
    LOCKED_TIME,
    RESET,
    START_TIME,
    END_TIME,
    SUBENTRY,
    SWITCHED_OFF,
    UNLOCK_TIME,
];

/// What is noted of a lock that bars nobody.
const PASSED_OVER: &str =
    "pwdAccountLockedTime is passed over: no policy that says how long it lasts can be read";

/// The state of an account, and where there is something to be said of it, what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) status: AccountStatus,
    pub(super) why: Option<&'static str>,
}

/// By which rules accounts are judged.
pub(super) struct AccountRules {
    pub(super) policy: AccountPolicy,
    /// Whether a bind asks what the server's own policy says about it.
    pub(super) asks_control: bool,
}

impl AccountRules {
    /// Returns what must be asked for to judge an account.
    pub(super) fn attributes(&self) -> Vec<&'static str> {
        let is_shadow = self.policy.heeds_shadow();
        let is_ppolicy = self.policy.heeds_ppolicy();
        let shadow = if is_shadow { SHADOW } else { &[] };
        let ppolicy = if is_ppolicy { PPOLICY } else { &[] };
        [shadow, ppolicy].concat()
    }

    /// Returns the state of the account at `now`, with what the server has to be asked for besides.
    pub(super) async fn state(
        &self,
        session: &mut Session,
        person: &Person,
        now: SystemTime,
    ) -> Result<State, Failure> {
        let lockout = lockout_terms(session, person).await?;
        Ok(State {
            status: self.status(&person.entry, lockout, now),
            why: self
                .is_passed_over(&person.entry, lockout)
                .then_some(PASSED_OVER),
        })
    }

    /// Returns the state of the account at `now`: the worse of what the two sets of rules say.
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

    /// Returns whether a lock bars nobody because nothing says how long it lasts.
    fn is_passed_over(&self, entry: &Entry, lockout: LockoutTerms) -> bool {
        self.policy.heeds_ppolicy() && has_passing_lock(entry) && lockout.is_none()
    }
}

/// How long a lock lasts that wrong passwords caused.
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

/// Returns the state by the rules of /etc/shadow; -1 is how directories write "not set". An
/// unparsable shadowExpire counts as expired.
fn shadow_status(entry: &Entry, now: SystemTime) -> AccountStatus {
    if entry.given("shadowExpire", |text| text.parse::<i64>().ok()) == Given::Nonsense {
        return AccountStatus::AccountExpired;
    }
    let days = |attribute| entry.number::<i64>(attribute).filter(|days| *days >= 0);
    let ageing = Ageing {
        last_change: days("shadowLastChange"),
        maximum: days("shadowMax"),
        warning: days("shadowWarning"),
        inactive: days("shadowInactive"),
        expire: days("shadowExpire"),
    };
    ageing.status(now)
}

/// Returns the state by the password policy's attributes. Whoever wrote a date meant to keep
/// somebody out at some time: one that cannot be read keeps them out now.
fn ppolicy_status(entry: &Entry, lockout: LockoutTerms, now: i64) -> AccountStatus {
    let has_ended = match entry.given(END_TIME, time::parse) {
        Given::Nothing => false,
        Given::Value(end) => end <= now,
        Given::Nonsense => true,
    };
    let has_not_begun = match entry.given(START_TIME, time::parse) {
        Given::Nothing => false,
        Given::Value(start) => start > now,
        Given::Nonsense => true,
    };
    if has_ended {
        AccountStatus::AccountExpired
    } else if has_not_begun {
        AccountStatus::NotPermitted
    } else if is_locked(entry, lockout, now)
        || is_true(entry, SWITCHED_OFF)
        || is_yet_to_be_unlocked(entry, now)
    {
        AccountStatus::Locked
    } else if is_true(entry, RESET) {
        AccountStatus::MustChangePassword
    } else {
        AccountStatus::Valid { warning: None }
    }
}

fn is_true(entry: &Entry, attribute: &str) -> bool {
    (entry.texts(attribute)).any(|text| text.eq_ignore_ascii_case("TRUE"))
}

/// Returns whether the account is locked: by an administrator, or by wrong passwords for a time
/// that is known and not over.
///
/// The lock of wrong passwords stays in the entry when its time is over, until the next login with
/// the right one. Where the policy that says how long it lasts cannot be read, it bars nobody here:
/// it would bar the keys of whomever others guess at for good. Passwords it bars at the bind.
fn is_locked(entry: &Entry, lockout: LockoutTerms, now: i64) -> bool {
    let since = match lock_of(entry) {
        Lock::None => return false,
        Lock::ForEver => return true,
        Lock::Since(since) => since,
    };
    lockout.is_some_and(|lasts| {
        let lasts = i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX);
        // An end beyond what can be expressed is none.
        since.checked_add(lasts).is_none_or(|end| now < end)
    })
}

/// What pwdAccountLockedTime says.
enum Lock {
    None,
    /// Since then, in seconds since 1970, and for as long as the policy says.
    Since(i64),
    ForEver,
}

/// Reads pwdAccountLockedTime. An administrator's lock has the year 0 for a time, which servers
/// write in more than one way; no wrong password was typed before 1970. What is no time at all
/// locks as well.
fn lock_of(entry: &Entry) -> Lock {
    match entry.given(LOCKED_TIME, time::parse) {
        Given::Nothing => Lock::None,
        Given::Value(since) if since >= 0 => Lock::Since(since),
        Given::Value(_) | Given::Nonsense => Lock::ForEver,
    }
}

/// Returns whether the end of a lock is still to come; 1970 is how 389 Directory Server writes
/// "never".
fn is_yet_to_be_unlocked(entry: &Entry, now: i64) -> bool {
    match entry.given(UNLOCK_TIME, time::parse) {
        Given::Nothing => false,
        Given::Value(end) => end <= 0 || end > now,
        Given::Nonsense => true,
    }
}

/// Returns whether there is a lock that wrong passwords caused, over or not.
pub(super) fn has_passing_lock(entry: &Entry) -> bool {
    matches!(lock_of(entry), Lock::Since(_))
}

/// Returns how long a lock lasts, from the policy the entry names, if it is locked at all.
async fn lockout_terms(session: &mut Session, person: &Person) -> Result<LockoutTerms, Failure> {
    let entry = &person.entry;
    let Some(policy) = entry.text(SUBENTRY).filter(|_| has_passing_lock(entry)) else {
        return Ok(None);
    };
    let search = Search {
        step: "policy search",
        base: policy,
        scope: Scope::Base,
        filter: "(objectClass=*)",
        attributes: &[LOCKOUT_DURATION],
        limit: 1,
    };
    let hits = session.search(search).await?;
    Ok(hits
        .entries
        .first()
        .map(|policy| match policy.number(LOCKOUT_DURATION) {
            // Zero, or not said, is until an administrator ends it.
            Some(0) | None => Duration::MAX,
            Some(seconds) => Duration::from_secs(seconds),
        }))
}

#[cfg(test)]
mod tests;
