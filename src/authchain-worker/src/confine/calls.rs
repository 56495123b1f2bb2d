//! seccomp: which system calls may be made at all.
//!
//! Three filters, of which the kernel takes the strictest answer: what only an attacker calls kills
//! the process; `clone3` does not exist; of the rest, what is not listed fails with `EPERM`.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp,
    SeccompCondition, SeccompFilter, SeccompRule, apply_filter,
};

use super::call_tables::{ALLOWED, ALLOWED_HERE, DEADLY, DEADLY_HERE};

/// What a call's arguments must be like: any of the alternatives, each of which is a list of tests.
type Alternatives = Vec<Vec<Test>>;

/// The bits of argument `index` under `mask` equal `value`.
struct Test {
    index: u8,
    mask: u64,
    value: u64,
}

/// Every bit of an argument that is an `int`.
const INT: u64 = 0xffff_ffff;

/// `SOCK_CLOEXEC` and `SOCK_NONBLOCK` share the argument with the type.
const SOCKET_TYPE: u64 = 0xf;

/// Installs the filters, for this thread and those it will start. Never undone.
///
/// # Errors
/// [`Error::Seccomp`] or [`Error::Prctl`] where the kernel refuses; `EINVAL` where it has no filters.
pub(super) fn filter(unix_sockets: bool) -> Result<(), Error> {
    apply_filter(&deadly()?)?;
    apply_filter(&missing()?)?;
    apply_filter(&allowed(unix_sockets)?)
}

/// Nothing in the worker calls these, so whoever does has taken it over: there is nothing to save.
fn deadly() -> Result<BpfProgram, BackendError> {
    let calls = DEADLY.iter().chain(DEADLY_HERE);
    let rules = calls.map(|&call| (call, Vec::new())).collect();
    compile(rules, SeccompAction::Allow, SeccompAction::KillProcess)
}

/// The flags of `clone3` are in memory, where a filter cannot look. Told that there is no such call,
/// libc uses `clone`.
fn missing() -> Result<BpfProgram, BackendError> {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let answer = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    compile(rules, SeccompAction::Allow, answer)
}

fn allowed(unix_sockets: bool) -> Result<BpfProgram, BackendError> {
    let calls = ALLOWED.iter().chain(ALLOWED_HERE);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        calls.map(|&call| (call, Vec::new())).collect();
    for (call, alternatives) in conditional(unix_sockets) {
        let tests = alternatives.into_iter().map(rule);
        rules.insert(call, tests.collect::<Result<_, _>>()?);
    }
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    compile(rules, refused, SeccompAction::Allow)
}

/// Calls that are harmless with some arguments and not with others.
fn conditional(unix_sockets: bool) -> Vec<(i64, Alternatives)> {
    let own_id = u64::from(std::process::id());
    vec![
        (
            libc::SYS_clone,
            vec![vec![all(0, libc::CLONE_THREAD | libc::CLONE_VM)]],
        ),
        (libc::SYS_openat, vec![vec![none(2, WRITING)]]),
        (libc::SYS_socket, sockets(unix_sockets)),
        // No memory that is written and run; libraries are mapped readable and executable.
        (
            libc::SYS_mmap,
            vec![
                vec![none(2, libc::PROT_EXEC)],
                vec![none(2, libc::PROT_WRITE)],
            ],
        ),
        (libc::SYS_mprotect, vec![vec![none(2, libc::PROT_EXEC)]]),
        (
            libc::SYS_ioctl,
            vec![vec![is(1, libc::FIONBIO)], vec![is(1, libc::FIONREAD)]],
        ),
        // Reading limits, not setting them; abort's signal to ourselves and nobody else.
        (libc::SYS_prlimit64, vec![vec![whole(0, 0), whole(2, 0)]]),
        (libc::SYS_tgkill, vec![vec![whole(0, own_id)]]),
        // Names of threads and of memory; not dumpable, and whatever else is there, stay as they are.
        (
            libc::SYS_prctl,
            vec![
                vec![is(0, libc::PR_SET_NAME)],
                vec![is(0, libc::PR_SET_VMA)],
            ],
        ),
    ]
}

/// What opens a file for more than reading.
const WRITING: i32 =
    libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND | OWN_TMPFILE_BIT;

/// `O_TMPFILE` without `O_DIRECTORY`, which reading a folder may have.
const OWN_TMPFILE_BIT: i32 = libc::O_TMPFILE & !libc::O_DIRECTORY;

/// TCP and UDP; the list of own addresses, by which getaddrinfo sorts; Unix sockets where they are
/// how the server is reached.
fn sockets(unix: bool) -> Alternatives {
    let of = |family, kind| vec![is(0, family), masked(1, SOCKET_TYPE, kind)];
    let mut list = vec![
        of(libc::AF_INET, libc::SOCK_STREAM),
        of(libc::AF_INET, libc::SOCK_DGRAM),
        of(libc::AF_INET6, libc::SOCK_STREAM),
        of(libc::AF_INET6, libc::SOCK_DGRAM),
        vec![is(0, libc::AF_NETLINK), is(2, libc::NETLINK_ROUTE)],
    ];
    if unix {
        list.push(of(libc::AF_UNIX, libc::SOCK_STREAM));
    }
    list
}

fn whole(index: u8, value: u64) -> Test {
    Test {
        index,
        mask: u64::MAX,
        value,
    }
}

fn is(index: u8, value: impl TryInto<u64>) -> Test {
    Test {
        index,
        mask: INT,
        value: bits(value),
    }
}

fn masked(index: u8, mask: u64, value: impl TryInto<u64>) -> Test {
    Test {
        index,
        mask,
        value: bits(value),
    }
}

/// All of these bits are set.
fn all(index: u8, wanted: i32) -> Test {
    masked(index, bits(wanted), wanted)
}

/// None of these bits is set.
fn none(index: u8, unwanted: i32) -> Test {
    masked(index, bits(unwanted), 0)
}

/// A constant of libc's, none of which is negative, as the kernel gets it.
fn bits(value: impl TryInto<u64>) -> u64 {
    value.try_into().unwrap_or(u64::MAX)
}

fn rule(tests: Vec<Test>) -> Result<SeccompRule, BackendError> {
    let condition = |test: Test| {
        let operator = SeccompCmpOp::MaskedEq(test.mask);
        SeccompCondition::new(test.index, SeccompCmpArgLen::Qword, operator, test.value)
    };
    SeccompRule::new(tests.into_iter().map(condition).collect::<Result<_, _>>()?)
}

fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matching: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, otherwise, matching, ARCH.try_into()?)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_filters_can_be_built_and_fit_into_the_kernel() {
        for program in [deadly(), missing(), allowed(false), allowed(true)] {
            let length = program.unwrap().len();
            assert!((5..4096).contains(&length), "{length}");
        }
    }

    #[test]
    fn no_call_is_both_allowed_and_deadly_or_stands_twice() {
        let lists = [ALLOWED, ALLOWED_HERE, DEADLY, DEADLY_HERE];
        let all: Vec<i64> = lists.into_iter().flatten().copied().collect();
        let different: BTreeSet<i64> = all.iter().copied().collect();
        assert_eq!(different.len(), all.len());
        for (call, _) in conditional(true) {
            assert!(!different.contains(&call), "call {call} is conditional too");
        }
    }
}
