//! Hashes that are computed only for the time they take.

use super::compute::matches;
use super::hashable::Hashable;
use super::method::{Method, cost_of};
use super::shape;
use super::tail::Tail;
use crate::words::Secret;

/// A hash that belongs to no password, with the method and cost of a real hash.
///
/// If the name is unknown or the account locked, there is no hash to verify. Then the dummy hash is
/// computed, so that the refusal takes as long as for a wrong password. The result is thrown away:
/// a dummy hash can never let anybody in.
pub struct DummyHash {
    method: Method,
    /// A complete hash of that method, with a salt and a digest that belong to nobody.
    hash: Vec<u8>,
}

impl DummyHash {
    /// Returns a dummy that costs as much as `stored`; `None` where `stored` cannot be verified.
    pub fn of(stored: &[u8]) -> Option<Self> {
        let (method, cost) = cost_of(stored)?;
        Self::with_cost(method, cost)
    }

    /// Returns a dummy of this method and cost, as [`cost_of`] returns them; `None` if such a hash
    /// cannot be verified.
    pub fn with_cost(method: Method, cost: &[u8]) -> Option<Self> {
        let mut hash = cost.to_vec();
        hash.extend(Tail::stand_in(method));
        shape::check(method, &hash).ok()?;
        Some(Self { method, hash })
    }

    /// Returns the method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Takes as long as verifying `password` against a hash of this method and cost.
    pub fn spend(&self, password: &Secret) {
        let password = Hashable::from(password);
        if matches(self.method, &password, &self.hash).is_err() {
            // This libcrypt does not know the method; every libcrypt knows sha512crypt.
            let hash = [b"$6$", Tail::stand_in(Method::Sha512crypt).as_slice()].concat();
            let _ = matches(Method::Sha512crypt, &password, &hash);
        }
    }
}

impl Default for DummyHash {
    /// Returns yescrypt at the cost that libxcrypt and the large distributions write by default: 16
    /// MiB.
    fn default() -> Self {
        let mut hash = b"$y$j9T$".to_vec();
        hash.extend(Tail::stand_in(Method::Yescrypt));
        Self {
            method: Method::Yescrypt,
            hash,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{PASSWORD, VECTORS};
    use super::*;

    #[test]
    fn every_methods_dummy_hash_really_runs() {
        let password = Hashable::from(&Secret::new(PASSWORD.to_vec()));
        for stored in VECTORS {
            let dummy = DummyHash::of(stored.as_bytes()).unwrap();
            assert_eq!(
                matches(dummy.method, &password, &dummy.hash),
                Ok(false),
                "{stored}"
            );
        }
        let dummy = DummyHash::default();
        assert_eq!(matches(dummy.method, &password, &dummy.hash), Ok(false));
    }

    #[test]
    fn a_dummy_hash_keeps_the_cost_and_neither_salt_nor_digest() {
        for stored in VECTORS {
            let (method, cost) = cost_of(stored.as_bytes()).unwrap();
            let dummy = DummyHash::of(stored.as_bytes()).unwrap();
            assert_eq!(cost_of(&dummy.hash), Some((method, cost)));
            let secret = &stored.as_bytes()[cost.len()..];
            let common = secret.iter().zip(&dummy.hash[cost.len()..]);
            assert!(common.take_while(|(a, b)| a == b).count() < 4, "{stored}");
        }
    }

    #[test]
    fn a_hash_that_cannot_be_verified_gives_no_dummy_hash() {
        for stored in [
            "",
            "!",
            "*",
            "x",
            "$6$rounds=999999999$salt$x",
            "$2b$31$x",
            "$y$jFT$x$x",
            "$y$",
        ] {
            assert!(DummyHash::of(stored.as_bytes()).is_none(), "{stored}");
        }
    }
}
