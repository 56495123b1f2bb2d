//! What a worker says of its servers when it is asked to examine them.

use std::time::Duration;

/// What one step on the way to one server came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFinding {
    /// The server, by the name it has in the settings; empty where the step concerns no single
    /// server.
    pub server: String,
    /// What was done, such as `connect`.
    pub step: String,
    /// How long that took, in whole microseconds.
    pub took: Duration,
    /// How bad it is.
    pub severity: Severity,
    /// What came of it, and what to do about it.
    pub text: String,
}

/// How bad it is.
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
