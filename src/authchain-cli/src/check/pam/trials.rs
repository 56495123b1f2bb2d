//! Runs a service's stack with every combination of the modules' answers.
//!
//! In a case, some modules accept the person (answer `success`). A run that ends in `success` lets
//! the person in.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{Answers, BROKEN, NOT_LOADED};
use super::modules::{Reach, Role};
use super::services;
use super::simulator::Facility;
use super::ways::{Case, MOST, Stack, Way};

/// Maximum number of ways that are tried in each further case, once a case had more than [`MOST`].
const FEW: usize = 16;

/// The results of the trials of a stack.
#[derive(Default)]
pub(super) struct Found {
    /// The cases that let in a person whom no module and no condition accepts: the first such case
    /// for each of our answers.
    pub(super) accepted_by_nobody: BTreeMap<&'static str, Case>,
    /// The conditions that let in a person whom no module accepts: their places in the stack, by
    /// the people for whom they hold.
    pub(super) by_condition: BTreeMap<Reach, BTreeSet<usize>>,
    /// Our refusals that the stack skips: a person whom another module accepts gets in.
    pub(super) skipped_refusals: BTreeSet<&'static str>,
    /// True if a person whom another module accepts gets in before our module is asked.
    pub(super) is_let_in_before_us: bool,
    /// True if a person whom another module accepts gets in while our module is not loaded, in a
    /// service whose callers can keep it from loading.
    pub(super) is_let_in_unloaded: bool,
    /// Our answers with which a person is refused whom pam_unix accepts and should let in.
    pub(super) locked_out: BTreeSet<&'static str>,
    /// True if a person whom our module alone accepts is refused.
    pub(super) is_ours_alone_refused: bool,
    /// True if there were too many ways to try them all.
    pub(super) is_incomplete: bool,
}

/// Runs the stack in every case.
pub(super) fn run(
    facility: Facility,
    service: &str,
    stack: &Stack<'_>,
    answers: &Answers,
) -> Found {
    let unix = stack.distinct(&Role::Unix, answers.unix);
    let others = stack.distinct(&Role::Credential, answers.others);
    let mut trials = Trials {
        facility,
        service,
        stack,
        found: Found::default(),
    };
    trials.should_get_in();
    for ours in answers.ours {
        for unix in &unix {
            for others in &others {
                trials.play(Case { ours, unix, others });
            }
        }
    }
    trials.found
}

/// A service's stack, and the results of its trials so far.
struct Trials<'a> {
    facility: Facility,
    service: &'a str,
    stack: &'a Stack<'a>,
    found: Found,
}

impl Trials<'_> {
    fn play(&mut self, case: Case) {
        let most = if self.found.is_incomplete { FEW } else { MOST };
        let (ways, is_complete) = self.stack.ways_in(case, most);
        self.found.is_incomplete |= !is_complete;
        let accepts = |answer| answer == "success";
        match (accepts(case.ours), accepts(case.unix), accepts(case.others)) {
            // A person whom our module accepts may get in, whatever the other modules answer.
            (true, ..) => {}
            (false, false, false) => {
                for way in &ways {
                    self.nobody_accepts(case, way);
                }
            }
            (false, by_unix, _) => {
                for way in &ways {
                    self.others_accept(case, way);
                }
                if by_unix && !accepts(case.others) {
                    self.unix_should_get_in(case, &ways);
                }
            }
        }
    }

    /// Runs the case in which our module accepts and no other module does.
    fn should_get_in(&mut self) {
        let stranger = match self.facility {
            Facility::Auth => "auth_err",
            _ => "user_unknown",
        };
        let case = Case {
            ours: "success",
            unix: stranger,
            others: stranger,
        };
        self.found.is_ours_alone_refused = self.stack.ways_in(case, MOST).0.is_empty();
    }

    fn unix_should_get_in(&mut self, case: Case, ways: &[Way]) {
        let should_get_in = match case.ours {
            BROKEN => !services::is_trial(self.service),
            NOT_LOADED => {
                services::is_login_of_root(self.service)
                    && !services::is_started_by_callers(self.service)
            }
            _ => false,
        };
        if should_get_in && ways.is_empty() {
            self.found.locked_out.insert(case.ours);
        }
    }

    fn nobody_accepts(&mut self, case: Case, way: &Way) {
        match self.decider(way) {
            Some((Reach::Root, _)) => {}
            Some((reach, at)) => {
                self.found.by_condition.entry(reach).or_default().insert(at);
            }
            None => {
                self.found
                    .accepted_by_nobody
                    .entry(case.ours)
                    .or_insert(case);
            }
        }
    }

    fn others_accept(&mut self, case: Case, way: &Way) {
        if self.decider(way).is_some() {
            // The cases in which no module accepts report the condition already.
            return;
        }
        if !way.asks_us {
            // Fine in `auth`, where the other module has asked for a password itself.
            self.found.is_let_in_before_us |= self.facility == Facility::Account;
        } else if case.ours == NOT_LOADED {
            let is_callers = services::is_started_by_callers(self.service);
            self.found.is_let_in_unloaded |= is_callers && !way.is_for_root;
        } else if case.ours != BROKEN {
            self.found.skipped_refusals.insert(case.ours);
        }
    }

    /// Returns the condition that lets people in by itself on this way, and these people.
    ///
    /// A condition that only jumps does not count if our module is asked on the same way, unless it
    /// holds for root, the caller or people unknown.
    fn decider(&self, way: &Way) -> Option<(Reach, usize)> {
        let deciders = way.deciders.iter().filter_map(|at| {
            let reach = self.stack.reach(*at)?;
            let ends = self.stack.entries.get(*at)?.is_sufficient();
            let lets_in = ends
                || !way.asks_us
                || matches!(reach, Reach::Root | Reach::Unknown | Reach::Caller);
            lets_in.then_some((reach, *at))
        });
        deciders.min()
    }
}
