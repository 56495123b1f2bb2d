//! Computes the answer of a stack from the answers of its modules.

use super::control::Action;
use super::stack::{Entry, Module};

/// Returns the answer of the stack; `answer` gives the answer of each module.
///
/// The code follows `_pam_dispatch_aux` of Linux-PAM in a call that asks the modules anew, such as
/// pam_authenticate(3). A call that repeats remembered results, such as pam_setcred(3), differs.
pub(crate) fn run(stack: &[Entry], answer: &mut dyn FnMut(&Entry) -> &'static str) -> &'static str {
    let mut state = UNDECIDED;
    let mut outer: Vec<State> = vec![UNDECIDED];
    let mut at = 0;
    while let Some(entry) = stack.get(at) {
        outer.truncate(entry.level.saturating_add(1));
        while outer.len() <= entry.level {
            outer.push(state);
        }
        at = at.saturating_add(1);
        let given = match entry.module {
            Module::Substack => continue,
            Module::Fail { .. } => "perm_denied",
            Module::Ask { .. } => answer(entry),
        };
        match entry.action(given) {
            Action::Ignore => {}
            Action::Reset => state = outer.last().copied().unwrap_or(UNDECIDED),
            Action::Ok => state.succeed(given),
            Action::Done => {
                state.succeed(given);
                if state.impression == Impression::Positive {
                    at = end_of_level(stack, at, entry.level);
                }
            }
            Action::Bad => state.fail(given),
            Action::Die => {
                state.fail(given);
                at = end_of_level(stack, at, entry.level);
            }
            Action::Jump(lines) => match jump(stack, at, entry.level, lines) {
                Some(target) => at = target,
                None => {
                    state.impression = Impression::Negative;
                    state.status = "perm_denied";
                    at = end_of_level(stack, at, entry.level);
                }
            },
        }
    }
    if state.status == "success" && state.impression != Impression::Positive {
        return "perm_denied";
    }
    state.status
}

/// libpam's `impression`: the sum of the answers so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Impression {
    Undecided,
    Positive,
    Negative,
}

/// libpam's state in a stack or substack.
#[derive(Debug, Clone, Copy)]
struct State {
    impression: Impression,
    status: &'static str,
}

/// The state before any module has decided. libpam then answers `PAM_PERM_DENIED`.
const UNDECIDED: State = State {
    impression: Impression::Undecided,
    status: "perm_denied",
};

impl State {
    fn succeed(&mut self, answer: &'static str) {
        let is_open = self.impression == Impression::Undecided
            || (self.impression == Impression::Positive && self.status == "success");
        if is_open {
            *self = Self {
                impression: Impression::Positive,
                status: answer,
            };
        }
    }

    fn fail(&mut self, answer: &'static str) {
        if self.impression != Impression::Negative {
            let status = if answer == "ignore" {
                "perm_denied"
            } else {
                answer
            };
            *self = Self {
                impression: Impression::Negative,
                status,
            };
        }
    }
}

/// Returns the place after the last line of this stack or substack.
fn end_of_level(stack: &[Entry], from: usize, level: usize) -> usize {
    let rest = stack.get(from..).unwrap_or_default();
    let within = rest.iter().take_while(|entry| entry.level >= level).count();
    from.saturating_add(within)
}

/// Returns the place after the next `lines` lines of this level; `None` if there are fewer. A
/// substack counts as one line.
fn jump(stack: &[Entry], from: usize, level: usize, lines: usize) -> Option<usize> {
    let mut at = from;
    for _ in 0..lines {
        stack.get(at).filter(|entry| entry.level >= level)?;
        at = at.saturating_add(1);
        while stack.get(at).is_some_and(|entry| entry.level > level) {
            at = at.saturating_add(1);
        }
    }
    Some(at)
}
