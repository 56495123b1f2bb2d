//! Passwords and accounts that end.
//!
//! Two sets of rules are about: the shadow* attributes (RFC 2307), which servers store and do not
//! enforce, and the password policy (draft-behera-ldap-password-policy), which they enforce at
//! each bind and tell about in a control.

use std::time::{Duration, SystemTime};

use authchain::config::settings::ldap::{AccountPolicy, Scope};
use authchain::files::passwd_files::ageing::Ageing;
use authchain::words::AccountStatus;

use super::Prepared;
use super::entry::Entry;
use super::person::Person;
use super::session::{Search, Session};
use crate::net::failure::Failure;

mod control;
mod time;

pub(super) use control::{BindError, CONTROL, PolicyAnswer};

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

/// What an administrator's lock has for a time.
const FOR_EVER: &str = "000001010000Z";

/// What must be asked for to judge an account.
pub(super) fn attributes(policy: AccountPolicy) -> impl Iterator<Item = &'static str> {
    let shadow = if policy.heeds_shadow() { SHADOW } else { &[] };
    let ppolicy: &[&str] = match policy.heeds_ppolicy() {
        true => &[LOCKED_TIME, RESET, START_TIME, END_TIME, SUBENTRY],
        false => &[],
    };
    shadow.iter().chain(ppolicy).copied()
}

/// The wall clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the worker where the date is read"
)]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}

/// How long a lock lasts that wrong passwords caused.
pub(super) type LockoutTerms = Option<Duration>;

/// The state of the account at `now`; the worse of what the two sets of rules say.
pub(super) fn status_of(
    entry: &Entry,
    policy: AccountPolicy,
    lockout: LockoutTerms,
    now: SystemTime,
) -> AccountStatus {
    let valid = AccountStatus::Valid { warning: None };
    let shadow = match policy.heeds_shadow() {
        true => shadow_status(entry, now),
        false => valid.clone(),
    };
    let ppolicy = match policy.heeds_ppolicy() {
        true => ppolicy_status(entry, lockout, now),
        false => valid,
    };
    if gravity(&ppolicy) > gravity(&shadow) {
        ppolicy
    } else {
        shadow
    }
}

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

/// The same rules as for /etc/shadow; -1 is how directories write "not set".
fn shadow_status(entry: &Entry, now: SystemTime) -> AccountStatus {
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

fn ppolicy_status(entry: &Entry, lockout: LockoutTerms, now: SystemTime) -> AccountStatus {
    let is_past = |attribute| {
        let end = entry.text(attribute).and_then(time::parse);
        end.is_some_and(|end| end <= now)
    };
    let has_not_begun = entry
        .text(START_TIME)
        .and_then(time::parse)
        .is_some_and(|start| start > now);
    if is_past(END_TIME) {
        AccountStatus::AccountExpired
    } else if has_not_begun {
        AccountStatus::NotPermitted
    } else if is_locked(entry, lockout, now) {
        AccountStatus::Locked
    } else if entry
        .text(RESET)
        .is_some_and(|text| text.eq_ignore_ascii_case("TRUE"))
    {
        AccountStatus::MustChangePassword
    } else {
        AccountStatus::Valid { warning: None }
    }
}

/// Whether the account is locked: by an administrator, or by wrong passwords for a time that is
/// known and not over.
///
/// The lock of wrong passwords stays in the entry when its time is over, until the next login with
/// the right one. Where the policy that says how long it lasts cannot be read, it bars nobody here:
/// it would bar the keys of whomever others guess at for good. Passwords it bars at the bind.
fn is_locked(entry: &Entry, lockout: LockoutTerms, now: SystemTime) -> bool {
    match entry.text(LOCKED_TIME) {
        None => false,
        Some(FOR_EVER) => true,
        Some(text) => {
            let since = time::parse(text);
            let ends = since
                .zip(lockout)
                .map(|(since, lasts)| since.checked_add(lasts));
            // An end beyond what can be expressed is none.
            ends.is_some_and(|end| end.is_none_or(|end| now < end))
        }
    }
}

impl Prepared {
    /// How long a lock lasts, from the policy the entry names, if it is locked at all.
    pub(super) async fn lockout_terms(
        &self,
        session: &mut Session,
        person: &Person,
    ) -> Result<LockoutTerms, Failure> {
        let entry = &person.entry;
        let is_passing = entry.text(LOCKED_TIME).is_some_and(|time| time != FOR_EVER);
        let Some(policy) = entry.text(SUBENTRY).filter(|_| is_passing) else {
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
}

#[cfg(test)]
mod tests;
