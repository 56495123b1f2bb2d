//! The ways through a stack. Where a module checks a condition, such as the hour, there is a way
//! for each of its answers.

use std::collections::BTreeSet;

use super::answers::NOT_LOADED;
use super::modules::{Reach, Role, takes_a_password_over};
use super::simulator::{Action, Entry, Facility, run};

/// Maximum number of ways through the stack that are tried in a case (a usual stack has four).
pub(super) const MOST: usize = 2048;

/// A case to run: the answers of the modules that verify people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) ours: &'static str,
    pub(super) unix: &'static str,
    pub(super) others: &'static str,
}

/// A way through a stack that ends in success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// True if our module is asked.
    pub(super) asks_us: bool,
    /// True if a condition holds that only root can meet.
    pub(super) is_for_root: bool,
    /// The places in the stack of the conditions that hold, and that then end the stack or jump.
    pub(super) deciders: Vec<usize>,
}

/// The ways that a stack loses where modules are not loaded.
pub(super) struct Loss {
    pub(super) is_any_lost: bool,
    is_any_left: bool,
}

impl Loss {
    /// Returns whether no way is left.
    pub(super) fn is_whole(&self) -> bool {
        self.is_any_lost && !self.is_any_left
    }
}

/// A stack, and the roles of its entries.
pub(super) struct Stack<'a> {
    pub(super) entries: &'a [Entry],
    pub(super) roles: Vec<Role>,
    /// The places of entries whose module libpam cannot load.
    unloadable: Vec<usize>,
}

impl<'a> Stack<'a> {
    /// Finds the role of each entry of a service's stack.
    pub(super) fn new(entries: &'a [Entry], facility: Facility, service: &str) -> Self {
        let role = |entry| match Role::of(entry, facility, service) {
            // A module with the same arguments gives the same answer in several entries. So two
            // answers may be tried as one only if every such entry has one action for both.
            Role::Condition(answers, reach) => {
                let asks = entries
                    .iter()
                    .filter(|other| is_same_question(other, entry));
                Role::Condition(one_per_action(asks, &answers), reach)
            }
            role => role,
        };
        Self {
            entries,
            roles: entries.iter().map(role).collect(),
            unloadable: Vec::new(),
        }
    }

    /// Returns the stack as it is where libpam cannot load the modules at these places.
    pub(super) fn without(self, unloadable: Vec<usize>) -> Self {
        Self { unloadable, ..self }
    }

    /// Returns the ways that end in success. Tries at most `most` ways, and also returns whether
    /// these were all.
    pub(super) fn ways_in(&self, case: Case, most: usize) -> (Vec<Way>, bool) {
        let mut ways = Vec::new();
        let mut choices = Choices::default();
        for _ in 0..most {
            let (answer, way) = self.walk(case, &mut choices, &self.unloadable);
            if answer == "success" && !ways.contains(&way) {
                ways.push(way);
            }
            if !choices.advance() {
                return (ways, true);
            }
        }
        (ways, false)
    }

    /// Compares the ways that end in success with those that are left where libpam cannot load the
    /// modules at the places `unloadable`.
    pub(super) fn loss(&self, case: Case, unloadable: &[usize]) -> Loss {
        let mut loss = Loss {
            is_any_lost: false,
            is_any_left: false,
        };
        let mut choices = Choices::default();
        for _ in 0..MOST {
            if self.walk(case, &mut choices, unloadable).0 == "success" {
                loss.is_any_left = true;
            } else if self.walk(case, &mut choices.clone(), &[]).0 == "success" {
                loss.is_any_lost = true;
            }
            if !choices.advance() {
                break;
            }
        }
        loss
    }

    /// Returns the `answers` that lead to different actions in the entries of this role.
    pub(super) fn distinct(&self, role: &Role, answers: &[&'static str]) -> Vec<&'static str> {
        let of_role = self.roles.iter().zip(self.entries);
        let of_role = of_role.filter(|(found, _)| *found == role);
        one_per_action(of_role.map(|(_, entry)| entry), answers)
    }

    fn walk(&self, case: Case, choices: &mut Choices, unloadable: &[usize]) -> (&'static str, Way) {
        let mut way = Way {
            asks_us: false,
            is_for_root: false,
            deciders: Vec::new(),
        };
        // With these answers our module has asked for no password that pam_unix could take over.
        let is_without_password =
            ["service_err", "module_unknown", "conv_err"].contains(&case.ours);
        let answer = run(self.entries, &mut |entry| {
            let at = self.place_of(entry);
            let answer = match self.roles.get(at) {
                _ if unloadable.contains(&at) => NOT_LOADED,
                Some(Role::Ours) => {
                    way.asks_us = true;
                    case.ours
                }
                Some(Role::Unix) if is_without_password && takes_a_password_over(entry) => {
                    "auth_err"
                }
                Some(Role::Unix) => case.unix,
                Some(Role::Credential) => case.others,
                Some(Role::Fixed(answer)) => answer,
                Some(Role::Condition(answers, _)) => {
                    choices.answer_to(self.question(entry), answers)
                }
                None => "perm_denied",
            };
            way.is_for_root |= answer == "success" && self.reach(at) == Some(Reach::Root);
            let decides = matches!(entry.action(answer), Action::Done | Action::Jump(_));
            if answer == "success" && decides && self.reach(at).is_some() {
                way.deciders.push(at);
            }
            answer
        });
        (answer, way)
    }

    /// Returns the people for whom the condition at this place holds; `None` if it is no condition.
    pub(super) fn reach(&self, at: usize) -> Option<Reach> {
        match self.roles.get(at) {
            Some(Role::Condition(_, reach)) => Some(*reach),
            _ => None,
        }
    }

    /// Returns the place of the first entry that asks the same question as `entry`.
    fn question(&self, entry: &Entry) -> usize {
        let mut entries = self.entries.iter();
        let first = entries.position(|other| is_same_question(other, entry));
        first.unwrap_or(usize::MAX)
    }

    fn place_of(&self, entry: &Entry) -> usize {
        let is_it = |other: &Entry| std::ptr::eq(other, entry);
        (self.entries.iter().position(is_it)).unwrap_or(usize::MAX)
    }
}

fn is_same_question(one: &Entry, other: &Entry) -> bool {
    one.name() == other.name() && one.arguments() == other.arguments()
}

/// Returns one answer for each combination of libpam's actions in these entries. `success` is
/// always among them.
fn one_per_action<'e>(
    entries: impl Iterator<Item = &'e Entry> + Clone,
    answers: &[&'static str],
) -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    let actions = |answer| entries.clone().map(move |entry| entry.action(answer));
    let mut is_new = |answer: &'static str| {
        seen.insert((answer == "success", actions(answer).collect::<Vec<_>>()))
    };
    let answers = answers.iter().copied();
    answers.filter(|answer| is_new(answer)).collect()
}

/// The answers that were chosen for the conditions on a way, in the order of the stack.
///
/// Calling [`advance`](Self::advance) until it returns false leads through all ways.
#[derive(Default, Clone)]
struct Choices(Vec<Choice>);

#[derive(Clone)]
struct Choice {
    /// The place of the first entry that asks the question.
    question: usize,
    taken: usize,
    left: usize,
}

impl Choices {
    /// Returns the chosen answer to a question. For a new question, chooses the first answer.
    fn answer_to(&mut self, question: usize, answers: &[&'static str]) -> &'static str {
        let known = self.0.iter().find(|choice| choice.question == question);
        let taken = known.map(|choice| choice.taken);
        if taken.is_none() {
            self.0.push(Choice {
                question,
                taken: 0,
                left: answers.len().saturating_sub(1),
            });
        }
        let answer = answers.get(taken.unwrap_or_default());
        answer.copied().unwrap_or("perm_denied")
    }

    /// Chooses the next answer to the last question that has an untried answer. Forgets the
    /// questions after it; returns false if every answer was tried.
    fn advance(&mut self) -> bool {
        while let Some(last) = self.0.last_mut() {
            if last.left > 0 {
                last.left = last.left.saturating_sub(1);
                last.taken = last.taken.saturating_add(1);
                return true;
            }
            self.0.pop();
        }
        false
    }
}
