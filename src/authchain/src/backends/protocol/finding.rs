//! Findings: the replies of a worker that is asked to examine its servers.

use std::time::Duration;

/// The result of one step of the examination of a server, such as connecting or binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFinding {
    /// The name of the server as the settings write it; empty where the step concerns no single
    /// server.
    pub server: String,
    /// The step, such as `connect`.
    pub step: String,
    /// The time it took, in whole microseconds.
    pub took: Duration,
    /// The effect of the result on logins.
    pub severity: Severity,
    /// The result, and how to mend it, for the administrator.
    pub text: String,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Good to know.
    Note,
    /// Logins work, but perhaps not as intended, or not for long.
    Warning,
    /// Logins fail.
    Error,
}
