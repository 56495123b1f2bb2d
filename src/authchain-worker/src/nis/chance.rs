//! Numbers that nobody can guess.

/// One of 32 bits; `None` where the kernel has none to give.
pub(super) fn number() -> Option<u32> {
    let mut bytes = [0; 4];
    getrandom::getrandom(&mut bytes).ok()?;
    Some(u32::from_ne_bytes(bytes))
}
