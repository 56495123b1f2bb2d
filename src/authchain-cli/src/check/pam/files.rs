//! Reads PAM's service files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use authchain::tools::trusted_file::{self, Access};

use super::modules::OURS;
use super::simulator::{Facility, Instruction, Line, ServiceFiles, expand, parse};
use crate::check::report::{Report, Severity};

/// Maximum size of a service file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Endings of files that package managers and editors leave behind. No program asks PAM for a
/// service of such a name.
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

/// The service files of some folders, and the files that they include.
pub(super) struct Files {
    folders: Vec<PathBuf>,
    files: BTreeMap<PathBuf, Vec<Line>>,
}

impl Files {
    /// Reads the files of `folders`.
    pub(super) fn read(folders: &[PathBuf], report: &mut Report) -> Self {
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
            let name = path.to_string_lossy();
            let is_leftover = LEFTOVERS.iter().any(|ending| name.ends_with(ending));
            if is_leftover || !path.is_file() || files.lines(&path).is_some() {
                continue;
            }
            if let Some(lines) = read_lines(&path, report) {
                paths.extend(includes(&lines).map(|name| files.path_of(name)));
                files.files.insert(path, lines);
            }
        }
        files
    }

    /// Returns the names of the services. A file that others include counts as a service only if it
    /// has both `auth` and `account` lines: su does, common-auth does not.
    pub(super) fn services(&self) -> BTreeSet<String> {
        let included: BTreeSet<PathBuf> = (self.files.values())
            .flat_map(|lines| includes(lines))
            .map(|name| self.path_of(name))
            .collect();
        let has = |path, facility| !expand(self, path, facility).is_empty();
        let is_whole = |path| has(path, Facility::Auth) && has(path, Facility::Account);
        (self.files.keys())
            .filter(|path| !included.contains(*path) || is_whole(path))
            .filter_map(|path| Some((path, path.file_name()?.to_string_lossy().into_owned())))
            // A file of the same name in an earlier folder hides this one.
            .filter(|(path, name)| self.path_of(name) == **path)
            .map(|(_, name)| name)
            .collect()
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

/// Reads a file; reports the reason and returns `None` if it cannot be read.
fn read_lines(path: &Path, report: &mut Report) -> Option<Vec<Line>> {
    let read = trusted_file::read(path, Access::Public, MAX_BYTES);
    let bytes = read
        .map_err(|error| report.add(Severity::Warning, path, error.fault.to_string()))
        .ok()?;
    let text = String::from_utf8_lossy(&bytes);
    // Reported here because the other checks would not find our module: with CR LF, its name is
    // read as `pam_authchain.so\r`.
    if text.contains("\r\n") && text.contains(OURS) {
        let message = "the lines end in CR and LF: libpam takes the CR for a part of the last word; \
                       use dos2unix";
        report.add(Severity::Error, path, message);
    }
    Some(parse(&text))
}

/// Returns the names of the files that these lines include.
fn includes(lines: &[Line]) -> impl Iterator<Item = &str> {
    lines.iter().filter_map(|line| match &line.instruction {
        Instruction::Include { file, .. } => Some(file.as_str()),
        Instruction::Module { .. } | Instruction::Broken { .. } => None,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::check::pam) fn files(texts: &[(&str, &str)]) -> (tempfile::TempDir, Files) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in texts {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let files = Files::read(&[dir.path().to_owned()], &mut Report::default());
        (dir, files)
    }

    #[test]
    fn an_included_file_is_a_service_only_with_auth_and_account() {
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
