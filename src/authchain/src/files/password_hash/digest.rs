//! Comparing digests.

/// Returns whether two byte strings are equal, in a time that depends on their lengths alone.
pub(super) fn equal(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y));
    a.len() == b.len() && std::hint::black_box(difference) == 0
}
