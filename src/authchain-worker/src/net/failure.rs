//! What went wrong, where, and whether another server may do better.

use std::fmt;
use std::io;

use authchain::tools::deadline::Deadline;
use authchain::tools::journal::clean;

/// How much of a server's own words is repeated, in characters.
const MAX_WORDS: usize = 160;

/// How long the text of a failure gets, in characters: there may be one for each server.
const MAX_TEXT: usize = 300;

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
    /// The server has been given the person's password, and no other is to be: one login is one
    /// attempt, or a directory that locks accounts counts several.
    Spent,
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
        let text = clean(&text.into()).chars().take(MAX_TEXT).collect();
        Self { step, text, kind }
    }

    /// The same once the person's password has been sent.
    #[must_use]
    pub fn spent(self) -> Self {
        let kind = match self.kind {
            Kind::Down | Kind::Trouble => Kind::Spent,
            kind => kind,
        };
        Self { kind, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.text)
    }
}

/// Gives `work` until `deadline`; a server that takes longer counts as down.
///
/// For what does not depend on who logs in: whoever can make one operation of theirs slow could
/// else keep everybody from the server. For the rest there is [`within_as`].
///
/// # Errors
/// Those of `work`, and the timeout.
pub async fn within<T>(
    deadline: Deadline,
    step: &'static str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    within_as(Kind::Down, deadline, step, work).await
}

/// Gives `work` until `deadline`; `kind` is what it means when it takes longer.
///
/// # Errors
/// Those of `work`, and the timeout.
pub async fn within_as<T>(
    kind: Kind,
    deadline: Deadline,
    step: &'static str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(deadline.remaining(), work).await {
        Ok(result) => result,
        Err(_) => Err(Failure::new(step, "timed out", kind)),
    }
}

/// A server's own words: no control characters, and not many.
pub fn server_words(text: &str) -> String {
    let text: String = text
        .trim_matches(['\0', ' ', '\n'])
        .chars()
        .take(MAX_WORDS)
        .collect();
    clean(&text)
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

    #[test]
    fn no_text_breaks_or_fills_the_log() {
        let failure = Failure::trouble("x", format!("a\nb\x1b{}", "c".repeat(4096)));
        assert!(failure.text.starts_with("a\\nb\\u{1b}ccc"), "{failure}");
        assert_eq!(failure.text.chars().count(), MAX_TEXT);
    }

    #[test]
    fn once_the_password_is_sent_only_the_settings_matter_more() {
        let kind = |failure: Failure| failure.spent().kind;
        assert_eq!(kind(Failure::down("x", "")), Kind::Spent);
        assert_eq!(kind(Failure::trouble("x", "")), Kind::Spent);
        assert_eq!(kind(Failure::settings("x", "")), Kind::Settings);
    }
}
