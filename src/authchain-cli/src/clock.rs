//! The wall clock, and days of shadow(5).

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the present time.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the command reads a clock"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns today as shadow(5) counts days: from 1 January 1970.
pub(crate) fn today() -> u64 {
    days(now())
}

fn days(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |past| past.as_secs() / 86_400)
}

/// Formats the day of a time as a date.
pub(crate) fn date_of(time: SystemTime) -> String {
    date(days(time))
}

/// Formats a time to the minute, such as `2024-10-04 09:30 UTC`.
pub(crate) fn date_and_time(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let minutes = seconds / 60 % 1_440;
    let (hour, minute) = (minutes / 60, minutes % 60);
    format!("{} {hour:02}:{minute:02} UTC", date_of(time))
}

/// Formats a day of shadow(5) as a date: 20000 is 2024-10-04.
pub(crate) fn date(day: u64) -> String {
    // Howard Hinnant's civil_from_days: years begin in March, so that leap days come last.
    let shifted = day.saturating_add(719_468);
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era
        .saturating_sub(day_of_era / 1_460)
        .saturating_add(day_of_era / 36_524)
        .saturating_sub(day_of_era / 146_096))
        / 365;
    let before_year = year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era / 4)
        .saturating_sub(year_of_era / 100);
    let day_of_year = day_of_era.saturating_sub(before_year);
    let month_from_march = day_of_year.saturating_mul(5).saturating_add(2) / 153;
    let before_month = month_from_march.saturating_mul(153).saturating_add(2) / 5;
    let month_day = day_of_year.saturating_sub(before_month).saturating_add(1);
    let is_after_december = month_from_march >= 10;
    let month = match month_from_march {
        march_to_december if !is_after_december => march_to_december.saturating_add(3),
        january_or_february => january_or_february.saturating_sub(9),
    };
    let year = era
        .saturating_mul(400)
        .saturating_add(year_of_era)
        .saturating_add(u64::from(is_after_december));
    format!("{year:04}-{month:02}-{month_day:02}")
}

/// Reads a date such as `2024-10-04` as a day of shadow(5); `None` for anything else, and for a day
/// that no month has.
pub(crate) fn day(text: &str) -> Option<u64> {
    let year: u64 = text.split('-').next()?.parse().ok()?;
    // The days of the year, give or take some, of which one may have this name.
    let first = year.checked_sub(1_970)?.checked_mul(365)?;
    let leap_days = year.saturating_sub(1_968) / 4;
    let mut days = first..=first.saturating_add(leap_days).saturating_add(366);
    days.find(|day| date(*day) == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn days_become_dates() {
        for (day, expected) in [
            (0, "1970-01-01"),
            (1, "1970-01-02"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_000, "2024-10-04"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
        ] {
            assert_eq!(date(day), expected);
        }
    }

    #[test]
    fn a_time_is_shown_to_the_minute() {
        let time = UNIX_EPOCH + Duration::from_secs(1_111_111_109);
        assert_eq!(date_and_time(time), "2005-03-18 01:58 UTC");
    }

    #[test]
    fn dates_become_days() {
        for day in (0..60_000).step_by(7) {
            assert_eq!(super::day(&date(day)), Some(day));
        }
        for text in [
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-1-1",
            "24-01-01",
            "soon",
            "",
        ] {
            assert_eq!(super::day(text), None, "{text}");
        }
        assert_eq!(super::day("99999999999999999999-01-01"), None);
        assert_eq!(super::day("18446744073709551615-01-01"), None);
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        assert_eq!(days(UNIX_EPOCH + Duration::from_secs(86_399)), 0);
        assert_eq!(days(UNIX_EPOCH + Duration::from_secs(86_400)), 1);
        assert_eq!(days(UNIX_EPOCH - Duration::from_secs(5)), 0);
    }
}
