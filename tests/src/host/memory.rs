//! Searches memory for secrets that should have been overwritten.

use std::fs;
use std::slice;

use super::scene::Hex;

/// How many copies of `secret` there are in the writable memory of this process.
///
/// The search itself makes no copy: the secret is kept as digits and compared byte by byte.
pub fn copies_of(secret: &Hex) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines()
        .filter_map(writable)
        .map(|(from, to)| {
            // SAFETY: the mapping is readable, and this process has no other thread to unmap it.
            let bytes = unsafe { slice::from_raw_parts(from as *const u8, to - from) };
            count(bytes, secret)
        })
        .sum()
}

fn writable(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let readable_and_writable = words.next()?.starts_with("rw");
    let special = line.ends_with("[vvar]") || line.ends_with("[vsyscall]");
    let address = |text| usize::from_str_radix(text, 16).ok();
    (readable_and_writable && !special).then_some((address(from)?, address(to)?))
}

fn count(bytes: &[u8], secret: &Hex) -> usize {
    let length = secret.bytes().len();
    let first = secret.bytes().next().unwrap();
    let starts = bytes.windows(length).filter(|window| window[0] == first);
    starts
        .filter(|window| secret.bytes().eq(window.iter().copied()))
        .count()
}
