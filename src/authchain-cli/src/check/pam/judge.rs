//! Judges a stack by who gets in, for every combination of the answers of our module and others.
//!
//! A person gets in if our module accepts, and only then. There are two exceptions:
//!
//! - If the configuration is broken (`service_err`), pam_unix alone decides.
//! - If our module cannot be loaded (`module_unknown`), pam_unix alone decides, but not in services
//!   that ordinary people start: they choose the limits under which modules are loaded.

use super::answers::{Answers, BROKEN, NOT_LOADED};
use super::modules::Role;
use super::services;
use super::simulator::{Entry, Facility};
use super::trials;
use super::unloadable::{self, Unloadable};
use super::verdict::{self, Fault};
use super::ways::{Case, MOST, Stack};
use crate::check::report::Severity;

/// Returns the faults of a service's stack: those of its modules that libpam cannot load, and if
/// the stack asks our module, those of the stack.
pub(super) fn judge(
    facility: Facility,
    service: &str,
    entries: &[Entry],
    lacking: &[Unloadable],
) -> Vec<Fault> {
    let mut stack = Stack::new(entries, facility, service);
    let mut faults = unloadable::faults(facility, &stack, lacking);
    let is_ours = |at: usize| stack.roles.get(at) == Some(&Role::Ours);
    let Some(answers) = Answers::to(facility).filter(|_| stack.roles.contains(&Role::Ours)) else {
        return faults;
    };
    let is_locked = faults.iter().any(|fault| fault.severity > Severity::Note);
    // A stack that refuses people now is judged as it will be when its modules are back.
    if !is_locked {
        let others = lacking.iter().map(|module| module.at);
        let others = others.filter(|at| !is_ours(*at)).collect();
        stack = stack.without(others);
    }
    let found = trials::run(facility, service, &stack, answers);
    let of_stack = verdict::faults(facility, &stack, &found, answers).into_iter();
    faults.extend(of_stack.filter(|fault| !is_locked || fault.severity == Severity::Error));
    faults
}

/// Returns whether root logs in by this service and only our module lets root in: no refusal of
/// ours leads to pam_unix.
pub(super) fn is_roots_only_way(facility: Facility, service: &str, entries: &[Entry]) -> bool {
    let Some(answers) = Answers::to(facility).filter(|_| services::is_login_of_root(service))
    else {
        return false;
    };
    let stack = Stack::new(entries, facility, service);
    let is_refusal = |ours: &&&str| !["success", BROKEN, NOT_LOADED].contains(*ours);
    answers.ours.iter().filter(is_refusal).all(|ours| {
        let case = Case {
            ours,
            unix: "success",
            others: "user_unknown",
        };
        stack.ways_in(case, MOST).0.is_empty()
    })
}

#[cfg(test)]
mod tests;
