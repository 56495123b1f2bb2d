//! The second factors that a login needs.

use std::time::Duration;

use toml::Spanned;

use super::settings::RuleSettings;
use crate::config::ConfigDuration;
use crate::config::settings::{CodeEntry, Enrol, GlobalSettings, NotEnrolled, PublicKey};

/// The longest time for which a factor is remembered, where a rule does not say it.
const LONGEST: Duration = Duration::from_secs(4 * 3600);

/// The second factors that a login needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// The names of the factors, of which one is asked for; none where it is empty.
    pub factors: Vec<String>,
    /// The answer to somebody who is enrolled in none of them.
    pub not_enrolled: NotEnrolled,
    /// The people who may enrol somebody.
    pub enrol: Enrol,
    /// Where a code is typed.
    pub code: CodeEntry,
    /// The weight of a public key that sshd has verified.
    pub publickey: PublicKey,
    /// How long a confirmed factor counts; `None` if only once.
    pub remember: Option<Remember>,
}

/// How long a confirmed factor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remember {
    /// Maximum time since it was last used.
    pub unused: Duration,
    /// Maximum time since it was confirmed.
    pub longest: Duration,
}

/// The keys of a rule that are about second factors.
#[derive(Debug, Clone, Default)]
pub(super) struct DemandKeys {
    pub(super) then: Option<Vec<Spanned<String>>>,
    not_enrolled: Option<NotEnrolled>,
    enrol: Option<Enrol>,
    code: CodeEntry,
    publickey: PublicKey,
    remember: Option<Remember>,
}

impl DemandKeys {
    /// Takes the keys from a rule's settings.
    pub(super) fn new(settings: &RuleSettings) -> Self {
        let longest = settings.remember_max.map(ConfigDuration::duration);
        let remember = settings.remember.map(|duration| Remember {
            unused: duration.duration(),
            longest: longest.unwrap_or_else(|| LONGEST.max(duration.duration())),
        });
        Self {
            then: settings.then.clone(),
            not_enrolled: settings.not_enrolled,
            enrol: settings.enrol,
            code: settings.code,
            publickey: settings.publickey,
            remember,
        }
    }
}

impl Demand {
    /// Returns the demand at the top of the file.
    pub fn at_the_top(settings: &GlobalSettings) -> Self {
        Self {
            factors: names(&settings.then),
            not_enrolled: settings.not_enrolled,
            enrol: settings.enrol,
            ..Self::default()
        }
    }

    /// Returns whether no factor is asked for.
    pub fn is_empty(&self) -> bool {
        self.factors.is_empty()
    }
}

impl DemandKeys {
    /// Returns the demand of the rule, which has what it lacks from the `top` of the file.
    pub(super) fn below(&self, top: &Demand) -> Demand {
        let of_rule = self.then.as_deref().map(names);
        Demand {
            factors: of_rule.unwrap_or_else(|| top.factors.clone()),
            not_enrolled: self.not_enrolled.unwrap_or(top.not_enrolled),
            enrol: self.enrol.unwrap_or(top.enrol),
            code: self.code,
            publickey: self.publickey,
            remember: self.remember,
        }
    }
}

fn names(written: &[Spanned<String>]) -> Vec<String> {
    written.iter().map(|name| name.get_ref().clone()).collect()
}
