//! `authchain check` on a backend of these servers.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::host::built;

/// A configuration with one backend, `corp`, for `authchain check`.
pub struct Checker {
    /// The type of the backend.
    pub kind: &'static str,
    /// The settings of the backend.
    pub settings: Value,
    /// The worker.
    pub worker: PathBuf,
    /// The rules, as text.
    rules: &'static str,
    /// More lines at the top.
    top: String,
    /// More sections.
    sections: String,
    /// True if there is a second backend of the same settings, `twin`.
    has_twin: bool,
    folder: TempDir,
}

/// The result of the command.
#[derive(Debug)]
pub struct Checked {
    /// Its exit code.
    pub code: i32,
    /// Everything it printed.
    pub text: String,
}

impl Checker {
    /// Checks a directory with these settings.
    ///
    /// # Panics
    /// Where there can be no folder.
    pub fn new(settings: Value) -> Self {
        Self::of_kind("ldap", settings)
    }

    /// Checks a backend of another type.
    ///
    /// # Panics
    /// Where there can be no folder.
    pub fn of_kind(kind: &'static str, settings: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(folder.path().join("pam.d")).unwrap();
        Self {
            kind,
            settings,
            worker: built::worker(),
            rules: "",
            top: String::new(),
            sections: String::new(),
            has_twin: false,
            folder,
        }
    }

    /// Changes one setting; `null` removes it.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        let settings = self.settings.as_object_mut().unwrap();
        match value.into() {
            Value::Null => settings.remove(key),
            value => settings.insert(key.to_owned(), value),
        };
        self
    }

    /// Adds rules.
    #[must_use]
    pub fn with_rules(self, rules: &'static str) -> Self {
        Self { rules, ..self }
    }

    /// Adds lines to the top of the configuration.
    #[must_use]
    pub fn with_top(self, top: &str) -> Self {
        let top = top.to_owned();
        Self { top, ..self }
    }

    /// Adds sections to the end of the configuration.
    #[must_use]
    pub fn with_sections(self, sections: &str) -> Self {
        let sections = sections.to_owned();
        Self { sections, ..self }
    }

    /// Adds a second backend of the same settings, `twin`.
    #[must_use]
    pub fn with_twin(self) -> Self {
        let has_twin = true;
        Self { has_twin, ..self }
    }

    /// Runs `authchain check` with these additional arguments.
    ///
    /// # Panics
    /// Where it cannot be run.
    pub fn run(&self, arguments: &[&str]) -> Checked {
        let pam_dir = self.folder.path().join("pam.d");
        let pam_dir = pam_dir.to_str().unwrap();
        self.command("check", &[arguments, &["--pam-dir", pam_dir]].concat(), "")
    }

    /// Runs another subcommand of `authchain`, with `typed` as its standard input.
    ///
    /// # Panics
    /// Where it cannot be run.
    pub fn command(&self, name: &str, arguments: &[&str], typed: &str) -> Checked {
        let config = self.folder.path().join("authchain.toml");
        fs::write(&config, self.configuration()).unwrap();
        let mut command = Command::new(built::command());
        command
            .arg("--config")
            .arg(config)
            .arg(name)
            .args(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Checked {
            code: output.status.code().unwrap(),
            text: String::from_utf8(text).unwrap(),
        }
    }

    /// Whether a server was marked as down.
    pub fn has_marks(&self) -> bool {
        self.folder.path().join("run").exists()
    }

    fn configuration(&self) -> String {
        let settings = self.settings.as_object().unwrap();
        // Strings and lists of JSON are valid TOML too.
        let keys: String = (settings.iter())
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        let (run, worker) = (json!(self.folder.path().join("run")), json!(self.worker));
        let names = match self.has_twin {
            true => &["corp", "twin"][..],
            false => &["corp"],
        };
        let (kind, rules) = (self.kind, self.rules);
        let section = |name: &&str| format!("[backend.{name}]\ntype = \"{kind}\"\n{keys}");
        let sections: String = names.iter().map(section).collect();
        format!(
            "chain = {names:?}\nrun_dir = {run}\nworker = {worker}\nworker_user = \"nobody\"\n\
             {top}{rules}{sections}{more}",
            top = self.top,
            more = self.sections,
        )
    }
}

impl Checked {
    /// Checks the exit code and the output, which must have a line with each list of words, in
    /// order.
    ///
    /// # Panics
    /// Where one of them is not there.
    #[track_caller]
    pub fn expect(&self, code: i32, lines: &[&[&str]]) {
        for words in lines {
            assert!(self.has_line(words), "not there: {words:?}\n{}", self.text);
        }
        // Where the kernel has no Landlock, check says so.
        let least = i32::from(self.text.contains("runs without Landlock"));
        assert_eq!(self.code, code.max(least), "{}", self.text);
    }

    /// Whether a line has these words, in this order.
    pub fn has_line(&self, words: &[&str]) -> bool {
        self.text.lines().any(|line| {
            let mut rest = Some(line);
            for word in words {
                rest = rest.and_then(|rest| Some(rest.split_once(word)?.1));
            }
            rest.is_some()
        })
    }
}
