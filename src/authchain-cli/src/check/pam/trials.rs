//! Plays a service's stack through with every combination of the modules' answers.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{Answers, BROKEN, NOT_LOADED};
use super::modules::{Reach, Role};
use super::services;
use super::simulator::Facility;
use super::ways::{Case, Stack, Way};

/// Maximum number of ways through the stack that are tried in a case (a usual stack has four).
pub(super) const MOST: usize = 2048;

/// Maximum number of ways that are tried in a case after one case had more than [`MOST`].
const FEW: usize = 16;

/// The results of the trials of a stack.
#[derive(Default)]
pub(super) struct Found {
    /// Somebody gets in though no module accepts and no condition decided it: by our answer, the
    /// first such case.
    pub(super) without_anybody: BTreeMap<&'static str, Case>,
    /// The conditions that let somebody in by themselves though no module accepts: their places in
    /// the stack, by the people whom they let in.
    pub(super) by_condition: BTreeMap<Reach, BTreeSet<usize>>,
    /// Our refusing answers with which somebody still gets in whom another module accepts.
    pub(super) in_spite_of_us: BTreeSet<&'static str>,
    /// True if another module accepts and lets somebody in before our module is asked.
    pub(super) is_let_in_before_us: bool,
    /// True if somebody gets in whom another module accepts while ours is not loaded, in a service
    /// whose callers can bring that about.
    pub(super) is_caller_let_in: bool,
    /// Our answers with which nobody gets in, though pam_unix accepts and should let somebody in.
    pub(super) locked_out: BTreeSet<&'static str>,
    /// True if nobody gets in whom our module alone accepts.
    pub(super) is_ours_alone_refused: bool,
    /// True if there were too many ways to try them all.
    pub(super) is_incomplete: bool,
}

/// Plays every case, and returns what was found.
pub(super) fn hold(
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

/// A service's stack, and what its trials have shown so far.
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
            // Whom we accept may get in, whatever other modules answer.
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

    /// Tries the case in which we accept and no other module knows the person.
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
        let is_meant = match case.ours {
            BROKEN => true,
            NOT_LOADED => {
                services::is_login(self.service) && !services::is_started_by_callers(self.service)
            }
            _ => false,
        };
        if is_meant && ways.is_empty() {
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
                self.found.without_anybody.entry(case.ours).or_insert(case);
            }
        }
    }

    fn others_accept(&mut self, case: Case, way: &Way) {
        if self.decider(way).is_some() {
            // The cases in which no module accepts report the condition already.
            return;
        }
        if !way.asks_us {
            // Not in `auth`, where that module has asked for a password of its own.
            self.found.is_let_in_before_us |= self.facility == Facility::Account;
        } else if case.ours == NOT_LOADED {
            let is_callers = services::is_started_by_callers(self.service);
            self.found.is_caller_let_in |= is_callers && !way.is_roots;
        } else if case.ours != BROKEN {
            self.found.in_spite_of_us.insert(case.ours);
        }
    }

    /// Returns the condition that lets somebody in by itself on this way, and whom. A condition
    /// that only jumps, on a way on which our module is asked all the same, does not count.
    fn decider(&self, way: &Way) -> Option<(Reach, usize)> {
        let deciders = way.deciders.iter().filter_map(|at| {
            let reach = self.stack.reach(*at)?;
            let ends = self.stack.entries.get(*at)?.is_sufficient();
            let is_door = ends
                || !way.asks_us
                || matches!(reach, Reach::Root | Reach::Unknown | Reach::Caller);
            is_door.then_some((reach, *at))
        });
        deciders.min()
    }
}
