//! The part of sshd_config(5) that holds for everybody.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Maximum depth of files that include others.
const DEPTH: usize = 4;

/// The keywords before the first `Match`, in small letters, with their values. The first value of a
/// keyword holds.
#[derive(Debug, Default)]
pub(super) struct SshdSettings(BTreeMap<String, String>);

impl SshdSettings {
    /// Reads the file and those that it includes; `None` if it cannot be read.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let mut settings = Self::default();
        settings.add(&fs::read_to_string(path).ok()?, path, DEPTH);
        Some(settings)
    }

    /// Returns whether a keyword is `yes`, or anything else but `no`.
    pub(super) fn is_on(&self, keyword: &str, default: bool) -> bool {
        self.0.get(keyword).map_or(default, |value| value != "no")
    }

    /// Returns whether each list of methods has more than a key.
    pub(super) fn wants_more_than_a_key(&self) -> bool {
        let lists = self.0.get("authenticationmethods");
        lists.is_some_and(|lists| {
            let mut lists = lists.split_whitespace();
            lists.all(|list| list.contains("keyboard-interactive"))
        })
    }

    /// Returns whether somebody may log in by the method password alone.
    pub(super) fn takes_method_password(&self) -> bool {
        let lists = self.0.get("authenticationmethods");
        let is_named = lists.is_none_or(|lists| {
            let mut lists = lists.split_whitespace();
            lists.any(|list| matches!(list, "any" | "password"))
        });
        is_named && self.is_on("passwordauthentication", true)
    }

    /// Adds the lines of a text; those behind the first `Match` hold for some alone.
    fn add(&mut self, text: &str, path: &Path, depth: usize) {
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let is_between = |c: char| c.is_whitespace() || c == '=';
            let (keyword, value) = line.split_once(is_between).unwrap_or((line, ""));
            let value = value.trim_start_matches(is_between).replace('"', "");
            match keyword.to_ascii_lowercase().as_str() {
                "match" => return,
                "include" => {
                    for included in included(&value, path) {
                        if let (Ok(text), Some(depth)) =
                            (fs::read_to_string(&included), depth.checked_sub(1))
                        {
                            self.add(&text, &included, depth);
                        }
                    }
                }
                "challengeresponseauthentication" => {
                    self.set("kbdinteractiveauthentication".to_owned(), value);
                }
                keyword => self.set(keyword.to_owned(), value),
            }
        }
    }

    fn set(&mut self, keyword: String, value: String) {
        self.0.entry(keyword).or_insert(value);
    }
}

/// Returns the files that a line includes: a path, or all of a folder with the same ending.
fn included(value: &str, from: &Path) -> Vec<PathBuf> {
    let folder = from.parent().unwrap_or(Path::new("/"));
    let mut files = Vec::new();
    for pattern in value.split_whitespace() {
        let path = folder.join(pattern);
        let name = path.file_name().and_then(|name| name.to_str());
        match (name.and_then(|name| name.strip_prefix('*')), path.parent()) {
            (Some(ending), Some(folder)) => {
                let entries = fs::read_dir(folder).into_iter().flatten().flatten();
                let paths = entries.map(|entry| entry.path());
                let fits = |path: &PathBuf| path.to_string_lossy().ends_with(ending);
                let mut fitting: Vec<PathBuf> = paths.filter(fits).collect();
                fitting.sort();
                files.extend(fitting);
            }
            _ => files.push(path),
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(main: &str, dropped_in: &str) -> SshdSettings {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sshd_config");
        fs::create_dir(folder.path().join("sshd_config.d")).unwrap();
        fs::write(folder.path().join("sshd_config.d/50-a.conf"), dropped_in).unwrap();
        fs::write(&file, main).unwrap();
        SshdSettings::read(&file).unwrap()
    }

    #[test]
    fn the_first_value_holds_and_those_of_some_people_do_not() {
        let main = "# x\nInclude sshd_config.d/*.conf\nPasswordAuthentication yes\n\
                    kbdInteractiveAuthentication=no\nMatch User bob\nPubkeyAuthentication no\n";
        let settings = settings(main, "PasswordAuthentication no\n");
        assert!(!settings.is_on("passwordauthentication", true));
        assert!(!settings.is_on("kbdinteractiveauthentication", true));
        assert!(settings.is_on("pubkeyauthentication", true));
        assert!(!settings.wants_more_than_a_key());
    }

    #[test]
    fn every_list_of_methods_counts() {
        for (methods, expected) in [
            ("publickey,keyboard-interactive:pam", true),
            ("publickey,keyboard-interactive publickey", false),
            ("any", false),
        ] {
            let settings = settings(&format!("AuthenticationMethods {methods}\n"), "");
            assert_eq!(settings.wants_more_than_a_key(), expected, "{methods}");
        }
    }
}
