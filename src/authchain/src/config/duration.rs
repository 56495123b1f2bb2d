//! Durations as they are written in the configuration: `3s`, `250ms`, `2m`, `4h`, `14d`.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::words::number;

const DAY_MS: u64 = 86_400_000;

/// A duration that is read and written as in the configuration, such as `3s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "schema",
    schemars(with = "String", title = "duration", extend("pattern" = "^[0-9]+(ms|s|m|h|d)$"))
)]
pub struct ConfigDuration(Duration);

impl ConfigDuration {
    /// Builds a duration of days of 24 hours.
    pub const fn from_days(days: u32) -> Self {
        Self::from_millis((days as u64).saturating_mul(DAY_MS))
    }

    /// Builds a duration of milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// Returns the duration as the type of the standard library.
    pub fn duration(self) -> Duration {
        self.0
    }

    /// Reads a number with its unit, `ms`, `s`, `m`, `h` or `d`.
    fn parse(text: &str) -> Option<Self> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: u64 = number(text.strip_suffix(unit)?.as_bytes())?;
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => DAY_MS,
            _ => return None,
        };
        number.checked_mul(milliseconds).map(Self::from_millis)
    }
}

impl fmt::Display for ConfigDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX) {
            ms if ms > 0 && ms % DAY_MS == 0 => write!(f, "{}d", ms / DAY_MS),
            ms if ms % 1_000 == 0 => write!(f, "{}s", self.0.as_secs()),
            ms => write!(f, "{ms}ms"),
        }
    }
}

/// Writes defaults into the JSON Schema, and settings into the hello of a worker.
impl serde::Serialize for ConfigDuration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConfigDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DurationVisitor)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = ConfigDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"3s\", \"250ms\" or \"2m\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ConfigDuration, E> {
        ConfigDuration::parse(text)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_needs_a_known_unit() {
        assert_eq!(
            ConfigDuration::parse("3s"),
            Some(ConfigDuration::from_millis(3_000))
        );
        assert_eq!(
            ConfigDuration::parse("250ms"),
            Some(ConfigDuration::from_millis(250))
        );
        assert_eq!(
            ConfigDuration::parse("2m"),
            Some(ConfigDuration::from_millis(120_000))
        );
        assert_eq!(
            ConfigDuration::parse("14d"),
            Some(ConfigDuration::from_days(14))
        );
    }

    #[test]
    fn days_are_written_as_days() {
        assert_eq!(ConfigDuration::from_days(14).to_string(), "14d");
        assert_eq!(ConfigDuration::from_days(0).to_string(), "0s");
    }

    #[test]
    fn text_that_is_not_digits_and_a_known_unit_is_refused() {
        for text in [
            "",
            "3",
            "s",
            "-3s",
            "+3s",
            "3 s",
            "3w",
            "3S",
            "99999999999999999999s",
            "1844674407370955161s",
            // ARABIC-INDIC DIGIT ONE.
            "\u{661}s",
        ] {
            assert_eq!(ConfigDuration::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_written_duration_is_read_back(ms in 0..1_000_000_000u64) {
            let span = ConfigDuration::from_millis(ms);
            prop_assert_eq!(ConfigDuration::parse(&span.to_string()), Some(span));
        }
    }
}
