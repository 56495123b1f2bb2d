//! An answer is counted, verified, and claimed.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::factors::factor::{Confirmation, Confirming, Enrolment, EnrolmentNumber};
use crate::files::authenticator::Authenticator;
use crate::files::factor_folder::FactorFolder;
use crate::files::ledger::{Counted, Durability, History, LedgerError, OpenLedger};
use crate::words::{BackendError, Secret, number};

/// The question for a code.
pub(super) const PROMPT: &str = "Verification code: ";

/// The time steps before and after the present one whose codes are taken, for clocks that differ
/// and people who type slowly (RFC 6238, section 5.2).
const WINDOW: u64 = 1;

/// The time steps in which a wrong code is looked for, so that the log can tell of a wrong clock.
const DRIFT: u64 = 20;

/// One person's authenticator, and the ledger of its codes.
pub struct TotpEnrolment {
    folder: FactorFolder,
    authenticator: Authenticator,
}

impl TotpEnrolment {
    /// Takes the authenticator that is in the person's folder.
    pub fn new(folder: FactorFolder, authenticator: Authenticator) -> Self {
        Self {
            folder,
            authenticator,
        }
    }

    /// Verifies an answer. Counts the attempt before anything is verified, so that nobody who stops
    /// or kills this process guesses for free.
    ///
    /// # Errors
    /// As [`Enrolment::confirm`].
    pub fn verify(&self, answer: &Secret, now: SystemTime) -> Result<Confirmation, BackendError> {
        let at = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        let mut ledger = self.folder.ledger().open()?;
        let history = ledger.history()?;
        if let Some(pause) = history.pause_at(at) {
            return refused(too_many(history.failures(), pause));
        }
        let (history, counts) = ledger.count(Counted::Attempt { at }, Durability::Kept)?;
        if !counts {
            let pause = history.pause_at(at).unwrap_or_default();
            return refused(too_many(history.failures(), pause));
        }
        // The administrator may have taken the app from the person while the code was typed.
        let present = Authenticator::read(self.folder.path())?;
        if present.is_none_or(|present| present.number() != self.number()) {
            return refused("the enrolment has just been changed".to_owned());
        }
        match self.authenticator.recovery.place_of(answer.expose()) {
            Some(place) => self.verify_recovery_code(place, &mut ledger),
            None => self.verify_code(&without_blanks(answer), &mut ledger, &history, now),
        }
    }

    /// Returns the time step whose code was typed, if it is one of those that are taken at `now`.
    pub fn step_of(&self, typed: &[u8], now: SystemTime) -> Option<u64> {
        self.step_within(WINDOW, typed, self.step_at(now))
    }

    /// Returns the time step at `now`.
    pub fn step_at(&self, now: SystemTime) -> u64 {
        let time = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        time.as_secs()
            .checked_div(self.authenticator.period)
            .unwrap_or_default()
    }

    /// Claims the code of a time step, and returns whether nobody has used it or a later one.
    ///
    /// # Errors
    /// When the claim may not be on the disk.
    pub fn claim(&self, step: u64) -> Result<bool, LedgerError> {
        claim_in(&mut self.folder.ledger().open()?, step)
    }

    /// Writes the authenticator, unless there is one, and returns whether it was written.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_new(&self) -> io::Result<bool> {
        self.authenticator.write_new(self.folder.path())
    }

    fn step_within(&self, window: u64, typed: &[u8], middle: u64) -> Option<u64> {
        let digits = usize::try_from(self.authenticator.digits).ok()?;
        let typed: u32 = number(typed).filter(|_| typed.len() == digits)?;
        let modulus = 10_u32.checked_pow(self.authenticator.digits)?;
        let steps = middle.saturating_sub(window)..=middle.saturating_add(window);
        // Every code is computed and compared, so that the time does not tell which one it was.
        steps.fold(None, |found, step| {
            let secret = self.authenticator.secret.expose();
            let code = self.authenticator.hash.code(secret, step);
            let is_it = code.and_then(|code| code.checked_rem(modulus)) == Some(typed);
            if is_it { Some(step) } else { found }
        })
    }

    fn verify_code(
        &self,
        typed: &[u8],
        ledger: &mut OpenLedger,
        history: &History,
        now: SystemTime,
    ) -> Result<Confirmation, BackendError> {
        let present = self.step_at(now);
        let ahead = history.last_step().and_then(|last| {
            last.checked_sub(present.saturating_add(WINDOW))
                .filter(|ahead| *ahead > 0)
        });
        if let Some(ahead) = ahead {
            let back = in_words(self.seconds(ahead));
            return refused(format!(
                "the clock was set back, by {back} or more since the last code"
            ));
        }
        let Some(step) = self.step_of(typed, now) else {
            return refused(self.about_wrong_code(typed, present));
        };
        match claim_in(ledger, step)? {
            true => Ok(Confirmation::Confirmed(None)),
            false => refused("the code was used before".to_owned()),
        }
    }

    fn verify_recovery_code(
        &self,
        number: u64,
        ledger: &mut OpenLedger,
    ) -> Result<Confirmation, BackendError> {
        let codes = &self.authenticator.recovery;
        let set = codes.set();
        let claim = Counted::RecoveryCode { set, number };
        let (history, counts) = ledger.count(claim, Durability::Durable)?;
        if !counts {
            return refused("the recovery code was used before".to_owned());
        }
        let is_left = |number: &u64| !history.is_recovery_code_used(set, *number);
        let left = codes.places().filter(is_left).count();
        Ok(Confirmation::Confirmed(Some(format!(
            "by a recovery code, {left} left"
        ))))
    }

    /// Returns why a code is wrong: it may be right at another time.
    fn about_wrong_code(&self, typed: &[u8], present: u64) -> String {
        let Some(step) = self.step_within(DRIFT, typed, present) else {
            return "wrong code".to_owned();
        };
        let (distance, which) = match step.checked_sub(present) {
            Some(ahead) => (ahead, "to come"),
            None => (present.saturating_sub(step), "ago"),
        };
        let distance = in_words(self.seconds(distance));
        format!("wrong code: it is that of {distance} {which}, so look at the clocks")
    }

    fn seconds(&self, steps: u64) -> Duration {
        Duration::from_secs(steps.saturating_mul(self.authenticator.period))
    }
}

impl Enrolment for TotpEnrolment {
    fn number(&self) -> EnrolmentNumber {
        self.authenticator.number()
    }

    fn split(&self, password: &Secret) -> Option<(Secret, Secret)> {
        let digits = usize::try_from(self.authenticator.digits).ok()?;
        let password = password.expose();
        let (rest, code) = password.split_at_checked(password.len().checked_sub(digits)?)?;
        let is_code = code.iter().all(u8::is_ascii_digit);
        (is_code && !rest.is_empty())
            .then(|| (Secret::new(rest.to_vec()), Secret::new(code.to_vec())))
    }

    fn confirm(&self, confirming: Confirming<'_>) -> Result<Confirmation, BackendError> {
        match confirming.answer {
            Some(answer) => self.verify(answer, confirming.context.wall_clock()),
            None => refused("no code was typed".to_owned()),
        }
    }
}

/// Claims the code of a time step, and returns whether it counts.
fn claim_in(ledger: &mut OpenLedger, step: u64) -> Result<bool, LedgerError> {
    let (_, counts) = ledger.count(Counted::Code { step }, Durability::Durable)?;
    Ok(counts)
}

fn refused(why: String) -> Result<Confirmation, BackendError> {
    Ok(Confirmation::Refused(why))
}

fn too_many(attempts: u64, pause: Duration) -> String {
    let pause = in_words(pause);
    format!("{attempts} wrong codes in a row, so none is verified for {pause}")
}

/// Returns a code without the blanks with which apps show it.
fn without_blanks(answer: &Secret) -> zeroize::Zeroizing<Vec<u8>> {
    let digits = answer.expose().iter().filter(|byte| **byte != b' ');
    zeroize::Zeroizing::new(digits.copied().collect())
}

/// Writes a duration for the log, rounded up to a second or to a minute.
fn in_words(time: Duration) -> String {
    match time.as_millis().div_ceil(1000) {
        seconds @ 0..=90 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}
