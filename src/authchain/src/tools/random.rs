//! Random numbers from the kernel.

use std::io;

use rustix::rand::{GetRandomFlags, getrandom};

/// Returns `N` random bytes, without waiting.
///
/// # Errors
/// When the kernel has none to give, early after the machine booted.
pub fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    match getrandom(&mut bytes, GetRandomFlags::NONBLOCK) {
        Ok(count) if count == N => Ok(bytes),
        Ok(_) => Err(io::Error::other("no random numbers")),
        Err(errno) => Err(errno.into()),
    }
}
