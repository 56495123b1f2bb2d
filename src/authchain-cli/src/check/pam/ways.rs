//! The ways into a stack: what it answers, however circumstances are.

use std::collections::BTreeSet;

use super::modules::{Reach, Role, takes_a_password_over};
use super::simulator::{Action, Entry, Facility, run};

/// What every module answers in a case that is played through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) ours: &'static str,
    pub(super) unix: &'static str,
    pub(super) others: &'static str,
}

/// A way through a stack that ends in success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Whether we were asked on it.
    pub(super) asks_us: bool,
    /// Whether a condition on it held that holds for root alone.
    pub(super) is_roots: bool,
    /// The entries, by their place in the stack, whose success decided by itself: it ended the
    /// stack or jumped.
    pub(super) deciders: Vec<usize>,
}

/// A stack, and what its entries are.
pub(super) struct Stack<'a> {
    pub(super) entries: &'a [Entry],
    pub(super) roles: Vec<Role>,
}

impl<'a> Stack<'a> {
    /// Sorts the entries of a service's stack.
    pub(super) fn new(entries: &'a [Entry], facility: Facility, service: &str) -> Self {
        let role = |entry| match Role::of(entry, facility, service) {
            // Entries that ask the same question get the same answer, so two answers count as one
            // only where all of these entries do the same with both.
            Role::Condition(answers, reach) => {
                let asks = entries
                    .iter()
                    .filter(|other| is_same_question(other, entry));
                Role::Condition(told_apart(asks, &answers), reach)
            }
            role => role,
        };
        Self {
            entries,
            roles: entries.iter().map(role).collect(),
        }
    }

    /// Returns every way in, and whether all were tried; `most` are.
    pub(super) fn ways_in(&self, case: Case, most: usize) -> (Vec<Way>, bool) {
        let mut ways = Vec::new();
        let mut choices = Choices::default();
        for _ in 0..most {
            let (answer, way) = self.walk(case, &mut choices);
            if answer == "success" && !ways.contains(&way) {
                ways.push(way);
            }
            if !choices.turn() {
                return (ways, true);
            }
        }
        (ways, false)
    }

    /// Returns those of `answers` that the stack tells apart where modules of this role give them.
    pub(super) fn distinct(&self, role: &Role, answers: &[&'static str]) -> Vec<&'static str> {
        let of_role = self.roles.iter().zip(self.entries);
        let of_role = of_role.filter(|(found, _)| *found == role);
        told_apart(of_role.map(|(_, entry)| entry), answers)
    }

    fn walk(&self, case: Case, choices: &mut Choices) -> (&'static str, Way) {
        let mut way = Way {
            asks_us: false,
            is_roots: false,
            deciders: Vec::new(),
        };
        let answer = run(self.entries, &mut |entry| {
            let at = self.place_of(entry);
            let answer = match self.roles.get(at) {
                Some(Role::Ours) => {
                    way.asks_us = true;
                    case.ours
                }
                Some(Role::Unix) if is_without_password(case) && takes_a_password_over(entry) => {
                    "auth_err"
                }
                Some(Role::Unix) => case.unix,
                Some(Role::Credential) => case.others,
                Some(Role::Fixed(answer)) => answer,
                Some(Role::Condition(answers, _)) => choices.of(self.question(entry), answers),
                None => "perm_denied",
            };
            way.is_roots |= answer == "success" && self.reach(at) == Some(Reach::Root);
            let decides = matches!(entry.action(answer), Action::Done | Action::Jump(_));
            if answer == "success" && decides && self.reach(at).is_some() {
                way.deciders.push(at);
            }
            answer
        });
        (answer, way)
    }

    /// Returns whom the condition at this place holds for.
    pub(super) fn reach(&self, at: usize) -> Option<Reach> {
        match self.roles.get(at) {
            Some(Role::Condition(_, reach)) => Some(*reach),
            _ => None,
        }
    }

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

/// Returns one answer for each thing that libpam does with them in these entries; success is always
/// one of its own.
fn told_apart<'e>(
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

/// Returns whether we did not ask for a password in this case, so that there is none to take over.
fn is_without_password(case: Case) -> bool {
    ["service_err", "module_unknown", "conv_err"].contains(&case.ours)
}

/// The answers that circumstances chose so far, in the order they were needed; counted up until all
/// were tried.
#[derive(Default)]
struct Choices(Vec<Choice>);

struct Choice {
    /// The place of the first entry that asks this.
    question: usize,
    taken: usize,
    left: usize,
}

impl Choices {
    /// Returns the answer to a question: the one it had before on this way, or its first.
    fn of(&mut self, question: usize, answers: &[&'static str]) -> &'static str {
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

    /// Turns to the next choice; false where there is none.
    fn turn(&mut self) -> bool {
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
