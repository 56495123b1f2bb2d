//! Spending the time of a hash without learning anything.

use super::method::{Method, cost_of};
use super::shape;
use super::tail::Tail;
use super::{Hashable, matches};
use crate::words::Secret;

/// Method and cost of somebody's hash, with nothing of its salt or digest.
///
/// For logins that are refused without a hash of their own to verify: unknown names, locked
/// accounts. Spending it takes time and returns nothing, so that a stand-in can never let anybody
/// in.
pub struct Template {
    method: Method,
    /// A whole hash by that method at that cost, with a salt and a digest of ours.
    hash: Vec<u8>,
}

impl Template {
    /// Returns the template of a stored hash; `None` where the hash could not be verified either.
    pub fn of(stored: &[u8]) -> Option<Self> {
        let (method, cost) = cost_of(stored)?;
        Self::with_cost(method, cost)
    }

    /// Returns the template for what [`cost_of`] found in a hash.
    pub fn with_cost(method: Method, cost: &[u8]) -> Option<Self> {
        let mut hash = cost.to_vec();
        hash.extend(Tail::stand_in(method));
        shape::check(method, &hash).ok()?;
        Some(Self { method, hash })
    }

    /// Returns the method whose time it takes.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Takes as long as verifying `password` against such a hash.
    pub fn spend(&self, password: &Secret) {
        let password = Hashable::from(password);
        if matches(self.method, &password, &self.hash).is_err() {
            // For a libcrypt from before yescrypt, or one built without some method: a method that
            // every one has.
            let _ = matches(Method::Sha512crypt, &password, &sha512crypt());
        }
    }
}

fn sha512crypt() -> Vec<u8> {
    let mut hash = b"$6$".to_vec();
    hash.extend(Tail::stand_in(Method::Sha512crypt));
    hash
}

impl Default for Template {
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
    fn every_methods_template_really_runs() {
        let password = Hashable::from(&Secret::new(PASSWORD.to_vec()));
        for stored in VECTORS {
            let template = Template::of(stored.as_bytes()).unwrap();
            assert_eq!(
                matches(template.method, &password, &template.hash),
                Ok(false),
                "{stored}"
            );
        }
        let template = Template::default();
        assert_eq!(
            matches(template.method, &password, &template.hash),
            Ok(false)
        );
    }

    #[test]
    fn a_template_keeps_the_cost_and_neither_salt_nor_digest() {
        for stored in VECTORS {
            let (method, cost) = cost_of(stored.as_bytes()).unwrap();
            let template = Template::of(stored.as_bytes()).unwrap();
            assert_eq!(cost_of(&template.hash), Some((method, cost)));
            let secret = &stored.as_bytes()[cost.len()..];
            let common = secret.iter().zip(&template.hash[cost.len()..]);
            assert!(common.take_while(|(a, b)| a == b).count() < 4, "{stored}");
        }
    }

    #[test]
    fn what_could_not_be_verified_is_no_template() {
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
            assert!(Template::of(stored.as_bytes()).is_none(), "{stored}");
        }
    }
}
