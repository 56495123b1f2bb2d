//! The `[Service]` section of a systemd unit and its drop-ins (systemd.unit(5)).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use authchain::tools::trusted_file::{self, Access, FileFault};

use crate::check::report::{Report, Severity};

/// The largest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// The most drop-ins of a unit that are read.
const MAX_DROP_INS: usize = 256;

/// A line that assigns a value to a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    key: String,
    /// The value. In a list, an empty value removes the values before it.
    pub(super) value: String,
    pub(super) file: PathBuf,
    pub(super) line: usize,
}

/// The assignments of a unit, in the order in which systemd reads them.
#[derive(Debug, Default)]
pub(super) struct Unit(Vec<Assignment>);

impl Unit {
    /// Reads the unit of this name with its drop-ins; `None` if there is none, or it is masked.
    pub(super) fn find(name: &str, folders: &[PathBuf], report: &mut Report) -> Option<Self> {
        // The name is made from that of a PAM service: a slash in it would lead out of `folders`.
        if name.contains('/') {
            return None;
        }
        let mut places = folders.iter().map(|folder| folder.join(name));
        let own = places.find(|path| fs::symlink_metadata(path).is_ok())?;
        let mut assignments = read(&own, report)?;
        for drop_in in drop_ins(name, folders) {
            assignments.extend(read(&drop_in, report).unwrap_or_default());
        }
        Some(Self(assignments))
    }

    /// Returns the assignments of a list after the last empty one.
    pub(super) fn list(&self, key: &str) -> Vec<&Assignment> {
        let all = self.0.iter().filter(|assignment| assignment.key == key);
        let mut values: Vec<&Assignment> = all.collect();
        let emptied = values.iter().rposition(|one| one.value.is_empty());
        values.split_off(emptied.map_or(0, |at| at.saturating_add(1)))
    }

    /// Returns the last assignment of a setting that has one value.
    pub(super) fn last(&self, key: &str) -> Option<&Assignment> {
        let mut all = self.0.iter().rev();
        all.find(|one| one.key == key)
    }

    /// Returns the assignment of a setting that is switched on.
    pub(super) fn switched_on(&self, key: &str) -> Option<&Assignment> {
        let yes = ["1", "yes", "y", "true", "t", "on"];
        let is_on = |one: &&Assignment| yes.contains(&one.value.to_ascii_lowercase().as_str());
        self.last(key).filter(is_on)
    }
}

/// Returns the drop-ins of a unit and of all services, in the order of their names, in which
/// systemd reads them. A drop-in hides drop-ins of the same name in later folders.
fn drop_ins(name: &str, folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found: BTreeMap<OsString, PathBuf> = BTreeMap::new();
    for below in [format!("{name}.d"), "service.d".to_owned()] {
        for folder in folders {
            let entries = fs::read_dir(folder.join(&below)).into_iter().flatten();
            for entry in entries.flatten().take(MAX_DROP_INS) {
                let name = entry.file_name();
                if name.as_encoded_bytes().ends_with(b".conf") {
                    found.entry(name).or_insert(entry.path());
                }
            }
        }
    }
    found.into_values().take(MAX_DROP_INS).collect()
}

/// Reads a file; reports the reason and returns `None` if it cannot be read. A link to `/dev/null`
/// masks a unit, and is not reported.
fn read(path: &Path, report: &mut Report) -> Option<Vec<Assignment>> {
    match trusted_file::read(path, Access::Public, MAX_BYTES) {
        Ok(bytes) => Some(parse(path, &String::from_utf8_lossy(&bytes))),
        Err(error) => {
            let is_masked = matches!(error.fault, FileFault::NotAFile(_));
            if !is_masked {
                report.add(Severity::Warning, path, error.fault.to_string());
            }
            None
        }
    }
}

/// Returns the assignments of the `[Service]` section.
fn parse(file: &Path, text: &str) -> Vec<Assignment> {
    let mut is_service = false;
    let mut assignments = Vec::new();
    for (line, text) in whole_lines(text) {
        if text.starts_with('[') {
            is_service = text == "[Service]";
        } else if let Some((key, value)) = text.split_once('=').filter(|_| is_service) {
            assignments.push(Assignment {
                key: key.trim_end().to_owned(),
                value: value.trim().to_owned(),
                file: file.to_owned(),
                line,
            });
        }
    }
    assignments
}

/// Leaves out comments, and joins a line that ends in a backslash with the line after it
/// (systemd.syntax(7)). Returns each joined line with the number of the line it begins on.
fn whole_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            continue;
        }
        let (part, is_cut) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        match lines.last_mut().filter(|_| goes_on) {
            Some((_, before)) => {
                before.push(' ');
                before.push_str(part);
            }
            None => lines.push((number, part.to_owned())),
        }
        goes_on = is_cut;
    }
    lines
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns the unit with this text.
    pub(in crate::check::units) fn unit(text: &str) -> Unit {
        Unit(parse(Path::new("/unit"), text))
    }

    #[test]
    fn empty_values_continued_lines_and_other_sections_are_read_as_systemd_reads_them() {
        let text =
            "[Unit]\nA=0\n[Service]\n# A=1\nA=2\nA=\nA=3 \\\n ; no\n  4\nB = yes\n=\n[X]\nA=5";
        let unit = unit(text);
        let values: Vec<&str> = unit.list("A").iter().map(|one| &*one.value).collect();
        assert_eq!(values, ["3  4"]);
        assert_eq!(unit.list("A")[0].line, 7);
        assert!(unit.switched_on("B").is_some() && unit.switched_on("A").is_none());
    }

    #[test]
    fn drop_ins_are_read_by_name_and_the_first_folder_hides_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let folders = ["etc", "usr"].map(|name| folder.path().join(name));
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("[Service]\nA={text}\n")).unwrap();
        };
        let values = || {
            let unit = Unit::find("x.service", &folders, &mut Report::default());
            let unit = unit.unwrap_or_default();
            let values = unit.list("A").into_iter().map(|one| one.value.clone());
            values.collect::<Vec<_>>()
        };
        assert_eq!(values(), [""; 0]);
        write("usr/x.service", "unit");
        write("usr/x.service.d/20.conf", "20");
        write("usr/x.service.d/10.conf", "hidden");
        write("etc/x.service.d/10.conf", "10");
        write("etc/x.service.d/30.bak", "no");
        write("usr/service.d/15.conf", "15");
        assert_eq!(values(), ["unit", "10", "15", "20"]);
        std::os::unix::fs::symlink("/dev/null", folders[0].join("x.service")).unwrap();
        assert_eq!(values(), [""; 0], "masked");
    }
}
