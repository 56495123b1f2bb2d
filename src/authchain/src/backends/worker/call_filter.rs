//! The filter of system calls under which this process runs, and so each worker that it starts.

use std::fs;

/// Returns a hint for the log about a worker that SIGSYS killed: a filter of the service may be the
/// cause, not the worker's own.
pub(super) fn sigsys_hint() -> &'static str {
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
