//! A clock that nothing keeps right.

use std::path::Path;

use crate::check::report::{Report, Severity};

/// The folder in /run that systemd-timesyncd has while it runs.
const TIMESYNC: &str = "systemd/timesync";

/// The folders and files in /run of other programs that keep the clock right.
const OTHERS: [&str; 7] = [
    "chrony",
    "chronyd.pid",
    "ntpd.pid",
    "ntp.pid",
    "ntpsec",
    "openntpd.pid",
    "ntpd.sock",
];

/// Reports a clock that nobody keeps right; `run` is /run.
pub(super) fn check(run: &Path, report: &mut Report) {
    let has = |name: &str| run.join(name).exists();
    let timesync = run.join(TIMESYNC);
    let why = "a code is wrong where the clock is wrong by more than a minute";
    match (timesync.exists(), timesync.join("synchronized").exists()) {
        (true, true) => {}
        (true, false) => {
            let message = format!("the clock was not set from the network yet: {why}");
            report.add(Severity::Warning, &timesync, message);
        }
        (false, _) if OTHERS.iter().any(|name| has(name)) => {}
        (false, _) => {
            let message = format!(
                "no program was found here that keeps the clock right, such as systemd-timesyncd \
                 or chronyd: {why}"
            );
            report.add(Severity::Note, run, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_clock_that_nobody_has_set_is_reported() {
        for (files, expected) in [
            (&["x"][..], vec![Severity::Note]),
            (&["systemd/timesync/x"], vec![Severity::Warning]),
            (&["systemd/timesync/synchronized"], vec![]),
            (&["chrony/chronyd.sock"], vec![]),
        ] {
            let run = tempfile::tempdir().unwrap();
            for file in files {
                let path = run.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            let mut report = Report::default();
            check(run.path(), &mut report);
            let found: Vec<_> = report.findings.iter().map(|found| found.severity).collect();
            assert_eq!(found, expected, "{files:?}");
        }
    }
}
