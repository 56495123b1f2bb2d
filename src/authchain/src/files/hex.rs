//! Bytes as hexadecimal digits.

use std::fmt::Write as _;

/// Writes bytes as hexadecimal digits.
pub(in crate::files) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads `N` bytes from hexadecimal digits.
pub(in crate::files) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = Vec::new();
    for pair in text.as_bytes().chunks(2) {
        let pair = std::str::from_utf8(pair).ok()?;
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(pair, 16).ok()?);
    }
    bytes.try_into().ok()
}
