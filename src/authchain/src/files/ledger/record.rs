//! The bytes of a record.

use memchr::memmem;
use sha2::{Digest, Sha256};

use super::counted::Counted;
use super::error::LedgerError;

/// The size of a record, in bytes.
pub(super) const SIZE: usize = 64;

/// The number by which a process finds its own record again.
pub(super) type RecordId = [u8; 16];

const MAGIC: [u8; 4] = *b"acl1";

/// The size of the checksum, in bytes: the beginning of a SHA-256.
const SUM: usize = 8;

/// A record: what it counts, and its number.
///
/// | bytes | content |
/// |---|---|
/// | 4 | `acl1` |
/// | 4 | the kind, and three zeros |
/// | 8, 8 | two numbers, little-endian |
/// | 16 | the key |
/// | 16 | the number of the record, chosen at random |
/// | 8 | the checksum of the bytes before |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) counted: Counted,
    pub(super) id: RecordId,
}

impl Record {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let (kind, [one, two], key) = self.counted.to_parts();
        let mut bytes = Vec::with_capacity(SIZE);
        bytes.extend(MAGIC);
        bytes.extend([kind, 0, 0, 0]);
        bytes.extend(one.to_le_bytes());
        bytes.extend(two.to_le_bytes());
        bytes.extend(key);
        bytes.extend(self.id);
        bytes.extend(checksum(&bytes));
        bytes
    }

    /// Reads the record that `bytes` begin with; `None` if they begin with none.
    fn parse(bytes: &[u8]) -> Option<Result<Self, LedgerError>> {
        let (body, rest) = bytes.split_at_checked(SIZE.saturating_sub(SUM))?;
        let (sum, _) = rest.split_first_chunk::<SUM>()?;
        if *sum != checksum(body) {
            return None;
        }
        let (_, body) = body.split_first_chunk::<4>()?;
        let ([kind, ..], body) = body.split_first_chunk::<4>()?;
        let (one, body) = body.split_first_chunk()?;
        let (two, body) = body.split_first_chunk()?;
        let (key, id) = body.split_first_chunk()?;
        let numbers = [one, two].map(|number| u64::from_le_bytes(*number));
        let counted = Counted::from_parts(*kind, numbers, *key);
        let id = *id.first_chunk()?;
        let record = counted.map(|counted| Self { counted, id });
        Some(record.ok_or(LedgerError::Newer))
    }
}

/// Returns every record in `bytes`, in order, and the number of bytes up to the end of the last.
/// Bytes that are no record are passed over: a process whose write was cut short, by a full disk,
/// counted nothing.
///
/// # Errors
/// [`LedgerError::Newer`] for a record of a kind that this version does not know.
pub(super) fn parse_all(bytes: &[u8]) -> Result<(Vec<Record>, usize), LedgerError> {
    let (mut records, mut length) = (Vec::new(), 0);
    let mut rest = bytes;
    while let Some(place) = memmem::find(rest, &MAGIC) {
        rest = rest.get(place..).unwrap_or_default();
        match Record::parse(rest) {
            Some(record) => {
                records.push(record?);
                rest = rest.get(SIZE..).unwrap_or_default();
                length = bytes.len().saturating_sub(rest.len());
            }
            None => rest = rest.get(1..).unwrap_or_default(),
        }
    }
    Ok((records, length))
}

fn checksum(body: &[u8]) -> [u8; SUM] {
    let sum = Sha256::digest(body);
    sum.first_chunk().copied().unwrap_or_default()
}
