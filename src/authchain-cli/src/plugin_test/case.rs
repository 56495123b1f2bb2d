//! The results of cases.

use std::time::Duration;

use authchain::backends::protocol::WireVerdict;
use authchain::tools::deadline::system_clock;

use super::fault::TalkFault;
use super::talk::Answered;

/// The outcome of a case.
#[derive(Debug)]
pub(crate) enum CaseOutcome {
    /// It is as the page has it; with what the plugin said.
    Passed(String),
    /// A must is broken: what the plugin did, and what to do about it.
    Failed(String, String),
    /// It is allowed, but not as it should be: what the plugin did, and what to do about it.
    Advised(String, String),
    /// It was not tried, for this reason.
    Skipped(String),
}

impl CaseOutcome {
    pub(crate) fn failed(said: impl Into<String>, cure: &str) -> Self {
        Self::Failed(said.into(), cure.to_owned())
    }

    /// Returns the outcome of an exchange whose verdict should be one of `good`.
    pub(crate) fn of(heard: &Result<Answered, TalkFault>, good: &[&str], cure: &str) -> Self {
        match heard {
            Ok(answered) => {
                let verdict = &answered.conclusion.verdict;
                match good.contains(&verdict.word()) {
                    true => Self::Passed(in_words(verdict)),
                    false => Self::failed(in_words(verdict), cure),
                }
            }
            Err(fault) => fault.into(),
        }
    }

    /// Returns the word for the outcome in the report.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Failed(..) => "failed",
            Self::Advised(..) => "advice",
            Self::Skipped(_) => "skipped",
        }
    }

    /// Returns what the plugin did, or why it was not tried.
    pub(crate) fn said(&self) -> &str {
        let (Self::Passed(said)
        | Self::Failed(said, _)
        | Self::Advised(said, _)
        | Self::Skipped(said)) = self;
        said
    }

    /// Returns what to do about it.
    pub(crate) fn cure(&self) -> Option<&str> {
        match self {
            Self::Failed(_, cure) | Self::Advised(_, cure) => Some(cure),
            Self::Passed(_) | Self::Skipped(_) => None,
        }
    }
}

impl From<&TalkFault> for CaseOutcome {
    fn from(fault: &TalkFault) -> Self {
        match fault {
            TalkFault::Unanswered(_) => Self::Skipped(format!("{fault}: {}", fault.cure())),
            _ => Self::failed(fault.to_string(), fault.cure()),
        }
    }
}

/// Returns a verdict with its reason, for a person.
pub(crate) fn in_words(verdict: &WireVerdict) -> String {
    let word = verdict.word();
    match verdict {
        WireVerdict::Denied(denial) => format!("{word}: {denial}"),
        WireVerdict::Unavailable(why) | WireVerdict::Failed(why) | WireVerdict::Unsure(why) => {
            format!("{word}: {why}")
        }
        WireVerdict::Refused(refusal) => format!("{word}: {}", refusal.text),
        WireVerdict::Account(_, status) => format!("{word}: {status}"),
        _ => match verdict.user().and_then(|user| user.uid) {
            Some(uid) => format!("{word}, uid {uid}"),
            None => word.to_owned(),
        },
    }
}

/// A case that was played.
pub(crate) struct PlayedCase {
    pub(crate) name: String,
    pub(crate) outcome: CaseOutcome,
    pub(crate) took: Duration,
}

/// The cases that were played.
pub(crate) struct CaseList {
    /// Parts of names: only cases that have one of them are played, or all if there is none.
    pub(crate) only: Vec<String>,
    pub(crate) played: Vec<PlayedCase>,
}

impl CaseList {
    /// Plays a case, if it is wanted.
    pub(crate) fn play(&mut self, name: impl Into<String>, play: impl FnOnce() -> CaseOutcome) {
        let name = name.into();
        if !self.only.is_empty() && !self.only.iter().any(|part| name.contains(part)) {
            return;
        }
        self.play_always(name, play);
    }

    /// Plays a case that others depend on.
    pub(crate) fn play_always(
        &mut self,
        name: impl Into<String>,
        play: impl FnOnce() -> CaseOutcome,
    ) {
        let begin = system_clock();
        let outcome = play();
        self.played.push(PlayedCase {
            name: name.into(),
            outcome,
            took: system_clock().saturating_duration_since(begin),
        });
    }

    /// Returns whether no must was broken.
    pub(crate) fn is_passed(&self) -> bool {
        self.count("failed") == 0
    }

    /// Returns the number of cases with this outcome.
    pub(crate) fn count(&self, word: &str) -> usize {
        let outcomes = self.played.iter().map(|case| case.outcome.word());
        outcomes.filter(|outcome| *outcome == word).count()
    }
}
