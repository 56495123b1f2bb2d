//! Checks PAM's service files that use our module.

mod answers;
mod files;
mod judge;
mod modules;
mod services;
mod simulator;
mod trials;
mod verdict;
mod ways;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::report::{Report, Severity};
use files::Files;
use modules::OURS;
use simulator::{Entry, Facility, Module, ServiceFiles, expand};

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
        let services = files.services();
        let mut ours = Vec::new();
        let mut using = Vec::new();
        for service in &services {
            let before = ours.len();
            self.check_service(&files, service, &mut ours, report);
            if ours.len() > before {
                using.push(service.as_str());
            }
        }
        report.looked_at(match using.as_slice() {
            [] => "PAM: no service uses authchain yet".to_owned(),
            using => format!("PAM: authchain is used by {}", using.join(", ")),
        });
        ours
    }

    fn check_service(
        &self,
        files: &Files,
        service: &str,
        ours: &mut Vec<OurLine>,
        report: &mut Report,
    ) {
        let file = files.path_of(service);
        let mut first = BTreeMap::new();
        for facility in Facility::ALL {
            let stack = expand(files, &file, facility);
            let lines: Vec<&Entry> = stack.iter().filter(|entry| entry.name() == OURS).collect();
            let Some(first_line) = lines.first() else {
                continue;
            };
            first.insert(facility, (first_line.file.clone(), first_line.number));
            for fault in judge::judge(facility, service, &stack) {
                let at = fault.at.and_then(|at| stack.get(at)).unwrap_or(first_line);
                let place = (at.file.as_path(), at.number);
                report.add_pam(fault.severity, place, service, fault.message);
            }
            report_broken_lines(&stack, service, report);
            let is_roots_only_way = judge::is_roots_only_way(facility, service, &stack);
            for line in lines {
                self.report_missing_module(line, service, report);
                ours.push(OurLine {
                    file: line.file.clone(),
                    number: line.number,
                    service: service.to_owned(),
                    arguments: line.arguments().to_vec(),
                    is_roots_only_way,
                    is_unprivileged: services::is_unprivileged(service),
                });
            }
        }
        if let (Some((file, number)), None) =
            (first.get(&Facility::Auth), first.get(&Facility::Account))
        {
            let message = "auth without account: nobody asks authchain whether the account is \
                           locked or expired";
            report.add_pam(Severity::Warning, (file, *number), service, message);
        }
    }

    /// Reports a module that libpam will not find.
    fn report_missing_module(&self, entry: &Entry, service: &str, report: &mut Report) {
        let Module::Ask {
            module,
            may_be_missing,
            ..
        } = &entry.module
        else {
            return;
        };
        let path = Path::new(module);
        let is_there = match path.is_absolute() {
            true => path.is_file(),
            false => (self.module_folders().iter()).any(|folder| folder.join(path).is_file()),
        };
        if !is_there {
            let severity = match may_be_missing {
                true => Severity::Warning,
                false => Severity::Error,
            };
            let message = format!("{module} is not where PAM looks for modules");
            report.add_pam(severity, (&entry.file, entry.number), service, message);
        }
    }

    /// Returns the folders in which libpam may look, depending on how the distribution built it.
    fn module_folders(&self) -> Vec<PathBuf> {
        if let Some(folder) = self.modules {
            return vec![folder.to_owned()];
        }
        let mut folders = Vec::new();
        for library in ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"] {
            folders.push(Path::new(library).join("security"));
            // Debian's multiarch folders: /usr/lib/x86_64-linux-gnu/security.
            let inner = fs::read_dir(library).into_iter().flatten().flatten();
            folders.extend(inner.map(|entry| entry.path().join("security")));
        }
        folders
    }
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
