//! Log lines that no login may cause.

use crate::pattern::fits;
use crate::real::log::Line;

/// Returns the faults of the log lines of any login.
pub fn misbehaviour(lines: &[Line], password: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in lines {
        // A short password may occur by chance.
        if password.len() > 5 && line.raw.contains(password) {
            wrong.push(format!("the password is in the log: {}", line.text));
        }
        let ours = line.text.starts_with("pam_authchain(");
        if ours && line.text.chars().any(char::is_control) {
            wrong.push(format!(
                "control characters in a line of ours: {:?}",
                line.text
            ));
        }
        for bad in [
            "panic",
            "egmentation",
            "unable to dlopen",
            "adding faulty module",
            "no module",
        ] {
            if line.text.contains(bad) {
                wrong.push(format!("{bad}: {}", line.text));
            }
        }
    }
    let failures = lines.iter().filter(|line| {
        line.text.starts_with("pam_authchain(") && line.text.contains("): authentication failure; ")
    });
    for failure in failures {
        if !fits(
            "...: authentication failure; logname=... uid=<n> euid=<n> tty=... ruser=... rhost=...  user=...",
            &failure.text,
        ) || failure
            .text
            .rsplit("  user=")
            .next()
            .is_some_and(|name| name.contains(' '))
        {
            wrong.push(format!("not the shape every tool knows: {}", failure.text));
        }
    }
    wrong
}
