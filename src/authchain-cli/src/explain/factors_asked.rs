//! The second factors that a login needs, and which of them the person is asked for.

use std::time::Duration;

use authchain::chain::registry;
use authchain::config::rules::Demand;
use authchain::config::settings::{CodeEntry, Enrol, NotEnrolled, PublicKey};
use authchain::config::{BackendTable, Config};
use authchain::words::Username;
use serde_json::{Value, json};

use crate::terminal::{Terminal, clean};

/// The second factors that a login needs.
#[derive(Default)]
pub(super) struct FactorsAsked<'c> {
    demand: Demand,
    /// The factors in order, and whether the person is enrolled.
    factors: Vec<(&'c str, Enrolled)>,
    /// The backends, of those that are asked, after which no factor is asked for.
    backends_with_mfa: Vec<&'c str>,
}

/// The answer to whether a person is enrolled in a factor.
enum Enrolled {
    Yes,
    No,
    /// Only the factor itself can say.
    Presumed,
    /// It cannot be found out, for this reason.
    Unknown(String),
}

/// The consequence for the login, if the password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Consequence<'c> {
    /// This factor is asked for.
    Asked(&'c str),
    /// The person enrols in this factor.
    Enrols(&'c str),
    PasswordIsEnough,
    NotEnrolled,
    /// It cannot be found out what the person is asked for, for this reason.
    Unknown(&'c str),
}

impl<'c> FactorsAsked<'c> {
    /// Finds out what `demand` means for a person whom one of the backends in `chain` accepts.
    pub(super) fn new(
        demand: Demand,
        config: &'c Config<'_>,
        user: &Username,
        chain: &[&str],
    ) -> Self {
        let table = |name: &String| config.factors.iter().find(|table| table.name() == name);
        let tables = demand.factors.iter().filter_map(table);
        let factors = tables.map(|table| (table.name(), Enrolled::of(table, config, user)));
        let asked = (config.backends.iter()).filter(|table| chain.contains(&table.name()));
        let with_mfa = asked.filter(|table| registry::stands_for_factor(table, &config.settings));
        Self {
            factors: factors.collect(),
            backends_with_mfa: with_mfa.map(BackendTable::name).collect(),
            demand,
        }
    }

    fn consequence(&self) -> Consequence<'_> {
        for (name, enrolled) in &self.factors {
            match enrolled {
                Enrolled::Yes | Enrolled::Presumed => return Consequence::Asked(name),
                Enrolled::Unknown(why) => return Consequence::Unknown(why),
                Enrolled::No => {}
            }
        }
        let Demand {
            not_enrolled,
            enrol,
            code,
            ..
        } = self.demand;
        match (self.factors.first(), not_enrolled, enrol, code) {
            (None, ..) | (_, NotEnrolled::Skip, Enrol::Root, _) => Consequence::PasswordIsEnough,
            (Some((name, _)), _, Enrol::Oneself, CodeEntry::Asked) => Consequence::Enrols(name),
            _ => Consequence::NotEnrolled,
        }
    }

    pub(super) fn print(&self, terminal: &mut Terminal) {
        let factors = self.factors.iter();
        let factors = factors.map(|(name, enrolled)| format!("{name} ({})", enrolled.in_words()));
        let factors = match factors.collect::<Vec<_>>() {
            factors if factors.is_empty() => "none".to_owned(),
            factors => factors.join(", "),
        };
        let mut line = |key: &str, text: &str| {
            terminal.print(format_args!("  {key:<10} {}", clean(text)));
        };
        line("factors", &factors);
        if self.factors.is_empty() {
            return;
        }
        line("then", &self.consequence().in_words());
        for backend in &self.backends_with_mfa {
            line("", &format!("nothing more if {backend} accepts"));
        }
        if self.demand.code == CodeEntry::Appended {
            line("code", "behind the password, without a blank");
        }
        if self.demand.publickey == PublicKey::Counts {
            line("publickey", "stands for the password");
        }
        if let Some(remember) = self.demand.remember {
            let (unused, longest) = (in_words(remember.unused), in_words(remember.longest));
            line(
                "remember",
                &format!("for {unused} after each use, and {longest} at most"),
            );
        }
    }

    /// Returns the factors for scripts.
    pub(super) fn factors_json(&self) -> Value {
        let factors = self.factors.iter().map(|(name, enrolled)| {
            let enrolled = match enrolled {
                Enrolled::Yes => Some(true),
                Enrolled::No => Some(false),
                Enrolled::Presumed | Enrolled::Unknown(_) => None,
            };
            json!({ "name": name, "enrolled": enrolled })
        });
        factors.collect()
    }

    /// Returns for scripts what is asked for; null if there are no factors.
    pub(super) fn confirmation_json(&self) -> Value {
        if self.factors.is_empty() {
            return Value::Null;
        }
        let (consequence, factor) = self.consequence().for_scripts();
        let remember = self.demand.remember;
        json!({
            "consequence": consequence,
            "factor": factor,
            "not_enrolled": self.demand.not_enrolled,
            "enrol": self.demand.enrol,
            "code": self.demand.code,
            "publickey": self.demand.publickey,
            "remember_seconds": remember.map(|remember| remember.unused.as_secs()),
            "remember_max_seconds": remember.map(|remember| remember.longest.as_secs()),
            "backends_with_mfa": self.backends_with_mfa,
        })
    }
}

impl Enrolled {
    fn of(table: &BackendTable<'_>, config: &Config<'_>, user: &Username) -> Self {
        let factor = match registry::factor(table, &config.settings) {
            Ok(factor) => factor,
            Err(error) => return Self::Unknown(error.to_string()),
        };
        if factor.is_presumed() {
            return Self::Presumed;
        }
        match factor.enrolment(user) {
            Ok(Some(_)) => Self::Yes,
            Ok(None) => Self::No,
            Err(error) => Self::Unknown(error.to_string()),
        }
    }

    fn in_words(&self) -> &'static str {
        match self {
            Self::Yes => "enrolled",
            Self::No => "not enrolled",
            Self::Presumed => "the plugin knows who is enrolled",
            Self::Unknown(_) => "enrolled or not",
        }
    }
}

impl<'c> Consequence<'c> {
    fn in_words(self) -> String {
        match self {
            Self::Asked(name) => format!("{name} is asked for"),
            Self::Enrols(name) => format!("the person enrols in {name} (enrol = \"self\")"),
            Self::PasswordIsEnough => "the password is enough (not_enrolled = \"skip\")".to_owned(),
            Self::NotEnrolled => "refused: enrolled in none".to_owned(),
            Self::Unknown(why) => format!("unknown, and refused if root cannot find it out: {why}"),
        }
    }

    fn for_scripts(self) -> (&'static str, Option<&'c str>) {
        match self {
            Self::Asked(name) => ("asked", Some(name)),
            Self::Enrols(name) => ("enrols", Some(name)),
            Self::PasswordIsEnough => ("password_is_enough", None),
            Self::NotEnrolled => ("refused", None),
            Self::Unknown(_) => ("unknown", None),
        }
    }
}

/// Writes a duration as the configuration has it.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds % 3_600, seconds % 60) {
        _ if seconds == 0 => format!("{}ms", time.as_millis()),
        (0, _) => format!("{}h", seconds / 3_600),
        (_, 0) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}
