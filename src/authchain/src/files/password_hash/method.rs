//! The methods of hashes, and the part of a hash that sets its cost.

use std::fmt;

/// The methods of hashing a password that can be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The traditional method: 13 characters without a prefix.
    Descrypt,
    /// BSDi's extended DES, `_`.
    Bsdicrypt,
    /// `$1$`
    Md5crypt,
    /// Sun's, `$md5$` and `$md5,`.
    Sunmd5,
    /// NetBSD's, `$sha1$`.
    Sha1crypt,
    /// Windows' unsalted hash, `$3$`.
    Nthash,
    /// `$2a$`, `$2b$`, `$2y$`; not `$2x$`, which marks hashes made by a broken program.
    Bcrypt,
    /// `$5$`
    Sha256crypt,
    /// `$6$`
    Sha512crypt,
    /// `$7$`
    Scrypt,
    /// `$y$`
    Yescrypt,
    /// `$gy$`
    GostYescrypt,
    /// `$argon2id$`, `$argon2i$`, `$argon2d$`.
    Argon2,
}

const PREFIXES: &[(&[u8], Method)] = &[
    (b"$y$", Method::Yescrypt),
    (b"$6$", Method::Sha512crypt),
    (b"$5$", Method::Sha256crypt),
    (b"$2b$", Method::Bcrypt),
    (b"$2a$", Method::Bcrypt),
    (b"$2y$", Method::Bcrypt),
    (b"$gy$", Method::GostYescrypt),
    (b"$7$", Method::Scrypt),
    (b"$argon2id$", Method::Argon2),
    (b"$argon2i$", Method::Argon2),
    (b"$argon2d$", Method::Argon2),
    (b"$1$", Method::Md5crypt),
    (b"$md5$", Method::Sunmd5),
    (b"$md5,", Method::Sunmd5),
    (b"$sha1$", Method::Sha1crypt),
    (b"$3$", Method::Nthash),
    (b"_", Method::Bsdicrypt),
];

/// Length of a descrypt hash in bytes: two of salt, eleven of digest.
const DESCRYPT_BYTES: usize = 13;

impl Method {
    /// Returns the method whose prefix `stored` has. The rest of `stored` is not checked.
    pub fn of(stored: &[u8]) -> Option<Self> {
        let by_prefix = PREFIXES
            .iter()
            .find(|(prefix, _)| stored.starts_with(prefix))
            .map(|&(_, method)| method);
        let is_descrypt =
            || stored.len() == DESCRYPT_BYTES && stored.iter().all(|&byte| is_crypt64(byte));
        by_prefix.or_else(|| is_descrypt().then_some(Self::Descrypt))
    }

    /// Returns whether the method is too quick or too short to protect a password by today's
    /// measure.
    pub fn is_weak(self) -> bool {
        match self {
            Self::Descrypt
            | Self::Bsdicrypt
            | Self::Md5crypt
            | Self::Sunmd5
            | Self::Sha1crypt
            | Self::Nthash => true,
            Self::Bcrypt
            | Self::Sha256crypt
            | Self::Sha512crypt
            | Self::Scrypt
            | Self::Yescrypt
            | Self::GostYescrypt
            | Self::Argon2 => false,
        }
    }
}

/// Returns whether `byte` is a digit of crypt(3)'s own base 64.
pub(super) fn is_crypt64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/'
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Descrypt => "descrypt",
            Self::Bsdicrypt => "bsdicrypt",
            Self::Md5crypt => "md5crypt",
            Self::Sunmd5 => "sunmd5",
            Self::Sha1crypt => "sha1crypt",
            Self::Nthash => "nt",
            Self::Bcrypt => "bcrypt",
            Self::Sha256crypt => "sha256crypt",
            Self::Sha512crypt => "sha512crypt",
            Self::Scrypt => "scrypt",
            Self::Yescrypt => "yescrypt",
            Self::GostYescrypt => "gost-yescrypt",
            Self::Argon2 => "argon2",
        })
    }
}

/// Returns the method of `stored`, and its beginning up to the salt. The beginning sets the time
/// that the hash takes; the password does not change it. It is empty for descrypt, whose cost is
/// fixed.
///
/// The function is cheap enough for every line of a shadow file. It does not check the rest of
/// `stored`.
pub fn cost_of(stored: &[u8]) -> Option<(Method, &[u8])> {
    let method = Method::of(stored)?;
    let cost = match method {
        Method::Descrypt => stored.get(..0),
        Method::Bsdicrypt => stored.get(..5),
        Method::Md5crypt => stored.get(..3),
        Method::Nthash => stored.get(..4),
        Method::Bcrypt => stored.get(..7),
        // Log2 of N in one digit, r and p in five each.
        Method::Scrypt => stored.get(..14),
        // Sun's own programs wrote `$md5$`, `$md5$rounds=n$` and `$md5,rounds=n$`.
        Method::Sha256crypt | Method::Sha512crypt | Method::Sunmd5 => {
            through_dollar(stored, with_rounds(stored, 2))
        }
        Method::Sha1crypt | Method::Yescrypt | Method::GostYescrypt => through_dollar(stored, 3),
        Method::Argon2 => {
            let versioned = stored.get(9..).is_some_and(|rest| rest.starts_with(b"v="))
                || stored.get(10..).is_some_and(|rest| rest.starts_with(b"v="));
            through_dollar(stored, if versioned { 4 } else { 3 })
        }
    };
    Some((method, cost?))
}

/// Returns `dollars`, or one more if `rounds=` follows after that many dollar signs.
fn with_rounds(stored: &[u8], dollars: usize) -> usize {
    let cost = through_dollar(stored, dollars).unwrap_or_default();
    let rest = stored.get(cost.len()..).unwrap_or_default();
    dollars.saturating_add(usize::from(rest.starts_with(b"rounds=")))
}

/// Returns the beginning of `bytes` through its `count`th dollar sign.
fn through_dollar(bytes: &[u8], count: usize) -> Option<&[u8]> {
    let last = count.checked_sub(1)?;
    let mut dollars = bytes.iter().enumerate().filter(|&(_, &byte)| byte == b'$');
    let (at, _) = dollars.nth(last)?;
    bytes.get(..=at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_ends_where_the_salt_begins() {
        let cases: &[(&str, &str)] = &[
            ("abhfCpXqd4GrI", ""),
            ("_J9..SDSDK4tlpJ87go.", "_J9.."),
            ("$1$salt$x", "$1$"),
            ("$md5$salt$$x", "$md5$"),
            ("$md5,rounds=100$salt$x", "$md5,rounds=100$"),
            ("$md5$rounds=100$salt$x", "$md5$rounds=100$"),
            ("$sha1$40000$salt$x", "$sha1$40000$"),
            ("$3$$cfc4", "$3$$"),
            ("$2b$05$abc", "$2b$05$"),
            ("$5$salt$x", "$5$"),
            ("$6$rounds=1000$salt$x", "$6$rounds=1000$"),
            ("$7$CU..../....Sodium$x", "$7$CU..../...."),
            ("$y$j9T$salt$x", "$y$j9T$"),
            ("$gy$j9T$salt$x", "$gy$j9T$"),
            (
                "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$x",
                "$argon2id$v=19$m=64,t=1,p=1$",
            ),
            (
                "$argon2i$v=19$m=64,t=1,p=1$c2FsdA$x",
                "$argon2i$v=19$m=64,t=1,p=1$",
            ),
            ("$argon2i$m=64,t=1,p=1$c2FsdA$x", "$argon2i$m=64,t=1,p=1$"),
        ];
        for (stored, expected) in cases {
            let (_, cost) = cost_of(stored.as_bytes()).unwrap();
            assert_eq!(cost, expected.as_bytes(), "{stored}");
        }
    }

    #[test]
    fn what_is_no_hash_has_no_method() {
        for stored in [
            "",
            "x",
            "*",
            "!",
            "!!",
            "*LK*",
            "NP",
            "*0",
            "$9$x",
            "$2x$05$",
            "$$",
            "!$6$salt$x",
        ] {
            assert_eq!(Method::of(stored.as_bytes()), None, "{stored}");
        }
    }
}
