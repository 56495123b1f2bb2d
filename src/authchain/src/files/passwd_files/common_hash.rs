//! The method and cost that most hashes of a file have.

use super::super::password_hash::{DummyHash, Method, cost_of};

/// Maximum number of pairs of method and cost that are counted. A file has one to three.
const MAX_PAIRS: usize = 16;
/// Maximum length of a cost that is counted, in bytes; real ones have under 40.
const MAX_COST: usize = 64;

/// Counts the hashes of a file by method and cost, so that a dummy hash can be made like most of
/// them.
pub(super) struct CommonHash {
    pairs: Vec<Pair>,
    weak_hashes: bool,
}

impl CommonHash {
    /// Starts to count. Weak hashes count only if they are allowed: otherwise nobody can log in
    /// with one.
    pub(super) fn new(weak_hashes: bool) -> Self {
        Self {
            pairs: Vec::new(),
            weak_hashes,
        }
    }

    /// Counts the hash in a line's second field. Locked and empty fields are not counted, nor is
    /// the `x` of a passwd file.
    pub(super) fn add(&mut self, stored: &[u8]) {
        if matches!(stored, [] | [b'x'] | [b'!' | b'*', ..]) {
            return;
        }
        if let Some(pair) = self.pairs.iter_mut().find(|pair| pair.fits(stored)) {
            pair.count = pair.count.saturating_add(1);
            return;
        }
        let Some((method, cost)) = cost_of(stored) else {
            return;
        };
        if self.pairs.len() < MAX_PAIRS && cost.len() <= MAX_COST {
            self.pairs.push(Pair {
                method,
                cost: cost.to_vec(),
                count: 1,
            });
        }
    }

    /// Returns a dummy of the most frequent method and cost that can be verified, if there is one.
    pub(super) fn dummy_hash(mut self) -> Option<DummyHash> {
        self.pairs.sort_by_key(|pair| std::cmp::Reverse(pair.count));
        let usable = |pair: &&Pair| self.weak_hashes || !pair.method.is_weak();
        self.pairs
            .iter()
            .filter(usable)
            .find_map(|pair| DummyHash::with_cost(pair.method, &pair.cost))
    }
}

/// A method with a cost, and the number of hashes that have them.
struct Pair {
    method: Method,
    cost: Vec<u8>,
    count: u64,
}

impl Pair {
    /// Returns whether `stored` has this method and cost. The result is that of [`cost_of`], but
    /// for most lines found by a single comparison.
    fn fits(&self, stored: &[u8]) -> bool {
        if self.cost.is_empty() {
            return Method::of(stored) == Some(self.method);
        }
        stored
            .strip_prefix(self.cost.as_slice())
            .is_some_and(|rest| !rest.starts_with(b"rounds="))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most_common(weak_hashes: bool, hashes: &[&str]) -> Option<Method> {
        let mut common = CommonHash::new(weak_hashes);
        for hash in hashes {
            common.add(hash.as_bytes());
        }
        common.dummy_hash().map(|dummy| dummy.method())
    }

    #[test]
    fn the_most_frequent_pair_is_chosen() {
        let hashes = [
            "*",
            "!",
            "",
            "$6$a$x",
            "$2b$10$a",
            "$y$j9T$a$x",
            "$2b$10$b",
            "!$6$a$x",
        ];
        assert_eq!(most_common(false, &hashes), Some(Method::Bcrypt));
    }

    #[test]
    fn pairs_that_cannot_be_verified_are_not_chosen() {
        let weak = ["abhfCpXqd4GrI", "abhfCpXqd4GrI", "$5$a$x"];
        assert_eq!(most_common(false, &weak), Some(Method::Sha256crypt));
        assert_eq!(most_common(true, &weak), Some(Method::Descrypt));
        let bombs = [
            "$6$rounds=999999999$a$x",
            "$6$rounds=999999999$a$x",
            "$2b$05$x",
        ];
        assert_eq!(most_common(false, &bombs), Some(Method::Bcrypt));
    }

    #[test]
    fn a_file_without_hashes_has_no_dummy_hash() {
        assert_eq!(most_common(true, &["*", "!!", "", "x"]), None);
    }
}
