//! Findings: the replies of a worker that is asked to examine its servers.

use std::time::Duration;

/// The result of one step on the way to one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFinding {
    /// The server, by the name it has in the settings; empty where the step concerns no single
    /// server.
    pub server: String,
    /// The step, such as `connect`.
    pub step: String,
    /// The time it took, in whole microseconds.
    pub took: Duration,
    /// Its severity.
    pub severity: Severity,
    /// The result in words, and the cure.
    pub text: String,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Good to know.
    Note,
    /// It works, and perhaps not as it was meant, or not for long.
    Warning,
    /// Logins fail.
    Error,
}
