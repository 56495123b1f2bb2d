//! Checks PAM's service files that use our module.

mod answers;
mod files;
mod judge;
mod libraries;
mod modules;
mod services;
mod simulator;
mod trials;
mod unloadable;
mod verdict;
mod ways;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::report::{Report, Severity};
use files::Files;
use libraries::Libraries;
use modules::OURS;
use simulator::{Entry, Facility, Module, ServiceFiles, expand};
use unloadable::Unloadable;

/// The folders in which libpam looks.
pub(super) struct Pam<'a> {
    /// The folders of service files; a file in the first hides one of its name in the next.
    pub(super) folders: &'a [PathBuf],
    /// The folder of modules; the usual folders if `None`.
    pub(super) modules: Option<&'a Path>,
}

/// A line that names our module.
pub(super) struct OurLine {
    pub(super) file: PathBuf,
    pub(super) number: usize,
    pub(super) service: String,
    pub(super) arguments: Vec<String>,
    /// True if root logs in by this service, and no other module lets root in when our module
    /// refuses.
    pub(super) is_roots_only_way: bool,
    /// True if the program that asks is not root.
    pub(super) is_unprivileged: bool,
}

impl Pam<'_> {
    /// Checks every service that uses our module, and returns the lines that name it.
    pub(super) fn check(&self, report: &mut Report) -> Vec<OurLine> {
        let files = Files::read(self.folders, report);
        let libraries = Libraries::new(self.modules);
        let services = files.services();
        let mut ours = Vec::new();
        let mut using = Vec::new();
        for service in &services {
            let stacks = Stacks::of(&files, service);
            if stacks.uses_ours() {
                stacks.check(&libraries, &mut ours, report);
                using.push(service.as_str());
            }
        }
        report.looked_at(match using.as_slice() {
            [] => "PAM: no service uses authchain yet".to_owned(),
            using => format!("PAM: authchain is used by {}", using.join(", ")),
        });
        ours
    }
}

/// The stacks of a service: one for each facility.
struct Stacks<'a> {
    service: &'a str,
    entries: BTreeMap<Facility, Vec<Entry>>,
}

impl<'a> Stacks<'a> {
    fn of(files: &Files, service: &'a str) -> Self {
        let file = files.path_of(service);
        let stack = |facility| (facility, expand(files, &file, facility));
        Self {
            service,
            entries: Facility::ALL.into_iter().map(stack).collect(),
        }
    }

    fn uses_ours(&self) -> bool {
        let mut entries = self.entries.values().flatten();
        entries.any(|entry| entry.name() == OURS)
    }

    /// Checks the stacks, and adds the lines that name our module to `ours`.
    fn check(&self, libraries: &Libraries, ours: &mut Vec<OurLine>, report: &mut Report) {
        let service = self.service;
        for (facility, stack) in &self.entries {
            let lacking = lacking(stack, libraries);
            for fault in judge::judge(*facility, service, stack, &lacking) {
                let at = fault.at.and_then(|at| stack.get(at));
                if let Some(at) = at.or_else(|| first_of_ours(stack)) {
                    let place = (at.file.as_path(), at.number);
                    report.add_pam(fault.severity, place, service, fault.message);
                }
            }
            let Some(_) = first_of_ours(stack) else {
                continue;
            };
            report_broken_lines(stack, service, report);
            let is_roots_only_way = judge::is_roots_only_way(*facility, service, stack);
            let lines = stack.iter().filter(|entry| entry.name() == OURS);
            ours.extend(lines.map(|line| OurLine {
                file: line.file.clone(),
                number: line.number,
                service: service.to_owned(),
                arguments: line.arguments().to_vec(),
                is_roots_only_way,
                is_unprivileged: services::is_unprivileged(service),
            }));
        }
        let first = |facility| first_of_ours(self.entries.get(&facility)?);
        if let (Some(line), None) = (first(Facility::Auth), first(Facility::Account)) {
            let message = "auth without account: nobody asks authchain whether the account is \
                           locked or expired";
            let place = (line.file.as_path(), line.number);
            report.add_pam(Severity::Warning, place, service, message);
        }
    }
}

fn first_of_ours(stack: &[Entry]) -> Option<&Entry> {
    stack.iter().find(|entry| entry.name() == OURS)
}

/// Returns the modules of a stack that libpam cannot load.
fn lacking(stack: &[Entry], libraries: &Libraries) -> Vec<Unloadable> {
    let lack = |(at, entry): (usize, &Entry)| match &entry.module {
        Module::Ask { module, .. } => libraries.fault(module).map(|why| Unloadable { at, why }),
        Module::Substack | Module::Fail { .. } => None,
    };
    stack.iter().enumerate().filter_map(lack).collect()
}

/// Reports lines that libpam cannot use.
fn report_broken_lines(stack: &[Entry], service: &str, report: &mut Report) {
    for entry in stack {
        let fault = match &entry.module {
            Module::Fail { why, .. } => {
                format!("libpam cannot use this line and fails there: {why}")
            }
            Module::Ask { control, .. } if control.is_unreadable => {
                let what = "cannot be read, so libpam takes every answer for a failure";
                format!("control {:?} {what}", control.text)
            }
            Module::Ask { .. } | Module::Substack => continue,
        };
        report.add_pam(Severity::Error, (&entry.file, entry.number), service, fault);
    }
}
