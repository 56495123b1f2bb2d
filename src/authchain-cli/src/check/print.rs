//! The report of `authchain check`, printed for people.

use anstyle::Style;

use super::report::{Finding, Report, ServerStep, Severity};
use crate::terminal::{BAD, GOOD, STRONG, Terminal, WARNING, clean};

/// Prints a report, with the worst findings last, so that they are still on the screen at the end.
pub(super) fn print(report: &Report, terminal: &mut Terminal) {
    for what in &report.looked_at {
        terminal.print(clean(what));
    }
    print_steps(&report.steps, terminal);
    let findings = report.findings.iter();
    let mut findings: Vec<_> = findings.filter(|finding| !finding.is_of_server).collect();
    findings.sort_by_key(|finding| finding.severity);
    for finding in findings {
        print_finding(finding, terminal);
    }
    match (
        report.count(Severity::Error),
        report.count(Severity::Warning),
    ) {
        (0, 0) => terminal.print_styled(GOOD, "everything is in order"),
        (0, warnings) => terminal.print_styled(WARNING, counted(warnings, "warning")),
        (errors, 0) => terminal.print_styled(BAD, counted(errors, "error")),
        (errors, warnings) => {
            let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
            terminal.print_styled(BAD, format!("{errors}, {warnings}"));
        }
    }
}

/// Prints a heading for each server, and below it a line for each step.
fn print_steps(steps: &[ServerStep], terminal: &mut Terminal) {
    let mut about = None;
    for step in steps {
        let server = (&step.backend, &step.finding.server);
        if about.replace(server) != Some(server) {
            let server = clean(&format!("backend {} {}", server.0, server.1));
            terminal.print_styled(STRONG, server.trim_end());
        }
        let (name, text) = (clean(&step.finding.step), clean(&step.finding.text));
        let milliseconds = step.milliseconds();
        match step.severity {
            None => terminal.print(format_args!("  {name:<16} {milliseconds:>7.1} ms  {text}")),
            Some(severity) => {
                let style = style_of(severity);
                terminal.print(format_args!(
                    "  {name:<16} {milliseconds:>7.1} ms  {style}{severity}{style:#}: {text}"
                ));
            }
        }
    }
}

fn print_finding(finding: &Finding, terminal: &mut Terminal) {
    let (style, severity) = (style_of(finding.severity), finding.severity);
    let place = clean(&finding.place());
    let message = clean(&finding.message);
    terminal.print(format_args!(
        "{style}{severity}{style:#}: {STRONG}{place}{STRONG:#}: {message}"
    ));
    for line in finding
        .citation
        .iter()
        .flat_map(|citation| citation.lines())
    {
        // Tabs are kept, so that the caret stands under the fault.
        let line: Vec<String> = line.split('\t').map(clean).collect();
        terminal.print(format_args!("  {}", line.join("\t")));
    }
    if !finding.services.is_empty() {
        let services: Vec<&str> = finding.services.iter().map(String::as_str).collect();
        terminal.print(format_args!("  concerns: {}", clean(&services.join(", "))));
    }
}

fn style_of(severity: Severity) -> Style {
    match severity {
        Severity::Note => Style::new(),
        Severity::Warning => WARNING,
        Severity::Error => BAD,
    }
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
