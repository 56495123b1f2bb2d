//! Examines servers step by step, for `authchain check --online`.
//!
//! All types of backend share how steps are reported: a step is timed, reported as soon as it is
//! done, and ends the examination of its server when it fails. Each type has steps of its own.

use std::time::Duration;

use authchain::backends::protocol::{ServerFinding, Severity};
use authchain::tools::deadline::{Clock, system_clock};
use authchain::tools::journal::cut;

use crate::dialogue::Dialogue;

/// The longest text about one step, in characters.
const MAX_TEXT: usize = 800;

/// The step that looks for a group of a rule. The command knows it by this name.
pub const GROUP_OF_A_RULE: &str = "group of a rule";

/// An examination of servers, one after the other.
pub struct Examination<'d> {
    clock: Clock,
    server: String,
    dialogue: &'d Dialogue<'d>,
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The severity of the result.
    pub severity: Severity,
    /// The result in words, and what to do about it.
    pub text: String,
}

impl Remark {
    /// Returns a remark on what is as it should be.
    pub fn fine(text: impl Into<String>) -> Self {
        Self::new(Severity::Fine, text)
    }

    /// Returns a remark that is good to know.
    pub fn note(text: impl Into<String>) -> Self {
        Self::new(Severity::Note, text)
    }

    /// Returns a remark on what works, and perhaps not as it was meant.
    pub fn warning(text: impl Into<String>) -> Self {
        Self::new(Severity::Warning, text)
    }

    /// Returns a remark on what makes logins fail.
    pub fn error(text: impl Into<String>) -> Self {
        Self::new(Severity::Error, text)
    }

    fn new(severity: Severity, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { severity, text }
    }

    /// Adds a remark on the same step; of the two severities, the worse one counts.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            severity: self.severity.max(other.severity),
            text: format!("{}; {}", self.text, other.text),
        }
    }
}

impl<'d> Examination<'d> {
    /// Begins an examination whose findings are reported in `dialogue`. Its first server is named
    /// by [`turn_to`](Self::turn_to).
    pub fn begin(dialogue: &'d Dialogue<'d>) -> Self {
        Self {
            clock: system_clock,
            server: String::new(),
            dialogue,
        }
    }

    /// Turns to `server`, by its name in the settings: the findings from now on are about it.
    pub fn turn_to(&mut self, server: impl Into<String>) {
        self.server = server.into();
    }

    /// Takes a step, and reports how long it took and the result: the remark of `judge`, or the
    /// error. Returns `None` for a step that failed, which has been reported.
    pub async fn step<T>(
        &self,
        step: &str,
        work: impl Future<Output = Result<T, Remark>>,
        judge: impl FnOnce(&T, Duration) -> Remark,
    ) -> Option<T> {
        let begin = (self.clock)();
        let result = work.await;
        let took = (self.clock)().saturating_duration_since(begin);
        let remark = match &result {
            Ok(value) => judge(value, took),
            Err(remark) => remark.clone(),
        };
        self.report(step, took, remark);
        result.ok()
    }

    /// Reports a remark that took no time.
    pub fn remark(&self, step: &str, remark: Remark) {
        self.report(step, Duration::ZERO, remark);
    }

    fn report(&self, step: &str, took: Duration, remark: Remark) {
        self.dialogue.finding(ServerFinding {
            server: self.server.clone(),
            step: step.to_owned(),
            took,
            severity: remark.severity,
            text: cut(&remark.text.replace('\0', ""), MAX_TEXT),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::Budget;
    use authchain::backends::protocol::Reply;

    #[test]
    fn a_step_that_fails_is_reported_and_returns_nothing() {
        let (_sender, mut heard) = tokio::sync::mpsc::channel(1);
        let budget = Budget::whole(Duration::from_secs(1));
        let (dialogue, mut told) = Dialogue::open(&mut heard, &budget);
        let mut look = Examination::begin(&dialogue);
        look.turn_to("ldaps://a");
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let brought = runtime.unwrap().block_on(async {
            let fails = async { Err::<(), _>(Remark::error("connection refused")) };
            let failed = look.step("connect", fails, |(), _| Remark::fine("")).await;
            let works = look.step("TLS", async { Ok(7) }, |seven, _| {
                Remark::fine(format!("{seven}")).and(Remark::warning("expires"))
            });
            (failed, works.await)
        });
        assert_eq!(brought, (None, Some(7)));
        let told: Vec<_> = std::iter::from_fn(|| match told.try_recv().ok()? {
            Reply::Finding(finding) => Some(finding),
            _ => None,
        })
        .map(|finding| (finding.server, finding.step, finding.severity, finding.text))
        .collect();
        let expected = |step: &str, severity, text: &str| {
            let [server, step, text] = ["ldaps://a", step, text].map(str::to_owned);
            (server, step, severity, text)
        };
        assert_eq!(
            told,
            [
                expected("connect", Severity::Error, "connection refused"),
                expected("TLS", Severity::Warning, "7; expires"),
            ]
        );
    }
}
