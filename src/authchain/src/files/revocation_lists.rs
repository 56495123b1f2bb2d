//! Certificate revocation lists (RFC 5280 §5). Of each list, only the authority and the date on
//! which the next list is due are read here, for messages to the administrator. The worker's TLS
//! code reads which certificates a list revokes.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use super::pem::blocks;
use crate::tools::journal::quoted;
use crate::words::number;

/// Maximum size of a file of lists in bytes: it is read at each login.
pub const MAX_FILE: u64 = 8 * 1024 * 1024;

/// The label of a list in PEM form (RFC 7468 §9).
const LABEL: &str = "X509 CRL";

/// Tags of DER (X.690 §8).
const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// The attributes of a distinguished name that can name an authority, the best first: commonName,
/// organizationalUnitName, organizationName (X.520 §6).
const NAMES: [&[u8]; 3] = [b"\x55\x04\x03", b"\x55\x04\x0b", b"\x55\x04\x0a"];

/// A certificate revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// The name of the authority that issued the list.
    pub authority: String,
    /// The whole list, in DER.
    pub der: Vec<u8>,
    next_update: NextUpdate,
}

/// The moment at which the next list is due (nextUpdate). From then on, this list is too old.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct NextUpdate {
    /// Seconds since 1 January 1970.
    seconds: u64,
    /// The date, for messages: `2024-03-01`.
    date: String,
}

/// A fault of a file of revocation lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFault {
    /// The file has no list.
    NoList,
    /// The file has a block that is marked as a list but cannot be read.
    Malformed,
}

impl fmt::Display for ListFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoList => "holds no list of revoked certificates in PEM form",
            Self::Malformed => "holds something that is no list of revoked certificates",
        })
    }
}

/// Returns the lists of a file in PEM form (RFC 7468 §9), sorted by nextUpdate, the latest first.
/// Of two lists of one authority, the first is newer and counts.
///
/// # Errors
/// For a file without a list, or with a list that cannot be read.
pub fn lists(pem: &[u8]) -> Result<Vec<RevocationList>, ListFault> {
    let blocks = blocks(pem, LABEL).ok_or(ListFault::Malformed)?;
    let lists: Option<Vec<_>> = blocks.into_iter().map(RevocationList::of_der).collect();
    let mut lists = lists.ok_or(ListFault::Malformed)?;
    lists.sort_by(|a, b| b.next_update.cmp(&a.next_update));
    match lists.is_empty() {
        true => Err(ListFault::NoList),
        false => Ok(lists),
    }
}

impl RevocationList {
    fn of_der(der: Vec<u8>) -> Option<Self> {
        let (list, _) = expect(SEQUENCE, &der)?;
        let (body, _) = expect(SEQUENCE, list)?;
        // TBSCertList (RFC 5280 §5.1): version, signature, issuer, thisUpdate, nextUpdate.
        let body = expect(INTEGER, body).map_or(body, |(_, rest)| rest);
        let (_, body) = expect(SEQUENCE, body)?;
        let (name, body) = expect(SEQUENCE, body)?;
        let (_, _, body) = element(body)?;
        let (tag, end, _) = element(body)?;
        Some(Self {
            authority: authority(name),
            next_update: NextUpdate::of(tag, end)?,
            der,
        })
    }

    /// Returns whether the next list was due before `now`.
    pub fn is_too_old(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.next_update.seconds <= now.as_secs()
    }

    /// Returns the complaint about a list that is too old.
    pub fn complaint(&self) -> String {
        let (authority, date) = (quoted(&self.authority), &self.next_update.date);
        format!("the list of {authority} is too old (nextUpdate {date})")
    }
}

/// Returns the name of an authority, from its distinguished name.
fn authority(name: &[u8]) -> String {
    let called = NAMES.iter().find_map(|wanted| attribute(name, wanted));
    called.unwrap_or_else(|| "an authority without a name".to_owned())
}

fn attribute(mut name: &[u8], wanted: &[u8]) -> Option<String> {
    while let Some((mut parts, rest)) = expect(SET, name) {
        while let Some((part, others)) = expect(SEQUENCE, parts) {
            if let Some((kind, value)) = expect(OBJECT_IDENTIFIER, part) {
                if kind == wanted {
                    let (_, value, _) = element(value)?;
                    return Some(String::from_utf8_lossy(value).into_owned());
                }
            }
            parts = others;
        }
        name = rest;
    }
    None
}

impl NextUpdate {
    /// Reads a time with years from 1950 to 2049 in two digits, or any year in four (RFC 5280
    /// §4.1.2.5).
    fn of(tag: u8, contents: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(contents).ok()?;
        let text = match tag {
            UTC_TIME if text.as_bytes().first()? >= &b'5' => format!("19{text}"),
            UTC_TIME => format!("20{text}"),
            GENERALIZED_TIME => text.to_owned(),
            _ => return None,
        };
        let digits = text.strip_suffix('Z').filter(|digits| digits.len() == 14)?;
        let number = |range: std::ops::Range<usize>| number::<u64>(digits.get(range)?.as_bytes());
        let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
        let (hours, minutes, seconds) = (number(8..10)?, number(10..12)?, number(12..14)?);
        let minutes = hours.saturating_mul(60).saturating_add(minutes);
        let seconds = minutes.saturating_mul(60).saturating_add(seconds);
        let days = days_since_1970(year, month, day)?;
        Some(Self {
            seconds: days.saturating_mul(86_400).saturating_add(seconds),
            date: format!("{year:04}-{month:02}-{day:02}"),
        })
    }
}

/// Returns the days from 1 January 1970 to this date, 0 for an earlier date. `None` if the month or
/// the day is out of range.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March here, so that the leap day is the last day of a year.
    let year = year.checked_sub(u64::from(month <= 2))?;
    let in_months = (month.saturating_add(9) % 12)
        .saturating_mul(153)
        .saturating_add(2)
        / 5;
    let since_zero = (year.saturating_mul(365))
        .saturating_add(year / 4)
        .saturating_sub(year / 100)
        .saturating_add(year / 400)
        .saturating_add(in_months)
        .saturating_add(day);
    // 719,468 days lie between 1 March of the year 0 and 1970; one more, because days of a month
    // begin with 1.
    Some(since_zero.saturating_sub(719_469))
}

/// Returns the contents of the first element, which must have `tag`, and the bytes after it.
fn expect(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, contents, rest) = element(bytes)?;
    (found == tag).then_some((contents, rest))
}

/// Returns the first element: its tag, its contents, and the bytes after it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = bytes else {
        return None;
    };
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = (length.iter()).fold(0, |all, byte| (all << 8) | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((*tag, contents, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    use base64ct::{Base64, Encoding};

    const BEGIN: &str = "-----BEGIN X509 CRL-----";
    const END: &str = "-----END X509 CRL-----";

    use proptest::prelude::*;
    use std::time::Duration;

    fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
        [
            &[tag, 0x82],
            &u16::try_from(contents.len()).unwrap().to_be_bytes()[..],
            contents,
        ]
        .concat()
    }

    /// Builds a list with the fields that are read here.
    fn list(authority: &str, end: (u8, &str)) -> Vec<u8> {
        let name = wrap(0x0c, authority.as_bytes());
        let name = wrap(
            SEQUENCE,
            &[&wrap(OBJECT_IDENTIFIER, NAMES[0])[..], &name].concat(),
        );
        let name = wrap(SEQUENCE, &wrap(SET, &name));
        let (begin, end) = (
            wrap(UTC_TIME, b"200101000000Z"),
            wrap(end.0, end.1.as_bytes()),
        );
        let body = [&[INTEGER, 1, 1, SEQUENCE, 0][..], &name, &begin, &end].concat();
        wrap(SEQUENCE, &wrap(SEQUENCE, &body))
    }

    fn pem(der: &[u8]) -> String {
        let mut text = vec![0; Base64::encoded_len(der)];
        let text = Base64::encode(der, &mut text).unwrap();
        let (first, second) = text.split_at(text.len() / 2);
        format!("some\n{BEGIN}\n{first}\r\n{second}\n{END}\n")
    }

    fn read(authority: &str, end: (u8, &str)) -> RevocationList {
        lists(pem(&list(authority, end)).as_bytes())
            .unwrap()
            .remove(0)
    }

    #[test]
    fn a_list_is_read_with_its_authority_and_next_update() {
        let list = read("Our \"CA\"", (UTC_TIME, "240301000000Z"));
        let says = r#"the list of "Our \"CA\"" is too old (nextUpdate 2024-03-01)"#;
        assert_eq!(list.complaint(), says);
        let end = UNIX_EPOCH + Duration::from_secs(1_709_251_200);
        assert!(list.is_too_old(end));
        assert!(!list.is_too_old(end - Duration::from_secs(1)));
        let later = read("x", (GENERALIZED_TIME, "20991231235959Z"));
        let end = UNIX_EPOCH + Duration::from_secs(4_102_444_799);
        assert!(later.is_too_old(end) && !later.is_too_old(end - Duration::from_secs(1)));
        assert!(read("x", (UTC_TIME, "500101000000Z")).is_too_old(UNIX_EPOCH));
    }

    #[test]
    fn the_list_with_the_latest_next_update_comes_first() {
        let [old, new] = ["240301000000Z", "250301000000Z"].map(|end| list("x", (UTC_TIME, end)));
        for both in [[&old, &new], [&new, &old]] {
            let text = both.map(|der| pem(der)).concat();
            let lists = lists(text.as_bytes()).unwrap();
            assert_eq!([&lists[0].der, &lists[1].der], [&new, &old]);
        }
    }

    #[test]
    fn a_malformed_list_is_not_a_file_without_a_list() {
        assert_eq!(lists(b""), Err(ListFault::NoList));
        assert_eq!(
            lists(b"-----BEGIN CERTIFICATE-----"),
            Err(ListFault::NoList)
        );
        assert_eq!(lists(BEGIN.as_bytes()), Err(ListFault::Malformed));
        let dates = ["241301000000Z", "24+301000000Z"].map(|end| list("x", (UTC_TIME, end)));
        for der in [&b""[..], b"x", &dates[0], &dates[1]] {
            assert_eq!(lists(pem(der).as_bytes()), Err(ListFault::Malformed));
        }
        let good = pem(&list("x", (UTC_TIME, "240301000000Z")));
        let broken = format!("{good}{BEGIN}\nAAAA\n{END}\n");
        assert_eq!(lists(broken.as_bytes()), Err(ListFault::Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = lists(&bytes);
            let _ = lists(pem(&bytes).as_bytes());
        }

        #[test]
        fn no_corrupted_list_makes_the_reader_panic(at in 0..80usize, byte: u8) {
            let mut der = list("x", (UTC_TIME, "240301000000Z"));
            let at = at % der.len();
            der[at] = byte;
            let _ = lists(pem(&der).as_bytes());
            let _ = lists(pem(&der[..at]).as_bytes());
        }
    }
}
