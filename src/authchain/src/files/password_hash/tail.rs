//! The part of a hash behind the cost: salt, separator, digest.

use super::method::{Method, is_crypt64};

/// The form of a method's salt and digest.
pub(super) struct Tail {
    /// Minimum and maximum length in bytes.
    salt: (usize, usize),
    salt_digits: Alphabet,
    separator: Separator,
    /// Minimum and maximum length in bytes, equal for most methods.
    digest: (usize, usize),
    digest_digits: Alphabet,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// None: the salt has a fixed length.
    None,
    Dollar,
    /// One or two dollar signs (sunmd5).
    OneOrTwoDollars,
}

#[derive(Clone, Copy)]
enum Alphabet {
    /// crypt(3)'s own base 64.
    Crypt64,
    /// Everything that libxcrypt allows in a salt (`check_badsalt_chars` in lib/crypt.c).
    Salt,
    /// RFC 4648's base 64.
    Base64,
    LowerHex,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Crypt64 => is_crypt64(byte),
            Self::Salt => byte.is_ascii_graphic() && !b"$:;*!\\".contains(&byte),
            Self::Base64 => byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/',
            Self::LowerHex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        }
    }
}

impl Tail {
    /// Returns the form that hashes of `method` have.
    pub(super) fn of(method: Method) -> Self {
        use Alphabet::{Base64, Crypt64, LowerHex, Salt};
        use Separator::{Dollar, None, OneOrTwoDollars};
        let (salt, salt_digits, separator, digest, digest_digits) = match method {
            Method::Descrypt => ((2, 2), Crypt64, None, (11, 11), Crypt64),
            Method::Bsdicrypt => ((4, 4), Crypt64, None, (11, 11), Crypt64),
            Method::Md5crypt => ((0, 8), Salt, Dollar, (22, 22), Crypt64),
            Method::Sunmd5 => ((0, 64), Crypt64, OneOrTwoDollars, (22, 22), Crypt64),
            Method::Sha1crypt => ((1, 64), Crypt64, Dollar, (28, 28), Crypt64),
            Method::Nthash => ((0, 0), LowerHex, None, (32, 32), LowerHex),
            Method::Bcrypt => ((22, 22), Crypt64, None, (31, 31), Crypt64),
            Method::Sha256crypt => ((0, 16), Salt, Dollar, (43, 43), Crypt64),
            Method::Sha512crypt => ((0, 16), Salt, Dollar, (86, 86), Crypt64),
            Method::Scrypt | Method::Yescrypt | Method::GostYescrypt => {
                ((0, 86), Crypt64, Dollar, (43, 43), Crypt64)
            }
            // Salts of 8 to 48 bytes and digests of 16 to 64.
            Method::Argon2 => ((11, 64), Base64, Dollar, (22, 86), Base64),
        };
        Self {
            salt,
            salt_digits,
            separator,
            digest,
            digest_digits,
        }
    }

    /// Returns whether `rest` is a salt, a separator and a complete digest.
    pub(super) fn fits(&self, rest: &[u8]) -> bool {
        self.split(rest).is_some_and(|(salt, digest)| {
            is_made_of(salt, self.salt, self.salt_digits)
                && is_made_of(digest, self.digest, self.digest_digits)
        })
    }

    fn split<'a>(&self, rest: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        if self.separator == Separator::None {
            return rest.split_at_checked(self.salt.1);
        }
        let last = rest.iter().rposition(|&byte| byte == b'$')?;
        let (salt, digest) = rest.split_at_checked(last)?;
        let digest = digest.strip_prefix(b"$")?;
        match self.separator {
            Separator::OneOrTwoDollars => Some((salt.strip_suffix(b"$").unwrap_or(salt), digest)),
            _ => Some((salt, digest)),
        }
    }

    /// Returns a salt and a digest of the right form for a dummy hash.
    ///
    /// The salt has the length that is usual for the method; its contents do not change the time.
    pub(super) fn stand_in(method: Method) -> Vec<u8> {
        let tail = Self::of(method);
        // 22 digits are 16 bytes in both alphabets; the last digit sets no unused bits.
        let (salt, digit): (&[u8; 22], u8) = match method {
            Method::Argon2 => (b"authchainStandInSaltAA", b'A'),
            Method::Nthash => (b"0000000000000000000000", b'0'),
            _ => (b"authchainStandInSalt..", b'.'),
        };
        let mut text: Vec<u8> = salt.iter().copied().take(tail.salt.1).collect();
        if tail.separator != Separator::None {
            text.push(b'$');
        }
        // For argon2, the usual digest of 32 bytes; for other methods, the only length.
        let length = if method == Method::Argon2 {
            43
        } else {
            tail.digest.1
        };
        text.resize(text.len().saturating_add(length), digit);
        text
    }
}

fn is_made_of(text: &[u8], (fewest, most): (usize, usize), digits: Alphabet) -> bool {
    (fewest..=most).contains(&text.len()) && text.iter().all(|&byte| digits.has(byte))
}
