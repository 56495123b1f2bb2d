//! An app password as it was typed or pasted.

use zeroize::Zeroizing;

use crate::words::Secret;

/// The letters of app passwords: a to z, without `l` and `o`, which look like digits. There are no
/// digits, so that nothing takes the end of an app password for the code of a second factor.
pub(super) const LETTERS: &[u8; 24] = b"abcdefghijkmnpqrstuvwxyz";

/// The number of letters of an app password. They have 114 bits together.
pub(super) const LENGTH: usize = 25;

/// The letters of a password that was typed. Hyphens and blanks do not count, nor does case.
pub struct Typed(Zeroizing<Vec<u8>>);

impl Typed {
    /// Reads a password; `None` if it has not the form of an app password.
    pub fn parse(password: &Secret) -> Option<Self> {
        // Room for all of it: a list that grows would leave copies behind.
        let mut letters = Zeroizing::new(Vec::with_capacity(password.expose().len()));
        let counts = |byte: &&u8| !matches!(byte, b'-' | b' ');
        let typed = password.expose().iter().filter(counts);
        letters.extend(typed.map(u8::to_ascii_lowercase));
        let has_form =
            letters.len() == LENGTH && letters.iter().all(|letter| LETTERS.contains(letter));
        has_form.then_some(Self(letters))
    }

    /// Returns the letters.
    pub(super) fn letters(&self) -> &[u8] {
        &self.0
    }
}
