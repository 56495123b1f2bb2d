//! Integers as files, directories and addresses write them.

use std::str::FromStr;

/// Reads an integer: decimal digits, with a minus sign in front where the type has one.
///
/// `from_str` alone takes a leading plus sign, too. Other programs that read the same text may
/// refuse it, or read another number.
pub fn number<N: FromStr>(text: &[u8]) -> Option<N> {
    match text {
        [b'+', ..] => None,
        text => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_are_a_number_and_nothing_else_is(value: u32, sign in "[+ _-]", junk in "[^0-9]") {
            let digits = value.to_string();
            prop_assert_eq!(number(digits.as_bytes()), Some(value));
            prop_assert_eq!(number(digits.as_bytes()), Some(i64::from(value)));
            for text in [format!("{sign}{digits}"), format!("{digits}{junk}"), junk] {
                prop_assert_eq!(number::<u32>(text.as_bytes()), None);
            }
            let negative = format!("-{digits}");
            prop_assert_eq!(number(negative.as_bytes()), Some(-i64::from(value)));
            prop_assert_eq!(number::<i64>(format!("+{digits}").as_bytes()), None);
        }
    }

    #[test]
    fn a_number_that_does_not_fit_is_none() {
        assert_eq!(number::<u16>(b"65535"), Some(u16::MAX));
        for text in [&b"65536"[..], b"", b"-", b"+", b"-1", b"\xff"] {
            assert_eq!(number::<u16>(text), None);
        }
    }
}
