//! The network of a process: in another network namespace, other servers answer.

use std::fs;

/// Returns the number of this thread's network namespace, where its worker will be too; none where
/// the kernel does not tell, as without a mounted /proc.
pub(in crate::backends) fn namespace() -> Option<u64> {
    let link = fs::read_link("/proc/thread-self/ns/net").ok()?;
    let number = link.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?;
    number.parse().ok()
}
