//! The second factors of a configuration, and which of them a person is asked for.

use std::path::PathBuf;

use super::decision::{Accepted, Outcome};
use crate::config::rules::Demand;
use crate::config::settings::{Enrol, NotEnrolled};
use crate::factors::remember::RememberedPlace;
use crate::factors::{Enrolment, Factor};
use crate::files::factor_folder::FactorFolder;
use crate::tools::request::Context;
use crate::tools::session::{SessionName, session_name};
use crate::words::{BackendError, Denial, DenialReason, Secret, Username};

/// The second factors of a configuration.
pub struct Factors {
    /// The factors, which demands name.
    pub all: Vec<Box<dyn Factor>>,
    /// The folder with the people's ledgers.
    pub state_dir: PathBuf,
    /// The name of this process's session.
    pub session: SessionName,
}

impl Default for Factors {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            state_dir: PathBuf::new(),
            session: session_name,
        }
    }
}

/// The factor that a person is asked for.
pub(super) enum Wanted<'f> {
    /// None, for this reason, which is for the log.
    None(&'static str),
    /// None: a login was confirmed here a while ago.
    Remembered,
    /// One in which the person is not enrolled.
    NotEnrolled(&'f dyn Factor),
    /// One in which the person is enrolled.
    Enrolled(&'f dyn Factor, Box<dyn Enrolment>),
}

impl Factors {
    /// Returns the factor that a person of these names is asked for. Whether the password was right
    /// does not count.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub(super) fn wanted(
        &self,
        demand: &Demand,
        names: &[Username],
        place: Option<&RememberedPlace>,
        context: &Context<'_>,
    ) -> Result<Wanted<'_>, BackendError> {
        let now = (context.deadline.clock())();
        if let Some(place) = place {
            if place.is_remembered(now)? {
                return Ok(Wanted::Remembered);
            }
        }
        let mut first = None;
        for name in &demand.factors {
            let factor = self.named(name)?;
            if let Some(enrolment) = enrolment(factor, names)? {
                return Ok(Wanted::Enrolled(factor, enrolment));
            }
            first.get_or_insert(factor);
        }
        match (first, demand.not_enrolled) {
            (None, _) => Ok(Wanted::None("none is demanded")),
            (Some(_), NotEnrolled::Skip) if demand.enrol == Enrol::Root => {
                Ok(Wanted::None("not enrolled"))
            }
            (Some(factor), _) => Ok(Wanted::NotEnrolled(factor)),
        }
    }

    /// Returns the password and the code behind it, if the person is enrolled in the factor that is
    /// asked for. An error shows when the factor is asked.
    pub(super) fn split(
        &self,
        demand: &Demand,
        user: &Username,
        password: &Secret,
    ) -> Option<(Secret, Secret)> {
        let names = [user.clone()];
        let mut factors = demand
            .factors
            .iter()
            .filter_map(|name| self.named(name).ok());
        factors.find_map(|factor| enrolment(factor, &names).ok()??.split(password))
    }

    /// Returns the place where the login is remembered, if the demand has one and the session can
    /// be told from others.
    pub(super) fn place(
        &self,
        demand: &Demand,
        user: &Username,
        context: &Context<'_>,
    ) -> Option<RememberedPlace> {
        let limits = demand.remember?;
        let session = (self.session)()?;
        let ledger = FactorFolder::of(&self.state_dir, user).ledger();
        RememberedPlace::new(ledger, limits, user, context, &session, &demand.factors)
    }

    fn named(&self, name: &str) -> Result<&dyn Factor, BackendError> {
        let factor = self.all.iter().find(|factor| factor.name() == name);
        let missing = || BackendError::Failed(format!("there is no second factor {name}"));
        Ok(factor.ok_or_else(missing)?.as_ref())
    }
}

/// Returns the person's enrolment in a factor.
///
/// # Errors
/// When it cannot be found out, or two names of the person are enrolled: then nobody can say whose
/// code is meant.
fn enrolment(
    factor: &dyn Factor,
    names: &[Username],
) -> Result<Option<Box<dyn Enrolment>>, BackendError> {
    let mut found = None;
    for name in names {
        match (factor.enrolment(name)?, &found) {
            (None, _) => {}
            (Some(enrolment), None) => found = Some(enrolment),
            (Some(_), Some(_)) => {
                let why = format!("two names of the person are enrolled in {}", factor.name());
                return Err(BackendError::Unavailable(why));
            }
        }
    }
    Ok(found)
}

/// Returns the outcome for somebody whom a factor has not confirmed.
pub(super) fn not_confirmed() -> Outcome<Accepted> {
    Outcome::Denied(Denial::from(DenialReason::NotConfirmed))
}
