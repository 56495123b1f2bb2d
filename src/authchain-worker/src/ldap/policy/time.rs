//! Times as directories write them (RFC 4517 §3.3.13): `20261121213000Z`.

use std::time::{SystemTime, UNIX_EPOCH};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How many digits of a fraction are read. The result is in whole seconds, which more digits would
/// not change.
const MAX_FRACTION: usize = 9;

/// Returns the seconds from 1 January 1970, UTC, to a generalized time (RFC 4517 §3.3.13). Before
/// 1970 the result is negative: an account that an administrator locked has
/// `pwdAccountLockedTime: 000001010000Z`.
pub(in crate::ldap) fn parse(text: &str) -> Option<i64> {
    let (local, ahead) = offset(text)?;
    let (digits, fraction) = match local.split_once(['.', ',']) {
        Some((digits, fraction)) => (digits, Some(fraction)),
        None => (local, None),
    };
    let number = |range| number(digits, range);
    // A fraction belongs to the smallest unit in the text: hours, minutes or seconds.
    let (minutes, seconds, unit) = match digits.len() {
        10 => (0, 0, HOUR),
        12 => (number(10..12)?, 0, MINUTE),
        14 => (number(10..12)?, number(12..14)?, 1),
        _ => return None,
    };
    let hours = number(8..10)?;
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let days = days(number(0..4)?, number(4..6)?, number(6..8)?)?;
    (days.checked_mul(DAY)?)
        .checked_add(hours.checked_mul(HOUR)?)?
        .checked_add(minutes.checked_mul(MINUTE)?)?
        .checked_add(seconds)?
        .checked_add(fraction.map_or(Some(0), |fraction| part(fraction, unit))?)?
        .checked_sub(ahead)
}

/// Returns the seconds from 1 January 1970, UTC, to `now`.
pub(in crate::ldap) fn seconds(now: SystemTime) -> i64 {
    let whole = |seconds| i64::try_from(seconds).unwrap_or(i64::MAX);
    match now.duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since.as_secs()),
        Err(before) => whole(before.duration().as_secs()).saturating_neg(),
    }
}

/// Splits the time zone off; returns the local time, and the seconds by which it is ahead of UTC.
fn offset(text: &str) -> Option<(&str, i64)> {
    if let Some(local) = text.strip_suffix('Z') {
        return Some((local, 0));
    }
    let at = text.find(['+', '-'])?;
    let (local, zone) = text.split_at_checked(at)?;
    let (sign, zone) = zone.split_at_checked(1)?;
    let minutes = match zone.len() {
        2 => 0,
        4 => number(zone, 2..4)?,
        _ => return None,
    };
    let hours = number(zone, 0..2)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let ahead = (hours.checked_mul(HOUR)?).checked_add(minutes.checked_mul(MINUTE)?)?;
    let ahead = if sign == "-" {
        ahead.checked_neg()?
    } else {
        ahead
    };
    Some((local, ahead))
}

/// Returns the fraction of `unit` with these decimal digits.
fn part(fraction: &str, unit: i64) -> Option<i64> {
    let known = fraction.get(..fraction.len().min(MAX_FRACTION))?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = number(known, 0..known.len())?;
    let whole = 10_i64.checked_pow(u32::try_from(known.len()).ok()?)?;
    digits.checked_mul(unit)?.checked_div(whole)
}

/// Returns the number that the text at `range` spells, which must be digits only.
fn number(text: &str, range: std::ops::Range<usize>) -> Option<i64> {
    let digits = text.get(range)?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| digits.parse().ok())?
}

/// Returns the days from 1 January 1970 to this date of the Gregorian calendar. A day behind the
/// end of its month, up to 31, is one of the next month.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
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
    let leap_days = (year.checked_div_euclid(4)?)
        .checked_sub(year.checked_div_euclid(100)?)?
        .checked_add(year.checked_div_euclid(400)?)?;
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
        for (text, seconds) in [
            ("19700101000000Z", 0),
            ("19691231235959Z", -1),
            ("00000101000000Z", -62_167_219_200),
            ("000001010000Z", -62_167_219_200),
            ("20000229120000Z", 951_825_600),
            ("20261121213015Z", 1_795_296_615),
            ("202611212130Z", 1_795_296_600),
            ("2026112121Z", 1_795_294_800),
            ("20261121213015.123456Z", 1_795_296_615),
            ("20261121213015,9Z", 1_795_296_615),
            ("202611212130.25Z", 1_795_296_615),
            ("2026112121.5Z", 1_795_296_600),
            ("2026112121.50000000000Z", 1_795_296_600),
            ("20261121223015+0100", 1_795_296_615),
            ("20261121223015.5+01", 1_795_296_615),
            ("20261121180015-0330", 1_795_296_615),
            ("202611211800-0330", 1_795_296_600),
            ("2026112200+03", 1_795_294_800),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn malformed_times_are_refused() {
        for text in [
            "",
            "Z",
            "+0100",
            "20261121213015",
            "20261121213015.Z",
            "20261121213015.5xZ",
            "2026112121.5000000000xZ",
            "20261321213015Z",
            "20260021213015Z",
            "20261121243015Z",
            "2026112121301+Z",
            "2026112121301Z",
            "20261121213015+",
            "20261121213015+1",
            "20261121213015+2400",
            "20261121213015+0160",
            "20261121213015+01000",
            "20261121213015+0100Z",
            "-0261121213015Z",
            "20261121213015Z ",
            "\u{fc}0261121213015Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
