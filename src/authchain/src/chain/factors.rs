//! The second factors of a configuration, and which of them a person is asked for.

use std::path::PathBuf;

use crate::backends::Backend;
use crate::config::rules::Demand;
use crate::config::settings::{CodeEntry, Enrol, NotEnrolled};
use crate::factors::remember::RememberedPlace;
use crate::factors::{Enrolment, Factor};
use crate::files::factor_folder::FactorFolder;
use crate::tools::request::Context;
use crate::tools::session::{SessionName, session_name};
use crate::words::{BackendError, Secret, User, Username, bare};

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
        names: &PersonNames,
    ) -> Result<Wanted<'_>, BackendError> {
        let mut first = None;
        for name in &demand.factors {
            let factor = self.named(name)?;
            if let Some(enrolment) = names.enrolment(factor)? {
                return Ok(Wanted::Enrolled(factor, enrolment));
            }
            first.get_or_insert(factor);
        }
        let may_enrol = demand.enrol == Enrol::Oneself && demand.code == CodeEntry::Asked;
        match (first, demand.not_enrolled) {
            (None, _) => Ok(Wanted::None("none is demanded")),
            (Some(_), NotEnrolled::Skip) if !may_enrol => Ok(Wanted::None("not enrolled")),
            (Some(factor), _) => Ok(Wanted::NotEnrolled(factor)),
        }
    }

    /// Returns the factor that everybody who types this name is asked for, whatever the password;
    /// `None` where nobody is asked, or it cannot be found out. An error shows later.
    pub(super) fn asked_for(
        &self,
        demand: &Demand,
        names: &PersonNames,
        context: &Context<'_>,
    ) -> Option<&dyn Factor> {
        if demand.is_empty() || demand.code == CodeEntry::Appended {
            return None;
        }
        match self.wanted(demand, names).ok()? {
            Wanted::None(_) => None,
            Wanted::NotEnrolled(factor) => Some(factor),
            Wanted::Enrolled(factor, enrolment) => {
                let place = self.place(demand, &names.typed, enrolment.as_ref(), context);
                let is_remembered = is_remembered(place.as_ref(), context) == Ok(true);
                (!is_remembered).then_some(factor)
            }
        }
    }

    /// Returns whether a person of this name is enrolled in the factor that is asked for.
    pub(super) fn is_enrolled(&self, demand: &Demand, names: &PersonNames) -> bool {
        let wanted = self.wanted(demand, names);
        matches!(wanted, Ok(Wanted::Enrolled(..)))
    }

    /// Returns the password and the code behind it, by the first factor in which the person is
    /// enrolled and that knows where a code begins; `None` if there is none. An error shows when
    /// the factor is asked.
    pub(super) fn split(
        &self,
        demand: &Demand,
        names: &PersonNames,
        password: &Secret,
    ) -> Option<(Secret, Secret)> {
        let mut factors = demand
            .factors
            .iter()
            .filter_map(|name| self.named(name).ok());
        factors.find_map(|factor| names.enrolment(factor).ok()??.split(password))
    }

    /// Returns the place where the login is remembered, if the demand has one and the session can
    /// be told from others.
    pub(super) fn place(
        &self,
        demand: &Demand,
        user: &Username,
        enrolment: &dyn Enrolment,
        context: &Context<'_>,
    ) -> Option<RememberedPlace> {
        let limits = demand.remember?;
        let session = (self.session)()?;
        let ledger = FactorFolder::of(&self.state_dir, user).ledger();
        let number = enrolment.number();
        RememberedPlace::new(ledger, limits, user, context, &session, &number)
    }

    fn named(&self, name: &str) -> Result<&dyn Factor, BackendError> {
        let factor = self.all.iter().find(|factor| factor.name() == name);
        let missing = || BackendError::Failed(format!("there is no second factor {name}"));
        Ok(factor.ok_or_else(missing)?.as_ref())
    }
}

/// The names of a person who may be enrolled.
pub(super) struct PersonNames {
    /// The name that was typed.
    pub(super) typed: Username,
    /// The person's own name, where the typed one is an alias of it or has a domain.
    pub(super) own: Option<Username>,
    /// The other names of the person's entry. She may have written them.
    pub(super) others: Vec<Username>,
    /// True if the backend takes names that differ in the case of ASCII letters for one.
    folds_case: bool,
}

impl PersonNames {
    /// Returns the names of somebody about whom no backend has said anything: the one that was
    /// typed, and without its domain where a backend that may be asked `strips_domains`.
    pub(super) fn typed(user: &Username, strips_domains: bool) -> Self {
        let bare = || Username::parse(bare(user.as_str()).as_bytes()).ok();
        Self {
            typed: user.clone(),
            own: strips_domains.then(bare).flatten(),
            others: Vec::new(),
            folds_case: false,
        }
    }

    /// Returns the names of somebody whom a backend has described.
    pub(super) fn of(user: &Username, found: &User, backend: Option<&dyn Backend>) -> Self {
        let parsed = |name: &String| Username::parse(name.as_bytes()).ok();
        let strips_domains = backend.is_some_and(|backend| backend.nature().strips_domains);
        let upper = user.as_str().to_ascii_uppercase();
        let lower = Username::parse(user.as_str().to_ascii_lowercase().as_bytes()).ok();
        let folds_case = lower
            .is_some_and(|name| backend.is_some_and(|backend| backend.is_same_name(&name, &upper)));
        let typed = Self::typed(user, strips_domains);
        Self {
            own: match &found.alias_of {
                Some(own) => parsed(own),
                None => typed.own,
            },
            others: found.also_named.iter().filter_map(parsed).collect(),
            folds_case,
            ..typed
        }
    }

    /// Returns the name by which a plugin knows the person: the same however they log in. Where the
    /// backend takes a name in any letters, it is in small letters.
    pub(super) fn at_plugins(&self) -> Username {
        let own = self.canonical();
        let small = own.as_str().to_ascii_lowercase();
        let small = Username::parse(small.as_bytes()).ok();
        small
            .filter(|_| self.folds_case)
            .unwrap_or_else(|| own.clone())
    }

    /// Refuses a person whom a factor does not know, if their entry has other names: the factor may
    /// know one of those, and whoever can write into their own entry could else escape it.
    ///
    /// # Errors
    /// When they have other names.
    pub(super) fn check_unknown_to(&self, factor: &str) -> Result<(), BackendError> {
        match self.others.first() {
            None => Ok(()),
            Some(other) => Err(BackendError::Unavailable(format!(
                "{factor} may know the person by another name, such as {other}"
            ))),
        }
    }

    /// Returns the name under which the person is to be enrolled: one that is the same however they
    /// log in.
    pub(super) fn canonical(&self) -> &Username {
        self.own.as_ref().unwrap_or(&self.typed)
    }

    /// Returns the person's enrolment in a factor.
    ///
    /// # Errors
    /// When it cannot be found out, or another name of the person is enrolled, too, or alone: then
    /// nobody can say whose code is meant.
    fn enrolment(&self, factor: &dyn Factor) -> Result<Option<Box<dyn Enrolment>>, BackendError> {
        if factor.is_presumed() {
            return factor.enrolment(&self.at_plugins());
        }
        let mut found = None;
        let mut seen: Vec<&Username> = Vec::new();
        for (name, counts) in self.all() {
            if seen.iter().any(|other| is_same_person(other, name)) {
                continue;
            }
            seen.push(name);
            match factor.enrolment(name)? {
                None => {}
                Some(enrolment) if counts && found.is_none() => found = Some(enrolment),
                Some(_) => {
                    let factor = factor.name();
                    let why =
                        format!("{name}, another name of the person, is enrolled in {factor}");
                    return Err(BackendError::Unavailable(why));
                }
            }
        }
        Ok(found)
    }

    /// Returns every name, and whether the person may be enrolled under it.
    fn all(&self) -> impl Iterator<Item = (&Username, bool)> {
        let certain = [&self.typed].into_iter().chain(&self.own);
        let certain = certain.map(|name| (name, true));
        certain.chain(self.others.iter().map(|name| (name, false)))
    }
}

/// Returns whether two names have one enrolment.
fn is_same_person(one: &Username, other: &Username) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

/// Returns whether the login was confirmed at this place a while ago.
///
/// # Errors
/// When it cannot be found out.
pub(super) fn is_remembered(
    place: Option<&RememberedPlace>,
    context: &Context<'_>,
) -> Result<bool, BackendError> {
    let now = (context.deadline.clock())();
    match place {
        Some(place) => Ok(place.is_remembered(now)?),
        None => Ok(false),
    }
}
