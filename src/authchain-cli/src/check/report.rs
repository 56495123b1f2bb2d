//! The findings of `authchain check`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use authchain::backends::protocol;
use authchain::config::ConfigError;
use authchain::tools::trusted_file::{FileError, FileFault};
use nix::unistd::geteuid;
use serde_json::{Value, json};

use crate::terminal::Exit;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// A remark that does not change the exit code.
    Note,
    /// Logins work, but perhaps not as intended.
    Warning,
    /// Logins fail, or somebody gets in who should not.
    Error,
}

impl Severity {
    /// Translates a worker's severity; `None` means fine.
    fn of(severity: protocol::Severity) -> Option<Self> {
        match severity {
            protocol::Severity::Fine => None,
            protocol::Severity::Note => Some(Self::Note),
            protocol::Severity::Warning => Some(Self::Warning),
            protocol::Severity::Error => Some(Self::Error),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A fault or remark about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(super) severity: Severity,
    pub(super) file: PathBuf,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) message: String,
    /// The text of the line, with a caret under the fault.
    pub(super) citation: Option<String>,
    /// The PAM services that the finding concerns.
    pub(super) services: BTreeSet<String>,
    /// True if the finding repeats a step of [`Report::steps`]. The printed report shows only the
    /// step; the JSON has both.
    pub(super) is_of_server: bool,
}

/// A step of an examination of a server, such as connecting, and its result.
#[derive(Debug)]
pub(super) struct ServerStep {
    pub(super) backend: String,
    /// The severity of the result; `None` if it is fine.
    pub(super) severity: Option<Severity>,
    pub(super) finding: protocol::ServerFinding,
}

impl Finding {
    /// Returns a finding about a file as a whole.
    fn new(severity: Severity, file: &Path, message: String) -> Self {
        Self {
            severity,
            file: file.to_owned(),
            line: None,
            column: None,
            message,
            citation: None,
            services: BTreeSet::new(),
            is_of_server: false,
        }
    }

    /// Returns the file, the line and the column, as far as they are known: `FILE:LINE:COLUMN`.
    pub(super) fn place(&self) -> String {
        let number = |number: Option<usize>| number.map(|n| format!(":{n}")).unwrap_or_default();
        format!(
            "{}{}{}",
            self.file.display(),
            number(self.line),
            number(self.column)
        )
    }
}

/// The findings, and the list of what was checked.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(super) findings: Vec<Finding>,
    /// A line for each file and service that was checked.
    pub(super) looked_at: Vec<String>,
    /// The steps of examining the servers.
    pub(super) steps: Vec<ServerStep>,
}

impl Report {
    /// Adds the fault of a file that may not be used, and what comes of it. What only root may read
    /// was not checked.
    pub(super) fn add_file_error(
        &mut self,
        severity: Severity,
        error: &FileError,
        consequence: &str,
    ) {
        if error.fault == FileFault::PermissionDenied && !geteuid().is_root() {
            let message = "you may not read it, so it was not checked; run this as root";
            return self.add(Severity::Warning, &error.path, message);
        }
        let message = format!("{}{consequence}", error.fault);
        self.add(severity, &error.path, message);
    }

    /// Adds a finding about a file as a whole.
    pub(crate) fn add(&mut self, severity: Severity, file: &Path, message: impl Into<String>) {
        self.push(Finding::new(severity, file, message.into()));
    }

    /// Adds the result of a server step; a severity above `worst` is lowered to it.
    pub(crate) fn add_server(
        &mut self,
        worst: Severity,
        file: &Path,
        backend: &str,
        finding: protocol::ServerFinding,
    ) {
        let severity = Severity::of(finding.severity).map(|severity| severity.min(worst));
        if let Some(severity) = severity {
            let protocol::ServerFinding {
                server, step, text, ..
            } = &finding;
            let colon = if server.is_empty() { "" } else { ": " };
            let message = format!("backend {backend}: {server}{colon}{step}: {text}");
            self.push(Finding {
                is_of_server: true,
                ..Finding::new(severity, file, message)
            });
        }
        self.steps.push(ServerStep {
            backend: backend.to_owned(),
            severity,
            finding,
        });
    }

    /// Adds a finding about a line of a PAM file, as seen from one service.
    pub(crate) fn add_pam(
        &mut self,
        severity: Severity,
        (file, line): (&Path, usize),
        service: &str,
        message: impl Into<String>,
    ) {
        self.push(Finding {
            line: Some(line),
            services: BTreeSet::from([service.to_owned()]),
            ..Finding::new(severity, file, message.into())
        });
    }

    /// Adds a fault in the configuration.
    pub(crate) fn add_config_error(&mut self, error: &ConfigError) {
        let location = error.location.as_ref();
        let cited = error.with_citation();
        let citation = cited.split_once('\n').map(|(_, citation)| citation);
        self.push(Finding {
            line: location.map(|location| location.line),
            column: location.map(|location| location.column),
            citation: citation.map(str::to_owned),
            ..Finding::new(Severity::Error, &error.file, error.message.clone())
        });
    }

    /// Adds a line about a file or a service that was checked.
    pub(crate) fn looked_at(&mut self, what: impl Into<String>) {
        self.looked_at.push(what.into());
    }

    /// Returns the number of findings of this severity.
    pub(super) fn count(&self, severity: Severity) -> usize {
        let findings = self.findings.iter();
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Returns the exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self.findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Error) => Exit::Trouble,
            Some(Severity::Warning) => Exit::Negative,
            Some(Severity::Note) | None => Exit::Success,
        }
    }

    /// Adds a finding, or adds its services to an equal finding: a fault in a file that ten
    /// services include is found ten times and shown once.
    fn push(&mut self, new: Finding) {
        let same = |old: &&mut Finding| {
            (old.severity, &old.file, old.line, &old.message)
                == (new.severity, &new.file, new.line, &new.message)
        };
        match self.findings.iter_mut().find(same) {
            Some(old) => old.services.extend(new.services),
            None => self.findings.push(new),
        }
    }

    /// Returns the report for scripts.
    pub(crate) fn json(&self) -> Value {
        let status = match self.exit() {
            Exit::Success => "ok",
            Exit::Negative => "warnings",
            Exit::Trouble => "errors",
        };
        json!({
            "status": status,
            "looked_at": self.looked_at,
            "servers": self.steps.iter().map(ServerStep::json).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(|finding| json!({
                "severity": finding.severity.to_string(),
                "file": finding.file.to_string_lossy(),
                "line": finding.line,
                "column": finding.column,
                "message": finding.message,
                "services": finding.services,
            })).collect::<Vec<_>>(),
        })
    }
}

impl ServerStep {
    pub(super) fn milliseconds(&self) -> f64 {
        self.finding.took.as_secs_f64() * 1_000.0
    }

    fn json(&self) -> Value {
        let severity = self.severity.map(|severity| severity.to_string());
        json!({
            "backend": self.backend,
            "server": self.finding.server,
            "step": self.finding.step,
            "milliseconds": self.milliseconds(),
            "severity": severity.as_deref().unwrap_or("fine"),
            "message": self.finding.text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides_the_exit_code() {
        let mut report = Report::default();
        assert_eq!(report.exit(), Exit::Success);
        for (severity, exit) in [
            (Severity::Note, Exit::Success),
            (Severity::Warning, Exit::Negative),
            (Severity::Error, Exit::Trouble),
        ] {
            report.add(severity, Path::new("/f"), "odd");
            assert_eq!(report.exit(), exit);
        }
    }

    #[test]
    fn a_finding_of_several_services_is_reported_once() {
        let mut report = Report::default();
        for service in ["sshd", "login", "sshd"] {
            report.add_pam(Severity::Warning, (Path::new("/common"), 3), service, "odd");
        }
        let json = report.json();
        assert_eq!(json["findings"].as_array().unwrap().len(), 1);
        assert_eq!(json["findings"][0]["services"], json!(["login", "sshd"]));
    }
}
