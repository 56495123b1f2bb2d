//! How one person stands with a factor.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authchain::factors::totp::TotpEnrolment;
use authchain::files::authenticator::{Authenticator, PendingAuthenticator};
use authchain::files::ledger::{History, LedgerError};
use serde_json::{Value, json};

use crate::clock;
use crate::terminal::{Exit, clean};
use crate::totp::enrolments::{Holder, is_void};

/// How one person stands with a factor.
pub(super) struct PersonStatus<'p> {
    person: &'p Holder,
    pub(super) state: EnrolmentState,
    since: Option<SystemTime>,
    /// The secret's form, if there is a secret.
    form: Option<Form>,
    counted: Counted,
    /// The reason why something is not known.
    fault: Option<String>,
}

/// The state of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnrolmentState {
    NotEnrolled,
    /// The first code is waited for.
    Pending,
    /// The first code did not come in time.
    Void,
    Enrolled,
    /// The file cannot be read.
    Unknown,
}

/// The form of the codes.
struct Form {
    hash: &'static str,
    digits: u32,
}

/// The contents of the ledger.
#[derive(Default)]
struct Counted {
    /// The recovery codes that are left, and all of them.
    recovery_codes: Option<(usize, usize)>,
    failures: u64,
    pause: Option<Duration>,
    /// The beginning of the time for which the last code was shown.
    last_code: Option<SystemTime>,
    /// True if no code is taken because an earlier one is of a time to come.
    clock_was_set_back: bool,
}

impl<'p> PersonStatus<'p> {
    pub(super) fn of(person: &'p Holder) -> Self {
        let mut status = Self {
            person,
            state: EnrolmentState::NotEnrolled,
            since: None,
            form: None,
            counted: Counted::default(),
            fault: None,
        };
        if let Err(fault) = status.look() {
            status.fault = Some(fault);
            if status.state == EnrolmentState::NotEnrolled {
                status.state = EnrolmentState::Unknown;
            }
        }
        status
    }

    fn look(&mut self) -> Result<(), String> {
        let folder = self.person.folder.path();
        if let Some(authenticator) = Authenticator::read(folder).map_err(words)? {
            self.state = EnrolmentState::Enrolled;
            self.since = Authenticator::written(folder).ok();
            self.form = Some(Form::of(&authenticator));
            let history = match self.person.folder.ledger().history() {
                Err(error @ LedgerError::Missing(_)) => {
                    return Err(format!("{error}: nobody gets in"));
                }
                history => history.map_err(words)?,
            };
            self.counted = Counted::of(&history, self.person, authenticator);
        } else if let Some(pending) = PendingAuthenticator::read(folder).map_err(words)? {
            self.state = match is_void(&pending) {
                true => EnrolmentState::Void,
                false => EnrolmentState::Pending,
            };
            self.since = Some(pending.since);
            self.form = Some(Form::of(&pending.authenticator));
        }
        Ok(())
    }

    /// Returns the exit code; only that of a person who was named says whether they are enrolled.
    pub(super) fn exit(&self, is_named: bool) -> Exit {
        match self.state {
            _ if self.fault.is_some() => Exit::Trouble,
            EnrolmentState::Enrolled => Exit::Success,
            _ if is_named => Exit::Negative,
            _ => Exit::Success,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.person.name.as_str()
    }

    /// Returns the line of the table, in which the name has this width.
    pub(super) fn line(&self, width: usize) -> String {
        let since = self.since.map(clock::date_of).unwrap_or_default();
        let form = self.form.as_ref();
        let form = form.map(|form| format!("{}, {} digits", form.hash, form.digits));
        let recovery = self.counted.recovery_codes;
        let recovery = recovery.map(|(left, all)| format!("{left} of {all}"));
        let last_code = self.counted.last_code.map(clock::date_and_time);
        format!(
            "{:<width$}  {:<12}  {since:<10}  {:<16}  {:<8}  {:<20}  {}",
            self.name(),
            self.state.in_words(),
            form.unwrap_or_default(),
            recovery.unwrap_or_default(),
            last_code.unwrap_or_default(),
            clean(&self.remarks().join("; "))
        )
    }

    fn remarks(&self) -> Vec<String> {
        let Counted {
            failures,
            pause,
            clock_was_set_back,
            ..
        } = self.counted;
        let wrong = (failures > 0).then(|| match pause {
            Some(pause) => format!(
                "{failures} wrong codes, {} s of pause left",
                pause.as_secs()
            ),
            None => format!("{failures} wrong codes"),
        });
        let clock = clock_was_set_back
            .then(|| "the last code is of a time to come: see authchain totp unlock".to_owned());
        wrong
            .into_iter()
            .chain(clock)
            .chain(self.fault.clone())
            .collect()
    }

    pub(super) fn json(&self) -> Value {
        let Counted {
            recovery_codes,
            failures,
            pause,
            last_code,
            clock_was_set_back,
        } = &self.counted;
        json!({
            "user": self.name(),
            "state": self.state.in_words().replace(' ', "_"),
            "since": self.since.map(clock::date_and_time),
            "algorithm": self.form.as_ref().map(|form| form.hash),
            "digits": self.form.as_ref().map(|form| form.digits),
            "recovery_codes_left": recovery_codes.map(|(left, _)| left),
            "recovery_codes": recovery_codes.map(|(_, all)| all),
            "failures": failures,
            "pause_seconds": pause.map(|pause| pause.as_secs()),
            "last_code": last_code.map(clock::date_and_time),
            "clock_was_set_back": clock_was_set_back,
            "error": self.fault,
        })
    }
}

impl EnrolmentState {
    fn in_words(self) -> &'static str {
        match self {
            Self::NotEnrolled => "not enrolled",
            Self::Pending => "pending",
            Self::Void => "void",
            Self::Enrolled => "enrolled",
            Self::Unknown => "unknown",
        }
    }
}

impl Form {
    fn of(authenticator: &Authenticator) -> Self {
        Self {
            hash: authenticator.hash.name(),
            digits: authenticator.digits,
        }
    }
}

impl Counted {
    fn of(history: &History, person: &Holder, authenticator: Authenticator) -> Self {
        let (codes, period) = (authenticator.recovery.clone(), authenticator.period);
        let set = codes.set();
        let is_left = |number: &u64| !history.is_recovery_code_used(set, *number);
        let left = codes.places().filter(is_left).count();
        let enrolment = TotpEnrolment::new(person.folder.clone(), authenticator);
        let now = clock::now();
        let next_step = enrolment.step_at(now).saturating_add(1);
        let begin = |step: u64| {
            let seconds = Duration::from_secs(step.saturating_mul(period));
            UNIX_EPOCH.checked_add(seconds)
        };
        let at = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let last_step = history.last_step();
        Self {
            recovery_codes: Some((left, codes.len())),
            failures: history.failures(),
            pause: history.pause_at(u64::try_from(at.as_millis()).unwrap_or(u64::MAX)),
            last_code: last_step.and_then(begin),
            clock_was_set_back: last_step.is_some_and(|last| last > next_step),
        }
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
