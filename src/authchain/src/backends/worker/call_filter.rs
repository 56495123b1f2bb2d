//! The filter of system calls under which this process runs, and so each worker that it starts.

use std::fs;

/// Returns what a kill by SIGSYS may come from besides the worker's own filter, for the log.
pub(super) fn blame() -> &'static str {
    match is_filtered() {
        true => ", perhaps by the service's SystemCallFilter, which must allow @system-service",
        false => "",
    }
}

/// Returns whether system calls of this process are filtered (seccomp(2)), by a service manager or
/// a container.
fn is_filtered() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mode = lines.find_map(|line| line.strip_prefix("Seccomp:"));
    mode.is_some_and(|mode| mode.trim() != "0")
}
