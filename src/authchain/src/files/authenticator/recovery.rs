//! Recovery codes: for the day when the phone is lost.

use std::io;

use base32ct::{Base32UpperUnpadded, Encoding};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::files::ledger::RecoverySet;
use crate::tools::random::random_bytes;

/// The number of codes that are made at a time.
const COUNT: usize = 10;

/// The random bytes of which a code is made.
const RANDOM_BYTES: usize = 7;

/// The number of characters of a code. They have 50 bits together, so that a fast hash is enough.
const LENGTH: usize = 10;

/// The recovery codes of a person, hashed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecoveryCodes {
    /// The salt, which is new with each set of codes.
    pub(super) salt: [u8; 16],
    pub(super) hashes: Vec<[u8; 32]>,
}

/// New recovery codes: to be shown once, and to be kept.
pub struct NewRecoveryCodes {
    /// The codes as the person is to write them down: `ABCDE-FGHIJ`.
    pub shown: Zeroizing<Vec<String>>,
    /// The codes as they are kept.
    pub kept: RecoveryCodes,
}

impl NewRecoveryCodes {
    /// Makes ten codes.
    ///
    /// # Errors
    /// When the kernel has no random numbers.
    pub fn new() -> io::Result<Self> {
        let mut shown = Zeroizing::new(Vec::new());
        let mut kept = RecoveryCodes::without_codes()?;
        for _ in 0..COUNT {
            let random = Zeroizing::new(random_bytes::<RANDOM_BYTES>()?);
            let text = Zeroizing::new(Base32UpperUnpadded::encode_string(&*random));
            let code = text.get(..LENGTH).unwrap_or_default();
            kept.hashes.push(kept.hash(code));
            let (one, two) = code.split_at_checked(LENGTH / 2).unwrap_or_default();
            shown.push(format!("{one}-{two}"));
        }
        Ok(Self { shown, kept })
    }
}

impl RecoveryCodes {
    /// Returns a set with a salt of its own and no code, to which codes can be added.
    ///
    /// # Errors
    /// When the kernel has no random numbers.
    pub fn without_codes() -> io::Result<Self> {
        Ok(Self {
            salt: random_bytes()?,
            hashes: Vec::new(),
        })
    }

    /// Returns the number of this set of codes in the ledger.
    pub fn set(&self) -> RecoverySet {
        let bytes = self.salt.first_chunk();
        u64::from_le_bytes(bytes.copied().unwrap_or_default())
    }

    /// Returns the number of codes, used and unused.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Returns the places of all codes.
    pub fn places(&self) -> impl Iterator<Item = u64> + use<> {
        0..u64::try_from(self.hashes.len()).unwrap_or(0)
    }

    /// Returns the place of a code that was typed; `None` if it is none of them. Hyphens and blanks
    /// do not count, nor does case.
    pub fn place_of(&self, typed: &[u8]) -> Option<u64> {
        let counts = |byte: &&u8| !matches!(byte, b'-' | b' ');
        let typed: Zeroizing<Vec<u8>> = Zeroizing::new(
            typed
                .iter()
                .filter(counts)
                .map(u8::to_ascii_uppercase)
                .collect(),
        );
        let hash = self.hash(std::str::from_utf8(&typed).ok()?);
        let places = self.places().zip(&self.hashes);
        // Hashes of random codes: what a comparison's time tells about them is of no use.
        places
            .filter(|(_, kept)| **kept == hash)
            .map(|(place, _)| place)
            .next()
    }

    /// Returns the hash of a code without a hyphen.
    fn hash(&self, code: &str) -> [u8; 32] {
        let hash = Sha256::new_with_prefix(self.salt).chain_update(code);
        hash.finalize().into()
    }

    /// Adds a code that another program has given out, such as one of 8 digits.
    pub fn add(&mut self, code: &str) {
        let hash = self.hash(code);
        self.hashes.push(hash);
    }
}
