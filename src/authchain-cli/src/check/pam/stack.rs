//! The lines a service really consists of, and what libpam makes of the modules' answers.

use std::path::{Path, PathBuf};

use super::Files;
use super::syntax::{Action, Control, Facility, What};

/// How deep files may include each other before we stop reading; libpam allows 32.
const MAX_DEPTH: usize = 32;

/// A line in a service's stack, wherever it was included from.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The file it stands in.
    pub(super) file: PathBuf,
    /// Its number there.
    pub(super) number: usize,
    /// How many substacks it is in.
    level: usize,
    /// What it does.
    pub(super) module: Module,
}

/// What an entry does.
#[derive(Debug, Clone)]
pub(super) enum Module {
    /// Asks a module.
    Ask {
        control: Control,
        module: String,
        arguments: Vec<String>,
        may_be_missing: bool,
    },
    /// Fails, because libpam could not read the line or the file it names.
    Fail(String),
}

impl Entry {
    /// The module's name without folder and ending.
    pub(super) fn name(&self) -> &str {
        match &self.module {
            Module::Ask { module, .. } => {
                let file = module.rsplit('/').next().unwrap_or(module);
                file.strip_suffix(".so").unwrap_or(file)
            }
            Module::Fail(_) => "",
        }
    }

    /// What stands behind the module's name.
    pub(super) fn arguments(&self) -> &[String] {
        match &self.module {
            Module::Ask { arguments, .. } => arguments,
            Module::Fail(_) => &[],
        }
    }

    /// What libpam does with an answer.
    fn action(&self, answer: &str) -> Action {
        match &self.module {
            Module::Ask { control, .. } => control.action(answer),
            Module::Fail(_) => Action::Bad,
        }
    }

    /// Whether a success makes libpam skip lines.
    pub(super) fn jumps(&self) -> bool {
        matches!(self.action("success"), Action::Jump(_))
    }

    /// Whether a success ends the stack.
    pub(super) fn is_sufficient(&self) -> bool {
        self.action("success") == Action::Done
    }
}

/// The lines of `facility` in a service's file, with what they include.
pub(super) fn expand(files: &Files, file: &Path, facility: Facility) -> Vec<Entry> {
    let mut entries = Vec::new();
    collect(files, file, facility, 0, MAX_DEPTH, &mut entries);
    entries
}

fn collect(
    files: &Files,
    file: &Path,
    facility: Facility,
    level: usize,
    depth_left: usize,
    entries: &mut Vec<Entry>,
) {
    for line in files.lines(file) {
        if line.facility.is_some_and(|of| of != facility) {
            continue;
        }
        let module = match &line.what {
            What::Module {
                control,
                module,
                arguments,
                may_be_missing,
            } => Module::Ask {
                control: control.clone(),
                module: module.clone(),
                arguments: arguments.clone(),
                may_be_missing: *may_be_missing,
            },
            What::Broken(why) => Module::Fail(why.clone()),
            What::Include {
                file: name,
                is_substack,
            } => {
                let included = files.path_of(name);
                match depth_left.checked_sub(1) {
                    Some(left) if files.has(&included) => {
                        let level = level.saturating_add(usize::from(*is_substack));
                        collect(files, &included, facility, level, left, entries);
                        continue;
                    }
                    Some(_) => Module::Fail(format!("it includes {name}, which cannot be read")),
                    None => Module::Fail(format!("it includes {name}, and so on without end")),
                }
            }
        };
        entries.push(Entry {
            file: file.to_owned(),
            number: line.number,
            level,
            module,
        });
    }
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
    use crate::check::pam::tests::files;

    /// What the stack says; a module `pam_auth_err.so` answers `auth_err`.
    fn outcome(text: &str) -> &'static str {
        let (_dir, files) = files(&[
            ("s", text),
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
}
