//! What libpam makes of the modules' answers.

use super::stack::{Entry, Module};
use super::syntax::Action;

/// What the stack as a whole answers when its modules answer as `answer` says. This is
/// `_pam_dispatch_aux` of Linux-PAM, first call.
pub(super) fn run(stack: &[Entry], answer: &dyn Fn(&Entry) -> &'static str) -> &'static str {
    let mut state = UNDECIDED;
    let mut outer: Vec<State> = vec![UNDECIDED];
    let mut at = 0;
    while let Some(entry) = stack.get(at) {
        outer.truncate(entry.level.saturating_add(1));
        while outer.len() <= entry.level {
            outer.push(state);
        }
        at = at.saturating_add(1);
        if matches!(entry.module, Module::Substack) {
            continue;
        }
        let given = answer(entry);
        match entry.action(given) {
            Action::Ignore => {}
            Action::Reset => state = outer.last().copied().unwrap_or(UNDECIDED),
            Action::Ok => state.please(given),
            Action::Done => {
                state.please(given);
                if state.impression == Impression::Positive {
                    at = end_of_level(stack, at, entry.level);
                }
            }
            Action::Bad => state.displease(given),
            Action::Die => {
                state.displease(given);
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

/// What the stack is inclined to say so far.
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

/// What libpam says when nobody decided: `PAM_PERM_DENIED`.
const UNDECIDED: State = State {
    impression: Impression::Undecided,
    status: "perm_denied",
};

impl State {
    fn please(&mut self, answer: &'static str) {
        let is_open = self.impression == Impression::Undecided
            || (self.impression == Impression::Positive && self.status == "success");
        if is_open {
            *self = Self {
                impression: Impression::Positive,
                status: answer,
            };
        }
    }

    fn displease(&mut self, answer: &'static str) {
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

/// Behind the last line of this stack or substack.
fn end_of_level(stack: &[Entry], from: usize, level: usize) -> usize {
    let rest = stack.get(from..).unwrap_or_default();
    let within = rest.iter().take_while(|entry| entry.level >= level).count();
    from.saturating_add(within)
}

/// Behind so many lines of this level; a substack counts as one. `None` where there are not so many.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::pam::stack::expand;
    use crate::check::pam::syntax::Facility;
    use crate::check::pam::tests::files;

    /// What the stack says; a module `pam_auth_err.so` answers `auth_err`.
    fn outcome(text: &str) -> &'static str {
        let (_dir, files) = files(&[
            ("s", text),
            ("done", "auth sufficient pam_success.so"),
            (
                "sub",
                "auth requisite pam_auth_err.so\nauth required pam_success.so",
            ),
        ]);
        let stack = expand(&files, &files.path_of("s"), Facility::Auth);
        run(&stack, &|entry| match entry.name() {
            "pam_success" => "success",
            "pam_ignore" => "ignore",
            "pam_new_authtok_reqd" => "new_authtok_reqd",
            "pam_auth_err" => "auth_err",
            // A line libpam could not use.
            "" => "perm_denied",
            other => panic!("{other}"),
        })
    }

    #[test]
    fn stacks_end_as_in_libpam() {
        let cases = [
            ("", "perm_denied"),
            ("auth optional pam_ignore.so", "perm_denied"),
            ("auth required pam_success.so", "success"),
            (
                "auth required pam_auth_err.so\nauth required pam_success.so",
                "auth_err",
            ),
            (
                "auth sufficient pam_success.so\nauth requisite pam_auth_err.so",
                "success",
            ),
            (
                "auth sufficient pam_auth_err.so\nauth required pam_success.so",
                "success",
            ),
            (
                "auth required pam_auth_err.so\nauth sufficient pam_success.so\nauth required pam_success.so",
                "auth_err",
            ),
            (
                "auth [success=1 default=ignore] pam_success.so\nauth requisite pam_auth_err.so\nauth required pam_success.so",
                "success",
            ),
            (
                "auth [success=1 default=ignore] pam_auth_err.so\nauth requisite pam_auth_err.so\nauth required pam_success.so",
                "auth_err",
            ),
            (
                "auth [success=1 default=ignore] pam_success.so",
                "perm_denied",
            ),
            (
                "auth [success=1] pam_success.so\nauth required pam_auth_err.so",
                "perm_denied",
            ),
            (
                "auth required pam_new_authtok_reqd.so\nauth required pam_success.so",
                "new_authtok_reqd",
            ),
            ("auth [default=bad] pam_ignore.so", "perm_denied"),
            (
                "auth substack sub\nauth sufficient pam_success.so",
                "auth_err",
            ),
            (
                "auth [success=1] pam_success.so\nauth substack sub\nauth required pam_success.so",
                "success",
            ),
            (
                "auth required pam_success.so\nauth [default=reset] pam_auth_err.so\nauth optional pam_ignore.so",
                "perm_denied",
            ),
            (
                "auth include missing\nauth sufficient pam_success.so",
                "perm_denied",
            ),
            ("auth include s", "perm_denied"),
        ];
        for (text, expected) in cases {
            assert_eq!(outcome(text), expected, "{text}");
        }
    }

    /// The answers that pam_debug.so can be told to give in the recorded stacks.
    const ANSWERS: [&str; 7] = [
        "success",
        "perm_denied",
        "auth_err",
        "authinfo_unavail",
        "user_unknown",
        "new_authtok_reqd",
        "ignore",
    ];

    #[test]
    fn recorded_stacks_end_as_they_did_in_the_real_libpam() {
        let recorded = include_str!("testdata/recorded-stacks");
        let mut stacks = 0;
        for record in recorded.split("\n= ").skip(1) {
            let (expected, rest) = record.split_once('\n').unwrap();
            let texts: Vec<_> = (rest.split("@ ").skip(1))
                .map(|file| file.split_once('\n').unwrap())
                .collect();
            let (_dir, files) = files(&texts);
            let stack = expand(&files, &files.path_of("s"), Facility::Auth);
            let found = run(&stack, &|entry| {
                let told = (entry.arguments().iter()).find_map(|word| word.strip_prefix("auth="));
                let answer = ANSWERS.into_iter().find(|answer| Some(*answer) == told);
                answer.unwrap_or("perm_denied")
            });
            assert_eq!(found, expected, "{record}");
            stacks += 1;
        }
        assert_eq!(stacks, 150);
    }
}
