//! PAM's service files, as far as they use us.

mod answers;
mod judge;
mod modules;
mod services;
mod simulator;
mod verdict;
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use authchain::tools::trusted_file::{self, Access};

use super::report::{Report, Severity};
use modules::OURS;
use simulator::{Entry, Facility, Line, Module, ServiceFiles, What, expand, parse};

/// Largest service file read.
const MAX_BYTES: u64 = 1 << 20;

/// Endings of files that packagers and editors leave behind; no program asks PAM for such a
/// service.
const LEFTOVERS: [&str; 9] = [
    "~",
    ".bak",
    ".orig",
    ".dpkg-old",
    ".dpkg-dist",
    ".dpkg-new",
    ".rpmnew",
    ".rpmsave",
    ".pam-old",
];

/// Where to look.
pub(super) struct Pam<'a> {
    /// The folders of service files; a file in the first hides one of its name in the next.
    pub(super) folders: &'a [PathBuf],
    /// The modules; the usual folders if `None`.
    pub(super) modules: Option<&'a Path>,
}

/// A line that names us.
pub(super) struct OurLine {
    pub(super) file: PathBuf,
    pub(super) number: usize,
    pub(super) service: String,
    pub(super) arguments: Vec<String>,
    /// Whether root is to get in here, and nobody but us lets root in.
    pub(super) is_roots_only_way: bool,
}

impl Pam<'_> {
    /// Checks every service that uses us, and says with which arguments.
    pub(super) fn check(&self, report: &mut Report) -> Vec<OurLine> {
        let files = Files::read(self.folders, report);
        let services = files.services();
        let mut ours = Vec::new();
        let mut users = Vec::new();
        for service in &services {
            let before = ours.len();
            self.check_service(&files, service, &mut ours, report);
            if ours.len() > before {
                users.push(service.as_str());
            }
        }
        report.looked_at(match users.as_slice() {
            [] => "PAM: no service uses authchain yet".to_owned(),
            users => format!("PAM: authchain is used by {}", users.join(", ")),
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
            let Some(leader) = lines.first() else {
                continue;
            };
            first.insert(facility, (leader.file.clone(), leader.number));
            for fault in judge::judge(facility, service, &stack) {
                let at = fault.at.and_then(|at| stack.get(at)).unwrap_or(leader);
                let place = (at.file.as_path(), at.number);
                report.add_pam(fault.severity, place, service, fault.message);
            }
            report_broken_lines(&stack, service, report);
            let is_roots_only_way = judge::is_roots_only_way(facility, service, &stack);
            for line in lines {
                self.find_module(line, service, report);
                ours.push(OurLine {
                    file: line.file.clone(),
                    number: line.number,
                    service: service.to_owned(),
                    arguments: line.arguments().to_vec(),
                    is_roots_only_way,
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

    fn find_module(&self, entry: &Entry, service: &str, report: &mut Report) {
        let Module::Ask {
            module,
            may_be_missing,
            ..
        } = &entry.module
        else {
            return;
        };
        let path = Path::new(module);
        let is_there = path.is_absolute() && path.is_file()
            || !path.is_absolute()
                && self
                    .module_folders()
                    .iter()
                    .any(|dir| dir.join(path).is_file());
        if !is_there {
            let severity = if *may_be_missing {
                Severity::Warning
            } else {
                Severity::Error
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

/// Reports CR LF at the ends of lines, in a file that names us: such a line is not recognised as
/// ours, because the CR is a part of the module's name.
fn report_line_ends(path: &Path, text: &str, report: &mut Report) {
    if text.contains("\r\n") && text.contains(OURS) {
        let message = "the lines end in CR and LF: libpam takes the CR for a part of the last word; \
                       use dos2unix";
        report.add(Severity::Error, path, message);
    }
}

fn report_broken_lines(stack: &[Entry], service: &str, report: &mut Report) {
    for entry in stack {
        if let Some(why) = fault_of(entry) {
            let place = (entry.file.as_path(), entry.number);
            report.add_pam(Severity::Error, place, service, why);
        }
    }
}

/// Returns what is wrong with a line as such.
fn fault_of(entry: &Entry) -> Option<String> {
    match &entry.module {
        Module::Fail { why, .. } => {
            let what = "libpam cannot use this line and fails there";
            Some(format!("{what}: {why}"))
        }
        Module::Ask { control, .. } if control.is_unreadable => {
            let what = "cannot be read, so libpam takes every answer for a failure";
            Some(format!("control {:?} {what}", control.text))
        }
        Module::Ask { .. } | Module::Substack => None,
    }
}

/// The service files, read.
struct Files {
    folders: Vec<PathBuf>,
    files: BTreeMap<PathBuf, Vec<Line>>,
}

impl Files {
    fn read(folders: &[PathBuf], report: &mut Report) -> Self {
        let mut files = Self {
            folders: folders.to_owned(),
            files: BTreeMap::new(),
        };
        let mut paths = Vec::new();
        for (at, folder) in folders.iter().enumerate() {
            match fs::read_dir(folder) {
                Ok(entries) => paths.extend(entries.flatten().map(|entry| entry.path())),
                // Most systems have no second folder.
                Err(error) if at > 0 && error.kind() == ErrorKind::NotFound => {}
                Err(error) => report.add(Severity::Warning, folder, error.to_string()),
            }
        }
        while let Some(path) = paths.pop() {
            if !path.is_file() || files.lines(&path).is_some() || is_leftover(&path) {
                continue;
            }
            let lines = match trusted_file::read(&path, Access::Public, MAX_BYTES) {
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes);
                    report_line_ends(&path, &text, report);
                    parse(&text)
                }
                Err(error) => {
                    report.add(Severity::Warning, &path, error.fault.to_string());
                    continue;
                }
            };
            paths.extend(includes(&lines).map(|name| files.path_of(name)));
            files.files.insert(path, lines);
        }
        files
    }

    /// Returns the files that are services of their own, without those that hold one kind of lines
    /// for others to include, such as common-auth.
    fn services(&self) -> BTreeSet<String> {
        let included: BTreeSet<PathBuf> = (self.files.values())
            .flat_map(|lines| includes(lines))
            .map(|name| self.path_of(name))
            .collect();
        (self.files.keys())
            .filter(|path| !included.contains(*path) || self.has_auth_and_account(path))
            .filter_map(|path| Some((path, path.file_name()?.to_string_lossy().into_owned())))
            // Neither included by another file nor hidden by a file of its name in an earlier
            // folder.
            .filter(|(path, name)| self.path_of(name) == **path)
            .map(|(_, name)| name)
            .collect()
    }

    fn has_auth_and_account(&self, path: &Path) -> bool {
        let has = |facility| !expand(self, path, facility).is_empty();
        has(Facility::Auth) && has(Facility::Account)
    }
}

impl ServiceFiles for Files {
    fn path_of(&self, name: &str) -> PathBuf {
        // An absolute name replaces the folder, as in libpam.
        let mut places = self.folders.iter().map(|folder| folder.join(name));
        let found = places.clone().find(|path| path.is_file());
        found.or_else(|| places.next()).unwrap_or_default()
    }

    fn lines(&self, path: &Path) -> Option<&[Line]> {
        self.files.get(path).map(Vec::as_slice)
    }
}

fn includes(lines: &[Line]) -> impl Iterator<Item = &str> {
    lines.iter().filter_map(|line| match &line.what {
        What::Include { file, .. } => Some(file.as_str()),
        What::Module { .. } | What::Broken { .. } => None,
    })
}

fn is_leftover(path: &Path) -> bool {
    let name = path.to_string_lossy();
    LEFTOVERS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn files(texts: &[(&str, &str)]) -> (tempfile::TempDir, Files) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in texts {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let files = Files::read(&[dir.path().to_owned()], &mut Report::default());
        (dir, files)
    }

    #[test]
    fn a_fragment_is_no_service_and_an_included_service_is_one() {
        let (_dir, files) = files(&[
            ("common-auth", "auth required pam_authchain.so"),
            (
                "su",
                "@include common-auth\naccount required pam_authchain.so",
            ),
            ("su-l", "auth include su\naccount include su"),
            ("sshd.dpkg-old", "auth required pam_authchain.so"),
            ("other", "auth required pam_deny.so"),
        ]);
        let expected = ["other", "su", "su-l"].map(str::to_owned);
        assert_eq!(files.services(), BTreeSet::from(expected));
    }
}
