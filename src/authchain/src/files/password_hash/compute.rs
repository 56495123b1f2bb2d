//! Computing a hash and comparing it with a stored one.

use std::ffi::CStr;

use super::digest::equal;
use super::error::HashError;
use super::hashable::Hashable;
use super::method::Method;
use super::{argon2_phc, crypt};

/// Returns whether the hash of `password` is `stored`, which has passed
/// [`check`](super::shape::check).
pub(super) fn matches(
    method: Method,
    password: &Hashable,
    stored: &[u8],
) -> Result<bool, HashError> {
    #[cfg(test)]
    witness::note(stored);
    if method == Method::Argon2 {
        return argon2_phc::matches(password.bytes(), stored);
    }
    let failed = HashError::NotComputed(method);
    let phrase = CStr::from_bytes_with_nul(&password.terminated).map_err(|_| failed)?;
    let computed = crypt::crypt(phrase, stored).ok_or(failed)?;
    Ok(equal(&computed, stored))
}

/// Records the hashes that were computed, for tests that two refusals cost the same time: measured
/// times prove nothing on a busy machine.
#[cfg(test)]
pub(crate) mod witness {
    use std::cell::RefCell;

    use super::super::method::cost_of;

    thread_local!(static COSTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) });

    pub(super) fn note(stored: &[u8]) {
        let cost = cost_of(stored).map_or(stored, |(_, cost)| cost);
        let cost = String::from_utf8_lossy(cost).into_owned();
        COSTS.with_borrow_mut(|costs| costs.push(cost));
    }

    /// Returns the method and cost of each hash that `question` computes.
    pub(crate) fn costs_of(question: impl FnOnce()) -> Vec<String> {
        COSTS.take();
        question();
        COSTS.take()
    }
}
