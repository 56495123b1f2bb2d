//! Judges a stack by who gets in, for every combination of the answers of our module and others.
//!
//! A person gets in if our module accepts, and only then. There are two exceptions:
//!
//! - If the configuration is broken (`service_err`), pam_unix alone decides.
//! - If our module cannot be loaded (`module_unknown`), pam_unix alone decides, but not in services
//!   that ordinary people start: they choose the limits under which modules are loaded.

use super::answers::{Answers, BROKEN, NOT_LOADED};
use super::services;
use super::simulator::{Entry, Facility};
use super::trials::{self, MOST};
use super::verdict::{self, Fault};
use super::ways::{Case, Stack};

/// Returns the faults of a service's stack that asks our module.
pub(super) fn judge(facility: Facility, service: &str, entries: &[Entry]) -> Vec<Fault> {
    let Some(answers) = Answers::to(facility) else {
        return Vec::new();
    };
    let stack = Stack::new(entries, facility, service);
    let found = trials::run(facility, service, &stack, answers);
    verdict::faults(facility, &stack, &found, answers)
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
