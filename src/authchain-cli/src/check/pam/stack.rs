//! The lines a service really consists of.

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
    pub(super) level: usize,
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
    /// Begins a substack, whose lines follow one level deeper. It stands for them in jumps, and keeps
    /// two substacks in a row apart.
    Substack,
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
            Module::Substack | Module::Fail(_) => "",
        }
    }

    /// What stands behind the module's name.
    pub(super) fn arguments(&self) -> &[String] {
        match &self.module {
            Module::Ask { arguments, .. } => arguments,
            Module::Substack | Module::Fail(_) => &[],
        }
    }

    /// What libpam does with an answer.
    pub(super) fn action(&self, answer: &str) -> Action {
        match &self.module {
            Module::Ask { control, .. } => control.action(answer),
            Module::Substack => Action::Ignore,
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
        let entry = |module| Entry {
            file: file.to_owned(),
            number: line.number,
            level,
            module,
        };
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
                        let inner = level.saturating_add(usize::from(*is_substack));
                        if *is_substack {
                            entries.push(entry(Module::Substack));
                        }
                        collect(files, &included, facility, inner, left, entries);
                        continue;
                    }
                    Some(_) => Module::Fail(format!("it includes {name}, which cannot be read")),
                    None => Module::Fail(format!("it includes {name}, and so on without end")),
                }
            }
        };
        entries.push(entry(module));
    }
}
