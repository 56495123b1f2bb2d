//! Tests of the arguments of system calls.

use super::program::{Alternative, Test};

/// The bits of an argument that is an `int`: the kernel ignores the upper half.
const INT: u64 = 0xffff_ffff;

/// The bits of a socket's type. The argument also holds `SOCK_CLOEXEC` and `SOCK_NONBLOCK`.
const SOCKET_TYPE: u64 = 0xf;

/// Returns the number of a call as filters have it.
pub(super) fn number(call: i64) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

/// Allows a socket with the default protocol of its type. Not MPTCP: it reaches every TCP server
/// past Landlock's rules about ports.
pub(super) fn socket(family: i32, kind: i32) -> Alternative {
    socket_of(family, kind, 0)
}

/// Allows a socket with a protocol.
pub(super) fn socket_of(family: i32, kind: i32, protocol: i32) -> Alternative {
    vec![is(0, family), masked(1, SOCKET_TYPE, kind), is(2, protocol)]
}

pub(super) fn is_u64(index: u32, value: u64) -> Test {
    Test {
        index,
        mask: u64::MAX,
        value,
    }
}

pub(super) fn is(index: u32, value: impl TryInto<u64>) -> Test {
    masked(index, INT, value)
}

pub(super) fn masked(index: u32, mask: u64, value: impl TryInto<u64>) -> Test {
    Test {
        index,
        mask,
        value: bits(value),
    }
}

/// Returns a test that no bit of `unwanted` is set.
pub(super) fn lacks(index: u32, unwanted: i32) -> Test {
    masked(index, bits(unwanted), 0)
}

/// Returns a constant of libc, which is never negative, as the bits of an argument.
fn bits(value: impl TryInto<u64>) -> u64 {
    value.try_into().unwrap_or(u64::MAX)
}
