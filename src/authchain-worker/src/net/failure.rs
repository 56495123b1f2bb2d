//! What went wrong, where, and whether another server may do better.

use std::fmt;
use std::io;

use authchain::tools::deadline::Deadline;

/// Why a server gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was being done.
    pub step: &'static str,
    /// What happened.
    pub text: String,
    /// What that means for other servers.
    pub kind: Kind,
}

/// What a failure means for other servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nobody answers there: later logins can save themselves the wait.
    Down,
    /// This server answers, but not in a way that helps; another may.
    Trouble,
    /// The settings are wrong, and no other server can help.
    Settings,
}

impl Failure {
    /// Nobody answers.
    pub fn down(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, Kind::Down)
    }

    /// Answers that do not help.
    pub fn trouble(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, Kind::Trouble)
    }

    /// The settings are wrong.
    pub fn settings(step: &'static str, text: impl Into<String>) -> Self {
        Self::new(step, text, Kind::Settings)
    }

    fn new(step: &'static str, text: impl Into<String>, kind: Kind) -> Self {
        let text = text.into();
        Self { step, text, kind }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.text)
    }
}

/// Gives `work` until `deadline`; a server that takes longer counts as down.
///
/// # Errors
/// Those of `work`, and the timeout.
pub async fn within<T>(
    deadline: Deadline,
    step: &'static str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(deadline.remaining(), work).await {
        Ok(result) => result,
        Err(_) => Err(Failure::down(step, "timed out")),
    }
}

/// The system's words for an error, without its number.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    let mut text = text.get(..end).unwrap_or(&text).to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_the_systems_words() {
        let refused = io::Error::from_raw_os_error(111);
        let failure = Failure::down("connect", words(&refused));
        assert_eq!(failure.to_string(), "connect: connection refused");
    }
}
