//! XDR, in which RPC writes numbers and strings (RFC 4506).

use std::fmt;

use zeroize::Zeroizing;

/// The unit in bytes to which every value is padded (RFC 4506 §3).
const UNIT: usize = 4;

/// The number of bytes that fit into a buffer from the start, so that it leaves no copies of a
/// password behind when it grows: the longest call is shorter.
const ROOM: usize = 8 * 1024;

/// A buffer that an argument or a message is written into.
#[derive(Clone)]
pub struct Writer(Zeroizing<Vec<u8>>);

impl Default for Writer {
    fn default() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(ROOM)))
    }
}

impl Writer {
    /// Writes an unsigned integer (§4.2).
    #[must_use]
    pub fn number(mut self, number: u32) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    /// Writes a string (§4.11): its length, its bytes, and zeros up to the next unit.
    #[must_use]
    pub fn string(self, bytes: &[u8]) -> Self {
        let mut written = self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        written.0.extend(bytes);
        let length = padded(written.0.len());
        written.0.resize(length, 0);
        written
    }

    /// Writes bytes that are XDR already.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// Returns what was written.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

/// A reader of a result. Malformed bytes always end in an error.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// Reads from the beginning of `bytes`.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// Returns an unsigned integer.
    ///
    /// # Errors
    /// Where the bytes end within it.
    pub fn number(&mut self) -> Result<u32, Malformed> {
        let (number, rest) = self.0.split_first_chunk().ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    /// Returns a signed integer (§4.1).
    ///
    /// # Errors
    /// Where the bytes end within it.
    pub fn signed(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_be_bytes(self.number()?.to_be_bytes()))
    }

    /// Returns a string of `most` bytes at most.
    ///
    /// # Errors
    /// Where it is longer, or the bytes end within it.
    pub fn string(&mut self, most: usize) -> Result<&'b [u8], Malformed> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if length > most {
            return Err(Malformed::Long);
        }
        let (string, _) = self.0.split_at_checked(length).ok_or(Malformed::Short)?;
        self.0 = self.0.get(padded(length)..).ok_or(Malformed::Short)?;
        Ok(string)
    }

    /// Returns the bytes that have not been read.
    pub fn rest(self) -> &'b [u8] {
        self.0
    }

    /// Checks that everything has been read.
    ///
    /// # Errors
    /// Where bytes are left.
    pub fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed::Trailing)
        }
    }
}

/// Returns `length` rounded up to whole units.
fn padded(length: usize) -> usize {
    length.checked_next_multiple_of(UNIT).unwrap_or(usize::MAX)
}

/// The fault of bytes that are not valid XDR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The bytes end within a value.
    Short,
    /// A string is longer than such a string may be.
    Long,
    /// The bytes go on after the last value.
    Trailing,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "it ends too soon",
            Self::Long => "it has too long a string",
            Self::Trailing => "it goes on after its end",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn strings_are_padded_with_zeros_to_whole_units() {
        let written = Writer::default().string(b"").string(b"alice").number(7);
        let expected = b"\0\0\0\0\0\0\0\x05alice\0\0\0\0\0\0\x07";
        assert_eq!(**written.into_bytes(), *expected);
    }

    #[test]
    fn what_is_no_string_is_an_error() {
        for (bytes, fault) in [
            (&b""[..], Malformed::Short),
            (b"\0\0\0", Malformed::Short),
            (b"\0\0\0\x05alice", Malformed::Short),
            (b"\0\0\0\x05alic", Malformed::Short),
            (b"\0\0\0\x09", Malformed::Long),
            (b"\xff\xff\xff\xff", Malformed::Long),
        ] {
            assert_eq!(Reader::new(bytes).string(8), Err(fault), "{bytes:?}");
        }
        assert_eq!(Reader::new(b"x").end(), Err(Malformed::Trailing));
    }

    proptest! {
        #[test]
        fn written_values_are_read_back(
            string in proptest::collection::vec(any::<u8>(), 0..40), number: u32,
        ) {
            let bytes = Writer::default().string(&string).number(number).into_bytes();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.string(40), Ok(&string[..]));
            prop_assert_eq!(reader.number(), Ok(number));
            prop_assert_eq!(reader.end(), Ok(()));
        }
    }
}
