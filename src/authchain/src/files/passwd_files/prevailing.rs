//! Which method and cost the hashes of a file usually have.

use super::super::password_hash::{Method, Template, cost_of};

/// How many kinds of hash are told apart. A file has one to three; further ones are not counted.
const KINDS: usize = 16;
/// Longest cost in bytes that is counted; real ones have under 40.
const MAX_COST: usize = 64;

/// Counts the methods and costs of the hashes it is shown, for a template that takes as long as
/// the usual one of them.
pub(super) struct Prevailing {
    kinds: Vec<Kind>,
    weak_hashes: bool,
}

impl Prevailing {
    /// Starts to count. Weak hashes count only where they may be used: elsewhere nobody logs in
    /// with one.
    pub(super) fn new(weak_hashes: bool) -> Self {
        Self {
            kinds: Vec::new(),
            weak_hashes,
        }
    }

    /// Counts the hash in a line's second field. Locked and empty fields are not counted, nor is
    /// the `x` of a passwd file.
    pub(super) fn add(&mut self, stored: &[u8]) {
        if matches!(stored, [] | [b'x'] | [b'!' | b'*', ..]) {
            return;
        }
        if let Some(kind) = self.kinds.iter_mut().find(|kind| kind.made(stored)) {
            kind.count = kind.count.saturating_add(1);
            return;
        }
        let Some((method, cost)) = cost_of(stored) else {
            return;
        };
        if self.kinds.len() < KINDS && cost.len() <= MAX_COST {
            self.kinds.push(Kind {
                method,
                cost: cost.to_vec(),
                count: 1,
            });
        }
    }

    /// Returns the template of the most frequent kind that can be verified at all, if there is one.
    pub(super) fn template(mut self) -> Option<Template> {
        self.kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        let usable = |kind: &&Kind| self.weak_hashes || !kind.method.is_weak();
        self.kinds
            .iter()
            .filter(usable)
            .find_map(|kind| Template::with_cost(kind.method, &kind.cost))
    }
}

/// A method at a cost, and how often it was seen.
struct Kind {
    method: Method,
    cost: Vec<u8>,
    count: u64,
}

impl Kind {
    /// Returns whether `stored` has this method and cost. It decides like [`cost_of`], but in a
    /// single comparison for the kinds that files are full of.
    fn made(&self, stored: &[u8]) -> bool {
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

    fn prevailing(weak_hashes: bool, hashes: &[&str]) -> Option<Method> {
        let mut prevailing = Prevailing::new(weak_hashes);
        for hash in hashes {
            prevailing.add(hash.as_bytes());
        }
        prevailing.template().map(|template| template.method())
    }

    #[test]
    fn the_most_frequent_kind_prevails() {
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
        assert_eq!(prevailing(false, &hashes), Some(Method::Bcrypt));
    }

    #[test]
    fn kinds_that_nobody_can_log_in_with_do_not_prevail() {
        let weak = ["abhfCpXqd4GrI", "abhfCpXqd4GrI", "$5$a$x"];
        assert_eq!(prevailing(false, &weak), Some(Method::Sha256crypt));
        assert_eq!(prevailing(true, &weak), Some(Method::Descrypt));
        let bombs = [
            "$6$rounds=999999999$a$x",
            "$6$rounds=999999999$a$x",
            "$2b$05$x",
        ];
        assert_eq!(prevailing(false, &bombs), Some(Method::Bcrypt));
    }

    #[test]
    fn a_file_without_hashes_has_no_usual_one() {
        assert_eq!(prevailing(true, &["*", "!!", "", "x"]), None);
    }
}
