//! Security identifiers of accounts and groups (MS-DTYP 2.4.2).

use std::fmt;
use std::str::FromStr;

use crate::words::number;

/// Maximum number of subauthorities of an identifier (MS-DTYP 2.4.2).
const MAX_SUB_AUTHORITIES: usize = 15;

/// Authorities from here on are written in hexadecimal (MS-DTYP 2.4.2.1).
const LARGE: u64 = 1 << 32;

/// A security identifier: `S-1-5-21-1004336348-1177238915-682003330-512`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sid {
    authority: u64,
    sub_authorities: Vec<u32>,
}

impl Sid {
    /// Reads the bytes of `objectSid` and `tokenGroups` (MS-DTYP 2.4.2.2): a revision, the number
    /// of subauthorities, the authority (six bytes, big-endian), and the subauthorities (four bytes
    /// each, little-endian).
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let ([1, count, a, b, c, d, e, f], sub_authorities) = bytes.split_first_chunk()? else {
            return None;
        };
        let chunks = sub_authorities.chunks_exact(4);
        let is_whole = chunks.len() == usize::from(*count) && chunks.remainder().is_empty();
        if !is_whole || chunks.len() > MAX_SUB_AUTHORITIES {
            return None;
        }
        let sub_authorities =
            chunks.filter_map(|part| Some(u32::from_le_bytes(part.try_into().ok()?)));
        Some(Self {
            authority: u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f]),
            sub_authorities: sub_authorities.collect(),
        })
    }
}

impl FromStr for Sid {
    type Err = ();

    /// Reads the written form (MS-DTYP 2.4.2.1).
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut numbers = text.strip_prefix("S-1-").ok_or(())?.split('-');
        let authority = numbers.next().ok_or(())?;
        let authority = match authority.strip_prefix("0x") {
            Some(digits) if digits.starts_with('+') => None,
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => number(authority.as_bytes()),
        };
        let authority = authority.ok_or(())?;
        let sub_authorities: Option<Vec<u32>> =
            numbers.map(|part| number(part.as_bytes())).collect();
        let sub_authorities = sub_authorities.ok_or(())?;
        let is_valid =
            authority < 1 << 48 && (1..=MAX_SUB_AUTHORITIES).contains(&sub_authorities.len());
        is_valid
            .then_some(Self {
                authority,
                sub_authorities,
            })
            .ok_or(())
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.authority {
            large @ LARGE.. => write!(f, "S-1-0x{large:012X}")?,
            authority => write!(f, "S-1-{authority}")?,
        }
        (self.sub_authorities.iter()).try_for_each(|part| write!(f, "-{part}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes_of(sid: &Sid) -> Vec<u8> {
        let count = u8::try_from(sid.sub_authorities.len()).unwrap();
        let authority = &sid.authority.to_be_bytes()[2..];
        let sub_authorities = sid
            .sub_authorities
            .iter()
            .flat_map(|part| part.to_le_bytes());
        [&[1, count], authority, &sub_authorities.collect::<Vec<_>>()].concat()
    }

    #[test]
    fn an_identifier_is_read_as_it_is_written() {
        let bytes = [
            1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0xa9, 0x15, 0x65, 0x05, 0x24, 0x15, 0x14, 0x8c,
            0x63, 0xff, 0xdd, 0x47, 0x01, 0x02, 0, 0,
        ];
        let sid = Sid::of_bytes(&bytes).unwrap();
        assert_eq!(
            sid.to_string(),
            "S-1-5-21-90510761-2350126372-1205731171-513"
        );
        let everybody = Sid::of_bytes(&[1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
        assert_eq!(everybody, "S-1-1-0".parse().ok());
    }

    #[test]
    fn what_is_no_identifier_is_none() {
        for bytes in [
            &[][..],
            &[1, 0, 0, 0, 0, 0, 0],
            &[2, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            &[1, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            &[1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0],
            &[1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
            &[&[1, 16, 0, 0, 0, 0, 0, 5][..], &[0; 64]].concat(),
        ] {
            assert_eq!(Sid::of_bytes(bytes), None, "{bytes:?}");
        }
        for text in [
            "",
            "S-1-5",
            "S-1-",
            "S-2-5-32",
            "s-1-5-32",
            "S-1-5-32-",
            "S-1-5-4294967296",
            "S-1-0x1000000000000-1",
            "S-1-5-32-544-1-1-1-1-1-1-1-1-1-1-1-1-1-1",
            "S-1-5-+1",
            "S-1-+5-1",
            "S-1-0x+5-1",
        ] {
            assert_eq!(text.parse::<Sid>(), Err(()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_identifier_is_the_same_in_both_forms(
            authority in 0_u64..1 << 48,
            sub_authorities in proptest::collection::vec(any::<u32>(), 1..=MAX_SUB_AUTHORITIES),
        ) {
            let sid = Sid { authority, sub_authorities };
            prop_assert_eq!(Sid::of_bytes(&bytes_of(&sid)), Some(sid.clone()));
            prop_assert_eq!(sid.to_string().parse(), Ok(sid));
        }

        #[test]
        fn no_two_byte_strings_are_one_identifier(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(sid) = Sid::of_bytes(&bytes) {
                prop_assert_eq!(bytes_of(&sid), bytes);
            }
        }
    }
}
