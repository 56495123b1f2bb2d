//! Times as directories write them (RFC 4517 §3.3.13): `20261121213000Z`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time `text` means; `None` for what is none, or lies before 1970. Fractions are cut off, and
/// offsets are not understood: password policies write UTC.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let digits = text.strip_suffix('Z')?;
    let digits = digits.split(['.', ',']).next()?;
    let part = |range: std::ops::Range<usize>| -> Option<u64> {
        let part = digits.get(range)?;
        part.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| part.parse().ok())?
    };
    let seconds = match digits.len() {
        12 => 0,
        14 => part(12..14)?,
        _ => return None,
    };
    let (hours, minutes) = (part(8..10)?, part(10..12)?);
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let days = days(part(0..4)?, part(4..6)?, part(6..8)?)?;
    let seconds = (days.checked_mul(86_400)?)
        .checked_add(hours.checked_mul(3_600)?)?
        .checked_add(minutes.checked_mul(60)?)?
        .checked_add(seconds)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Days from 1 January 1970 to this date of the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March here, so that the leap day is the last.
    let year = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let month = month.checked_add(9)?.checked_rem(12)?;
    let in_months = month.checked_mul(153)?.checked_add(2)?.checked_div(5)?;
    let leap_days = (year.checked_div(4)?)
        .checked_sub(year.checked_div(100)?)?
        .checked_add(year.checked_div(400)?)?;
    let since_zero = (year.checked_mul(365)?)
        .checked_add(leap_days)?
        .checked_add(in_months)?
        .checked_add(day)?;
    // 1 January 1970, counted the same way.
    since_zero.checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_as_everyone_counts_them() {
        let seconds =
            |text| parse(text).map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs());
        assert_eq!(seconds("19700101000000Z"), Some(0));
        assert_eq!(seconds("20000229120000Z"), Some(951_825_600));
        assert_eq!(seconds("20261121213015Z"), Some(1_795_296_615));
        assert_eq!(seconds("202611212130Z"), Some(1_795_296_600));
        assert_eq!(seconds("20261121213015.123456Z"), Some(1_795_296_615));
        for text in [
            "",
            "Z",
            "000001010000Z",
            "20261121213015",
            "20261321213015Z",
            "20260021213015Z",
            "20261121243015Z",
            "2026112121301+Z",
            "20261121213015+0100",
            "\u{fc}0261121213015Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
