//! Judges a stack: who gets in, for every combination of our answer and those of other modules.
//!
//! The rule, case by case: where we accept, somebody gets in. Where we refuse, nobody does; every
//! other answer is a refusal, with two exceptions. Where the configuration is broken
//! (`service_err`), exactly those get in whom pam_unix lets in. The same holds where our module
//! cannot be loaded (`module_unknown`), but not in services that ordinary people start: they choose
//! the limits under which modules are loaded.

use super::answers::{Answers, BROKEN, NOT_LOADED};
use super::services;
use super::simulator::{Entry, Facility};
use super::trials::{self, MOST};
use super::verdict::{self, Fault};
use super::ways::{Case, Stack};

/// Returns what is wrong with a service's stack that asks us.
pub(super) fn judge(facility: Facility, service: &str, entries: &[Entry]) -> Vec<Fault> {
    let Some(answers) = Answers::to(facility) else {
        return Vec::new();
    };
    let stack = Stack::new(entries, facility, service);
    let found = trials::hold(facility, service, &stack, answers);
    verdict::faults(facility, &stack, &found, answers)
}

/// Returns whether root is to get in by this service and only we let root in: whatever we refuse
/// with, pam_unix does not.
pub(super) fn is_roots_only_way(facility: Facility, service: &str, entries: &[Entry]) -> bool {
    let Some(answers) = Answers::to(facility).filter(|_| services::is_login(service)) else {
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
