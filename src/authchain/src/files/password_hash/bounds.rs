//! Numbers in the cost of a hash, and their limits.

use super::error::HashError;

/// Refuses a value over its limit.
pub(super) fn limit(what: &'static str, value: u64, limit: u64) -> Result<(), HashError> {
    if value > limit {
        return Err(HashError::TooCostly { what, value, limit });
    }
    Ok(())
}

/// Reads the number between `prefix` and a final dollar sign.
pub(super) fn number_between(cost: &[u8], prefix: &[u8]) -> Option<u64> {
    number(cost.strip_prefix(prefix)?.strip_suffix(b"$")?)
}

/// Reads a decimal number without sign or leading zero; a number beyond 64 bits counts as
/// [`u64::MAX`].
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let well_formed =
        matches!(digits, [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    let text = std::str::from_utf8(digits).ok().filter(|_| well_formed)?;
    Some(text.parse().unwrap_or(u64::MAX))
}

/// Reads a number in digits of base 64, the lowest first.
pub(super) fn fixed_length(digits: &[u8]) -> Option<u64> {
    digits.iter().rev().try_fold(0_u64, |number, &byte| {
        Some(number.checked_mul(64)?.saturating_add(digit(byte)?))
    })
}

/// Returns the value of a digit in crypt(3)'s base 64: `./0-9A-Za-z`.
pub(super) fn digit(byte: u8) -> Option<u64> {
    let (first, value) = match byte {
        b'.' | b'/' => (b'.', 0_u8),
        b'0'..=b'9' => (b'0', 2),
        b'A'..=b'Z' => (b'A', 12),
        b'a'..=b'z' => (b'a', 38),
        _ => return None,
    };
    byte.checked_sub(first)?.checked_add(value).map(u64::from)
}
