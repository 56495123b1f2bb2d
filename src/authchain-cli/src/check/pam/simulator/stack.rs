//! The stack of a service: the lines of one facility, with those of included files.

use std::path::{Path, PathBuf};

use super::control::{Action, Control};
use super::syntax::{Facility, Instruction, Kind, Line};

/// Maximum depth of includes. libpam 1.7 allows 16; in earlier versions only the number of open
/// files limits it.
const MAX_DEPTH: usize = 32;

/// libpam's limit on nested substacks (`PAM_SUBSTACK_MAX_LEVEL`).
const MAX_LEVEL: usize = 16;

/// A source of service files.
pub(crate) trait ServiceFiles {
    /// Returns the path at which libpam finds a service or an included file of this name.
    fn path_of(&self, name: &str) -> PathBuf;

    /// Returns the lines of a file; `None` if it cannot be read.
    fn lines(&self, path: &Path) -> Option<&[Line]>;
}

/// A line in a service's stack.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The file that has the line.
    pub(crate) file: PathBuf,
    /// The line's number in the file.
    pub(crate) number: usize,
    /// The number of substacks that the line is in.
    pub(crate) level: usize,
    /// The line's instruction.
    pub(crate) module: Module,
}

/// The instruction of an entry.
#[derive(Debug, Clone)]
pub(crate) enum Module {
    /// Asks a module.
    Ask {
        control: Control,
        module: String,
        arguments: Vec<String>,
        may_be_missing: bool,
    },
    /// Begins a substack, whose lines follow one level deeper. A jump counts the whole substack as
    /// this one entry, which also separates two substacks in a row.
    Substack,
    /// Fails: libpam cannot use the line, or cannot read the file that the line includes.
    Fail { why: String, control: Control },
}

impl Entry {
    /// Returns the module's name without the folder and `.so`.
    pub(crate) fn name(&self) -> &str {
        match &self.module {
            Module::Ask { module, .. } => {
                let file = module.rsplit('/').next().unwrap_or(module);
                file.strip_suffix(".so").unwrap_or(file)
            }
            Module::Substack | Module::Fail { .. } => "",
        }
    }

    /// Returns the module's arguments.
    pub(crate) fn arguments(&self) -> &[String] {
        match &self.module {
            Module::Ask { arguments, .. } => arguments,
            Module::Substack | Module::Fail { .. } => &[],
        }
    }

    /// Returns the line's control; `None` for a substack, which has none.
    pub(crate) fn control(&self) -> Option<&Control> {
        match &self.module {
            Module::Ask { control, .. } | Module::Fail { control, .. } => Some(control),
            Module::Substack => None,
        }
    }

    /// Returns the action of libpam on an answer.
    pub(crate) fn action(&self, answer: &str) -> Action {
        self.control()
            .map_or(Action::Ignore, |control| control.action(answer))
    }

    /// Returns whether a success makes libpam skip lines.
    pub(crate) fn jumps(&self) -> bool {
        matches!(self.action("success"), Action::Jump(_))
    }

    /// Returns whether a success ends the stack.
    pub(crate) fn is_sufficient(&self) -> bool {
        self.action("success") == Action::Done
    }
}

/// Returns the lines of `facility` in a service's file, with the lines that they include.
pub(crate) fn expand(files: &dyn ServiceFiles, file: &Path, facility: Facility) -> Vec<Entry> {
    let mut expansion = Expansion {
        files,
        facility,
        entries: Vec::new(),
    };
    let service = Inclusion {
        file,
        is_for_all: true,
        level: 0,
        depth: 0,
    };
    expansion.add(&service);
    expansion.entries
}

/// The lines that were collected so far.
struct Expansion<'a> {
    files: &'a dyn ServiceFiles,
    facility: Facility,
    entries: Vec<Entry>,
}

/// The service's own file or an included file, with the context of its inclusion.
struct Inclusion<'a> {
    file: &'a Path,
    /// True if lines of all facilities are read from the file: no include on the way to it names a
    /// facility.
    is_for_all: bool,
    level: usize,
    depth: usize,
}

impl Expansion<'_> {
    fn add(&mut self, inclusion: &Inclusion<'_>) {
        let files = self.files;
        for line in files.lines(inclusion.file).unwrap_or_default() {
            if !self.is_of_facility(line.kind, inclusion) {
                continue;
            }
            let module = match &line.instruction {
                Instruction::Module {
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
                Instruction::Broken { why, control } => Module::Fail {
                    why: why.clone(),
                    control: control.clone(),
                },
                Instruction::Include { file, is_substack } => {
                    if *is_substack {
                        self.push(inclusion, line, Module::Substack);
                    }
                    match self.include(inclusion, line, file, *is_substack) {
                        Ok(()) => continue,
                        Err(why) => Module::Fail {
                            why,
                            control: Control::bad(),
                        },
                    }
                }
            };
            self.push(inclusion, line, module);
        }
    }

    /// Returns whether libpam counts a line of this kind as one of the facility.
    fn is_of_facility(&self, kind: Kind, inclusion: &Inclusion<'_>) -> bool {
        match kind {
            Kind::Of(facility) => facility == self.facility,
            Kind::All => true,
            Kind::Unknown => !inclusion.is_for_all || self.facility == Facility::Auth,
        }
    }

    fn push(&mut self, inclusion: &Inclusion<'_>, line: &Line, module: Module) {
        self.entries.push(Entry {
            file: inclusion.file.to_owned(),
            number: line.number,
            level: inclusion.level,
            module,
        });
    }

    fn include(
        &mut self,
        inclusion: &Inclusion<'_>,
        line: &Line,
        name: &str,
        is_substack: bool,
    ) -> Result<(), String> {
        let file = self.files.path_of(name);
        let inner = Inclusion {
            file: &file,
            is_for_all: inclusion.is_for_all && line.kind == Kind::All,
            level: inclusion.level.saturating_add(usize::from(is_substack)),
            depth: inclusion.depth.saturating_add(1),
        };
        if inner.depth > MAX_DEPTH || inner.level >= MAX_LEVEL {
            return Err(format!("it includes {name}, and so on without end"));
        }
        if self.files.lines(&file).is_none() {
            return Err(match name {
                "" => "an include without a file".to_owned(),
                name => format!("it includes {name}, which cannot be read"),
            });
        }
        self.add(&inner);
        Ok(())
    }
}
