//! Hashing a new password.

use std::ffi::CStr;

use super::argon2_phc::hash_argon2id;
use super::crypt;
use super::error::HashError;
use super::hashable::{Hashable, is_hashable};
use super::method::Method;
use super::shape;
use crate::words::Secret;

/// The digits of crypt(3)'s base 64, lowest first (crypt(5)).
const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The method and cost for hashing a new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewHash {
    /// argon2id, which only the `local` backend verifies: libcrypt does not know it.
    Argon2id,
    /// yescrypt at libxcrypt's default cost, which pam_unix verifies too.
    Yescrypt,
    /// sha512crypt at its default of 5000 rounds, for systems from before yescrypt.
    Sha512crypt,
    /// A method of crypt(3) at the cost that the administrator has chosen.
    Crypt {
        /// The method.
        method: Method,
        /// The beginning of its hashes, which sets the cost: `$6$rounds=9000$`.
        beginning: String,
    },
}

impl NewHash {
    /// Makes a new hash of `password` with `salt`: 16 random bytes.
    ///
    /// # Errors
    /// For a password that would never match its hash, for a cost that [`verify`](super::verify)
    /// would refuse, and if libcrypt does not know the method or memory is short.
    pub fn make(&self, password: &Secret, salt: &[u8; 16]) -> Result<String, HashError> {
        match self {
            Self::Argon2id => hash_argon2id(password, salt),
            Self::Yescrypt => by_crypt(Method::Yescrypt, "$y$j9T$", password, salt),
            Self::Sha512crypt => by_crypt(Method::Sha512crypt, "$6$", password, salt),
            Self::Crypt { method, beginning } => by_crypt(*method, beginning, password, salt),
        }
    }
}

/// The number of bytes of a password that bcrypt looks at (crypt(5)).
const BCRYPT_BYTES: usize = 72;

fn by_crypt(
    method: Method,
    beginning: &str,
    password: &Secret,
    salt: &[u8; 16],
) -> Result<String, HashError> {
    let is_cut = method == Method::Bcrypt && password.expose().len() > BCRYPT_BYTES;
    if !is_hashable(password.expose()) || is_cut {
        return Err(HashError::UnusablePassword);
    }
    shape::check_cost(method, beginning.as_bytes())?;
    let failed = HashError::NotComputed(method);
    let password = Hashable::from(password);
    let phrase = CStr::from_bytes_with_nul(&password.terminated).map_err(|_| failed)?;
    let mut salt = encode(salt);
    if matches!(method, Method::Sha256crypt | Method::Sha512crypt) {
        // All the salt that these methods take: 12 bytes.
        salt.truncate(16);
    }
    let setting = format!("{beginning}{salt}$");
    let hash = crypt::crypt(phrase, setting.as_bytes()).ok_or(failed)?;
    shape::check(method, &hash)?;
    String::from_utf8(hash.to_vec()).map_err(|_| failed)
}

/// Encodes bytes as crypt(3) writes them: six bits a digit, the lowest first.
fn encode(bytes: &[u8]) -> String {
    let bits: Vec<bool> = bytes
        .iter()
        .flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1))
        .collect();
    let digit = |six: &[bool]| {
        let value = six
            .iter()
            .rev()
            .fold(0_usize, |value, &bit| value << 1 | usize::from(bit));
        DIGITS.get(value).copied().map_or('.', char::from)
    };
    bits.chunks(6).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::verify;
    use super::*;

    #[test]
    fn bcrypt_is_not_given_a_password_of_which_it_would_ignore_the_end() {
        let bcrypt = NewHash::Crypt {
            method: Method::Bcrypt,
            beginning: "$2b$04$".to_owned(),
        };
        let make = |length| bcrypt.make(&Secret::new(vec![b'a'; length]), b"0123456789abcdef");
        assert!(make(72).is_ok());
        assert_eq!(make(73), Err(HashError::UnusablePassword));
    }

    #[test]
    fn a_cost_over_the_limit_is_refused_before_it_is_computed() {
        let costs = [
            (Method::Sha512crypt, "$6$rounds=999999999$", "rounds"),
            (Method::Bcrypt, "$2b$31$", "cost"),
        ];
        for (method, beginning, expected) in costs {
            let beginning = beginning.to_owned();
            let costly = NewHash::Crypt { method, beginning };
            // libcrypt would take minutes.
            match costly.make(&Secret::new(b"a".to_vec()), &[7; 16]) {
                Err(HashError::TooCostly { what, .. }) => assert_eq!(what, expected),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn every_new_hash_matches_its_password_and_no_other() {
        let salt = *b"\x00\xff0123456789abcd";
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        let crypt = |method, beginning: &str| NewHash::Crypt {
            method,
            beginning: beginning.to_owned(),
        };
        for (kind, begin) in [
            (crypt(Method::Bcrypt, "$2b$04$"), "$2b$04$"),
            (crypt(Method::Sha256crypt, "$5$"), "$5$"),
            (crypt(Method::GostYescrypt, "$gy$j7T$"), "$gy$j7T$"),
            (crypt(Method::Yescrypt, "$y$jAT$"), "$y$jAT$"),
            (NewHash::Argon2id, "$argon2id$v=19$m=19456,t=2,p=1$"),
            (NewHash::Yescrypt, "$y$j9T$"),
            (NewHash::Sha512crypt, "$6$"),
        ] {
            let hash = kind.make(&secret("correct horse"), &salt).unwrap();
            assert!(hash.starts_with(begin), "{hash}");
            let matches = |text| verify(&secret(text), hash.as_bytes(), false).unwrap();
            assert!(
                matches("correct horse") && !matches("battery staple"),
                "{hash}"
            );
        }
    }

    #[test]
    fn no_hash_is_made_that_could_never_match() {
        for kind in [NewHash::Argon2id, NewHash::Yescrypt, NewHash::Sha512crypt] {
            for password in [b"a\0b".to_vec(), vec![b'a'; 512]] {
                let hash = kind.make(&Secret::new(password), &[7; 16]);
                assert_eq!(hash, Err(HashError::UnusablePassword), "{kind:?}");
            }
        }
    }

    #[test]
    fn salts_are_written_as_crypt_writes_them() {
        assert_eq!(encode(&[0; 16]), ".".repeat(22));
        assert_eq!(encode(&[0xff; 3]), "zzzz");
        assert_eq!(encode(&[1, 0, 0]), "/...");
        assert_eq!(encode(&[0xff; 16]).len(), 22);
        assert!(
            encode(&[0xff; 16]).ends_with('1'),
            "the last digit has two bits"
        );
    }
}
