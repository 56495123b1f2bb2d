//! The meaning of the records of a ledger, in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::counted::{AppPasswordId, Counted, RecoverySet, RememberKey};

/// The number of wrong codes in a row without a pause.
const FREE_ATTEMPTS: u64 = 5;

/// The pause after the last free attempt, in milliseconds. Each further attempt doubles it.
const FIRST_PAUSE: u64 = 30_000;

/// The longest pause, in milliseconds. A stranger who knows the password has 24 guesses a day.
const LONGEST_PAUSE: u64 = 3_600_000;

/// Maximum number of remembered logins that a summary keeps.
const MAX_REMEMBERED: usize = 64;

/// Maximum number of app passwords whose last use a summary keeps: as many as a person may have.
const MAX_APP_PASSWORDS: usize = 64;

/// A login that was confirmed and may be remembered. Times are since the machine booted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RememberedLogin {
    /// The time of the confirmation.
    pub confirmed: Duration,
    /// The time of the last use.
    pub used: Duration,
}

/// The state of a person's factors after some record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The latest time step whose code was accepted; no earlier one is accepted any more.
    last_step: Option<u64>,
    recovery_codes: BTreeSet<(RecoverySet, u64)>,
    /// The attempts since the last right code.
    failures: u64,
    /// The end of the pause, in milliseconds since 1970.
    blocked_until: u64,
    /// The latest time at which an attempt was made, in milliseconds since 1970.
    latest: u64,
    remembered: BTreeMap<RememberKey, RememberedLogin>,
    /// The keys of `remembered`, the one used last at the end.
    order: Vec<RememberKey>,
    /// The app passwords that were used, with the time of the last use in milliseconds since 1970.
    app_passwords: BTreeMap<AppPasswordId, u64>,
}

impl History {
    /// Takes the next record, and returns whether it counts: an attempt in a pause does not, nor
    /// does a code that was used before.
    pub fn add(&mut self, counted: Counted) -> bool {
        match counted {
            Counted::Attempt { at } => return self.attempt(at),
            Counted::Code { step } => {
                if self.last_step.is_some_and(|last| step <= last) {
                    return false;
                }
                self.last_step = Some(step);
                self.end_pause();
            }
            Counted::RecoveryCode { set, number } => {
                if !self.recovery_codes.insert((set, number)) {
                    return false;
                }
                self.end_pause();
            }
            Counted::Remembered {
                key,
                confirmed,
                used,
            } => self.remember(key, confirmed, used),
            Counted::Unlocked { at, step } => {
                self.end_pause();
                self.latest = at;
                self.last_step = self.last_step.map(|last| last.min(step));
            }
            Counted::Pause {
                failures,
                blocked_until,
                latest,
            } => {
                self.failures = failures;
                self.blocked_until = blocked_until;
                self.latest = latest;
            }
            Counted::Sealed => return false,
            Counted::Named => {}
            Counted::AppPassword { id, at } => {
                self.app_passwords.insert(id, at);
            }
        }
        true
    }

    /// Returns the latest time step whose code was accepted.
    pub fn last_step(&self) -> Option<u64> {
        self.last_step
    }

    /// Returns whether a recovery code was used.
    pub fn is_recovery_code_used(&self, set: RecoverySet, number: u64) -> bool {
        self.recovery_codes.contains(&(set, number))
    }

    /// Returns the number of attempts since the last right code.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Returns how long no code is verified, if none is verified at `at` (milliseconds since 1970).
    /// A clock that was set back does not count: then the pause goes on from the last attempt.
    pub fn pause_at(&self, at: u64) -> Option<Duration> {
        let left = self.blocked_until.saturating_sub(at.max(self.latest));
        (left > 0).then(|| Duration::from_millis(left))
    }

    /// Returns the login that was confirmed where `key` says.
    pub fn remembered(&self, key: &RememberKey) -> Option<RememberedLogin> {
        self.remembered.get(key).copied()
    }

    /// Returns the time of the last use of an app password, in milliseconds since 1970.
    pub fn last_use(&self, id: AppPasswordId) -> Option<u64> {
        self.app_passwords.get(&id).copied()
    }

    /// Returns records from which a new file can begin: they say the same as all before.
    pub(super) fn summary(&self) -> Vec<Counted> {
        let steps = self.last_step.map(|step| Counted::Code { step });
        let codes = (self.recovery_codes.iter())
            .map(|&(set, number)| Counted::RecoveryCode { set, number });
        // After the codes, each of which would end the pause.
        let pause = Counted::Pause {
            failures: self.failures,
            blocked_until: self.blocked_until,
            latest: self.latest,
        };
        let skipped = self.order.len().saturating_sub(MAX_REMEMBERED);
        let keys = self.order.iter().skip(skipped);
        let remembered = keys.filter_map(|key| {
            let login = self.remembered(key)?;
            Some(Counted::Remembered {
                key: *key,
                confirmed: millis(login.confirmed),
                used: millis(login.used),
            })
        });
        let counted = steps.into_iter().chain(codes).chain([pause]);
        counted
            .chain(remembered)
            .chain(self.uses_of_app_passwords())
            .collect()
    }

    /// Returns the latest uses of app passwords. Those that were revoked are left out some day.
    fn uses_of_app_passwords(&self) -> impl Iterator<Item = Counted> {
        let mut uses: Vec<_> = self.app_passwords.iter().collect();
        uses.sort_by_key(|(_, at)| **at);
        let skipped = uses.len().saturating_sub(MAX_APP_PASSWORDS);
        let uses = uses.into_iter().skip(skipped);
        uses.map(|(&id, &at)| Counted::AppPassword { id, at })
    }

    fn attempt(&mut self, at: u64) -> bool {
        let now = at.max(self.latest);
        if now < self.blocked_until {
            return false;
        }
        self.latest = now;
        self.failures = self.failures.saturating_add(1);
        self.blocked_until = now.saturating_add(pause_after(self.failures));
        true
    }

    fn end_pause(&mut self) {
        self.failures = 0;
        self.blocked_until = 0;
    }

    fn remember(&mut self, key: RememberKey, confirmed: u64, used: u64) {
        let login = RememberedLogin {
            confirmed: Duration::from_millis(confirmed),
            used: Duration::from_millis(used),
        };
        self.remembered.insert(key, login);
        self.order.retain(|other| *other != key);
        self.order.push(key);
    }
}

/// Returns the pause after so many attempts in a row, in milliseconds.
fn pause_after(failures: u64) -> u64 {
    let Some(beyond) = failures.checked_sub(FREE_ATTEMPTS) else {
        return 0;
    };
    let doubled = u32::try_from(beyond)
        .ok()
        .and_then(|n| 1_u64.checked_shl(n));
    let pause = doubled.and_then(|factor| factor.checked_mul(FIRST_PAUSE));
    pause.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

/// Returns a time in milliseconds, as records have it.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
