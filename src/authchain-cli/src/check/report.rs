//! What was found, for people and for scripts.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use anstyle::Style;
use authchain::backends::protocol;
use authchain::config::ConfigError;
use serde_json::{Value, json};

use crate::terminal::{BAD, Ending, GOOD, STRONG, Terminal, WARNING, clean};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Good to know; no reason for an exit code.
    Note,
    /// It works, and perhaps not as it was meant.
    Warning,
    /// Logins fail, or somebody gets in who should not.
    Error,
}

impl Severity {
    /// Translates a worker's severity; `None` where there is nothing to say.
    fn of(severity: protocol::Severity) -> Option<Self> {
        match severity {
            protocol::Severity::Fine => None,
            protocol::Severity::Note => Some(Self::Note),
            protocol::Severity::Warning => Some(Self::Warning),
            protocol::Severity::Error => Some(Self::Error),
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Note => Style::new(),
            Self::Warning => WARNING,
            Self::Error => BAD,
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

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    severity: Severity,
    file: PathBuf,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    /// The line itself with a caret under the fault.
    citation: Option<String>,
    /// The PAM services it concerns.
    services: BTreeSet<String>,
    /// Whether people read it among what was done with its server.
    is_of_server: bool,
}

/// A step that was done with a server.
#[derive(Debug)]
struct Step {
    backend: String,
    /// None where it is as it should be.
    severity: Option<Severity>,
    finding: protocol::Finding,
}

impl Finding {
    fn place(&self) -> String {
        let number = |number: Option<usize>| number.map(|n| format!(":{n}")).unwrap_or_default();
        format!(
            "{}{}{}",
            self.file.display(),
            number(self.line),
            number(self.column)
        )
    }
}

/// Everything that was found, and what was looked at.
#[derive(Debug, Default)]
pub(crate) struct Report {
    findings: Vec<Finding>,
    looked_at: Vec<String>,
    steps: Vec<Step>,
}

impl Report {
    /// Adds a finding about a file as a whole.
    pub(crate) fn add(&mut self, severity: Severity, file: &Path, message: impl Into<String>) {
        self.push(Finding {
            severity,
            file: file.to_owned(),
            line: None,
            column: None,
            message: message.into(),
            citation: None,
            services: BTreeSet::new(),
            is_of_server: false,
        });
    }

    /// Adds what a step with a server came to; no finding is reported as worse than `worst`.
    pub(crate) fn add_server(
        &mut self,
        worst: Severity,
        file: &Path,
        backend: &str,
        finding: protocol::Finding,
    ) {
        let severity = Severity::of(finding.severity).map(|severity| severity.min(worst));
        if let Some(severity) = severity {
            let protocol::Finding {
                server, step, text, ..
            } = &finding;
            let colon = if server.is_empty() { "" } else { ": " };
            self.push(Finding {
                severity,
                file: file.to_owned(),
                line: None,
                column: None,
                message: format!("backend {backend}: {server}{colon}{step}: {text}"),
                citation: None,
                services: BTreeSet::new(),
                is_of_server: true,
            });
        }
        self.steps.push(Step {
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
            severity,
            file: file.to_owned(),
            line: Some(line),
            column: None,
            message: message.into(),
            citation: None,
            services: BTreeSet::from([service.to_owned()]),
            is_of_server: false,
        });
    }

    /// Adds a fault in the configuration.
    pub(crate) fn add_config_error(&mut self, error: &ConfigError) {
        let location = error.location.as_ref();
        let cited = error.with_citation();
        self.push(Finding {
            severity: Severity::Error,
            file: error.file.clone(),
            line: location.map(|location| location.line),
            column: location.map(|location| location.column),
            message: error.message.clone(),
            citation: cited
                .split_once('\n')
                .map(|(_, citation)| citation.to_owned()),
            services: BTreeSet::new(),
            is_of_server: false,
        });
    }

    /// Notes something that was looked at without a finding.
    pub(crate) fn looked_at(&mut self, what: impl Into<String>) {
        self.looked_at.push(what.into());
    }

    /// Returns whether there is a finding this bad.
    pub(crate) fn has(&self, severity: Severity) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == severity)
    }

    /// Returns the exit code.
    pub(crate) fn ending(&self) -> Ending {
        match self.findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Error) => Ending::Trouble,
            Some(Severity::Warning) => Ending::No,
            Some(Severity::Note) | None => Ending::Yes,
        }
    }

    /// Adds a finding once: a fragment that ten services include is found ten times.
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

    /// Prints the report for people: the worst comes last, where the eye is when the rest has
    /// scrolled by.
    pub(crate) fn print(&mut self, terminal: &mut Terminal) {
        self.findings.sort_by_key(|finding| finding.severity);
        for what in &self.looked_at {
            terminal.say(clean(what));
        }
        print_steps(&self.steps, terminal);
        for finding in self.findings.iter().filter(|finding| !finding.is_of_server) {
            print(finding, terminal);
        }
        let count = |severity| {
            self.findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        match (count(Severity::Error), count(Severity::Warning)) {
            (0, 0) => terminal.say_in(GOOD, "everything is in order"),
            (0, warnings) => terminal.say_in(WARNING, counted(warnings, "warning")),
            (errors, 0) => terminal.say_in(BAD, counted(errors, "error")),
            (errors, warnings) => {
                let line = format!(
                    "{}, {}",
                    counted(errors, "error"),
                    counted(warnings, "warning")
                );
                terminal.say_in(BAD, line);
            }
        }
    }

    /// Returns the report for scripts.
    pub(crate) fn json(&self) -> Value {
        let status = match self.ending() {
            Ending::Yes => "ok",
            Ending::No => "warnings",
            Ending::Trouble => "errors",
        };
        json!({
            "status": status,
            "looked_at": self.looked_at,
            "servers": self.steps.iter().map(Step::json).collect::<Vec<_>>(),
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

impl Step {
    fn milliseconds(&self) -> f64 {
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

/// Prints a line for each step, under a line for each server.
fn print_steps(steps: &[Step], terminal: &mut Terminal) {
    let mut about = None;
    for step in steps {
        let server = (&step.backend, &step.finding.server);
        if about.replace(server) != Some(server) {
            let server = clean(&format!("backend {} {}", server.0, server.1));
            terminal.say_in(STRONG, server.trim_end());
        }
        let (name, text) = (clean(&step.finding.step), clean(&step.finding.text));
        let milliseconds = step.milliseconds();
        match step.severity {
            None => terminal.say(format_args!("  {name:<16} {milliseconds:>7.1} ms  {text}")),
            Some(severity) => {
                let style = severity.style();
                terminal.say(format_args!(
                    "  {name:<16} {milliseconds:>7.1} ms  {style}{severity}{style:#}: {text}"
                ));
            }
        }
    }
}

fn print(finding: &Finding, terminal: &mut Terminal) {
    let (style, severity) = (finding.severity.style(), finding.severity);
    let place = clean(&finding.place());
    let message = clean(&finding.message);
    terminal.say(format_args!(
        "{style}{severity}{style:#}: {STRONG}{place}{STRONG:#}: {message}"
    ));
    for line in finding
        .citation
        .iter()
        .flat_map(|citation| citation.lines())
    {
        // Tabs stay, or the caret would not stand under the fault.
        let line: Vec<String> = line.split('\t').map(clean).collect();
        terminal.say(format_args!("  {}", line.join("\t")));
    }
    if !finding.services.is_empty() {
        let services: Vec<&str> = finding.services.iter().map(String::as_str).collect();
        terminal.say(format_args!("  concerns: {}", clean(&services.join(", "))));
    }
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides_the_exit_code() {
        let mut report = Report::default();
        assert_eq!(report.ending(), Ending::Yes);
        for (severity, ending) in [
            (Severity::Note, Ending::Yes),
            (Severity::Warning, Ending::No),
            (Severity::Error, Ending::Trouble),
        ] {
            report.add(severity, Path::new("/f"), "odd");
            assert_eq!(report.ending(), ending);
        }
    }

    #[test]
    fn what_many_services_share_is_told_once() {
        let mut report = Report::default();
        for service in ["sshd", "login", "sshd"] {
            report.add_pam(Severity::Warning, (Path::new("/common"), 3), service, "odd");
        }
        let json = report.json();
        assert_eq!(json["findings"].as_array().unwrap().len(), 1);
        assert_eq!(json["findings"][0]["services"], json!(["login", "sshd"]));
    }
}
