//! Log lines that no login may cause.

use crate::pattern::fits;
use crate::real::log::Line;

/// Parts of log lines about a crash, or of a module that could not be loaded.
const CRASHES: [&str; 5] = [
    "panic",
    "egmentation",
    "unable to dlopen",
    "adding faulty module",
    "no module",
];

/// The failure line that every tool knows, as pam_unix writes it.
const FAILURE: &str = "...: authentication failure; logname=... uid=<n> euid=<n> tty=... ruser=... \
                       rhost=...  user=...";

/// Returns the faults of the log lines of any login.
pub fn misbehaviour(lines: &[Line], password: &str) -> Vec<String> {
    let faults = lines.iter().map(|line| faults(line, password));
    faults.flatten().collect()
}

fn faults(line: &Line, password: &str) -> Vec<String> {
    let text = &line.text;
    let mut faults = Vec::new();
    // A short password may occur by chance.
    if password.len() > 5 && line.raw.contains(password) {
        faults.push(format!("the password is in the log: {text}"));
    }
    for crash in CRASHES.iter().filter(|crash| text.contains(**crash)) {
        faults.push(format!("{crash}: {text}"));
    }
    if !text.starts_with("pam_authchain(") {
        return faults;
    }
    if text.chars().any(char::is_control) {
        faults.push(format!("control characters in a line of ours: {text:?}"));
    }
    if line.is_failure() && !is_as_tools_know_it(text) {
        faults.push(format!("not the shape every tool knows: {text}"));
    }
    faults
}

/// Whether a failure line has the shape that tools know, with nothing behind the name.
fn is_as_tools_know_it(text: &str) -> bool {
    let name = text.rsplit("  user=").next();
    fits(FAILURE, text) && !name.is_some_and(|name| name.contains(' '))
}
