//! seccomp: which system calls may be made at all.
//!
//! What only an attacker calls kills the process; of the rest, what is not listed fails with `EPERM`.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{Error, apply_filter};

use super::call_tables::{ALLOWED, ALLOWED_HERE, DEADLY, DEADLY_HERE};
use super::program::{Alternative, Answer, Program, Test, assemble};

/// Every bit of an argument that is an `int`: the kernel ignores the others.
const INT: u64 = 0xffff_ffff;

/// `SOCK_CLOEXEC` and `SOCK_NONBLOCK` share the argument with the type.
const SOCKET_TYPE: u64 = 0xf;

/// Installs the filter, for this thread and those it will start. Never undone.
///
/// # Errors
/// [`Error::Seccomp`] or [`Error::Prctl`] where the kernel refuses; `EINVAL` where it has no filters.
pub(super) fn filter(unix_sockets: bool) -> Result<(), Error> {
    apply_filter(&program(unix_sockets))
}

fn program(unix_sockets: bool) -> Program {
    let mut answers = BTreeMap::new();
    let mut answer =
        |call: i64, answer| answers.insert(u32::try_from(call).unwrap_or(u32::MAX), answer);
    for &call in ALLOWED.iter().chain(ALLOWED_HERE) {
        answer(call, Answer::Allow);
    }
    // Nothing in the worker calls these: whoever does has taken it over, and there is nothing to save.
    for &call in DEADLY.iter().chain(DEADLY_HERE) {
        answer(call, Answer::Kill);
    }
    for (call, alternatives) in conditional(unix_sockets) {
        answer(call, Answer::AllowIf(alternatives));
    }
    // Its flags are in memory, where a filter cannot look. Told that there is none, libc uses `clone`.
    answer(libc::SYS_clone3, Answer::Fail(libc::ENOSYS));
    assemble(&answers)
}

/// Calls that are harmless with some arguments and not with others.
fn conditional(unix_sockets: bool) -> Vec<(i64, Vec<Alternative>)> {
    vec![
        (
            libc::SYS_clone,
            vec![vec![all(0, libc::CLONE_THREAD | libc::CLONE_VM)]],
        ),
        (libc::SYS_openat, vec![vec![none(2, WRITING)]]),
        (libc::SYS_socket, sockets(unix_sockets)),
        // Joins the guard to the parser behind it. A pair of datagram sockets could be sent elsewhere.
        (
            libc::SYS_socketpair,
            vec![socket(libc::AF_UNIX, libc::SOCK_STREAM)],
        ),
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
        (libc::SYS_tgkill, vec![vec![is(0, std::process::id())]]),
        // Names of threads and of memory; not dumpable, and whatever else there is, stay as they are.
        (
            libc::SYS_prctl,
            vec![
                vec![is(0, libc::PR_SET_NAME)],
                vec![is(0, libc::PR_SET_VMA)],
            ],
        ),
    ]
}

/// What opens a file for more than reading. `O_TMPFILE` includes `O_DIRECTORY`, which reading may have.
const WRITING: i32 = libc::O_ACCMODE
    | libc::O_CREAT
    | libc::O_TRUNC
    | libc::O_APPEND
    | (libc::O_TMPFILE & !libc::O_DIRECTORY);

/// TCP and UDP; the list of own addresses, by which getaddrinfo sorts; Unix sockets where they are
/// how the server is reached.
fn sockets(unix: bool) -> Vec<Alternative> {
    let mut list = vec![
        socket(libc::AF_INET, libc::SOCK_STREAM),
        socket(libc::AF_INET, libc::SOCK_DGRAM),
        socket(libc::AF_INET6, libc::SOCK_STREAM),
        socket(libc::AF_INET6, libc::SOCK_DGRAM),
        vec![is(0, libc::AF_NETLINK), is(2, libc::NETLINK_ROUTE)],
    ];
    if unix {
        list.push(socket(libc::AF_UNIX, libc::SOCK_STREAM));
    }
    list
}

fn socket(family: i32, kind: i32) -> Alternative {
    vec![is(0, family), masked(1, SOCKET_TYPE, kind)]
}

fn whole(index: u32, value: u64) -> Test {
    Test {
        index,
        mask: u64::MAX,
        value,
    }
}

fn is(index: u32, value: impl TryInto<u64>) -> Test {
    masked(index, INT, value)
}

fn masked(index: u32, mask: u64, value: impl TryInto<u64>) -> Test {
    Test {
        index,
        mask,
        value: bits(value),
    }
}

/// All of these bits are set.
fn all(index: u32, wanted: i32) -> Test {
    masked(index, bits(wanted), wanted)
}

/// None of these bits is set.
fn none(index: u32, unwanted: i32) -> Test {
    masked(index, bits(unwanted), 0)
}

/// A constant of libc's, none of which is negative, as the kernel gets it.
fn bits(value: impl TryInto<u64>) -> u64 {
    value.try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::program::{PROCESSOR, machine};
    use super::*;
    use std::collections::BTreeSet;

    const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
    const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;
    const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

    fn answer(unix: bool, call: i64, arguments: &[i32]) -> u32 {
        let mut all = [0; 6];
        for (place, &argument) in all.iter_mut().zip(arguments) {
            *place = argument as u64;
        }
        machine::run(&program(unix), PROCESSOR, call as u32, all)
    }

    #[test]
    fn the_filter_is_short_and_fits_into_the_kernel() {
        let length = program(true).len();
        assert!((200..500).contains(&length), "{length}");
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

    #[test]
    fn calls_are_answered_by_what_they_could_do() {
        let forked = libc::SIGCHLD;
        let threaded = libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_FILES;
        let cases: &[(i64, &[i32], u32)] = &[
            (libc::SYS_read, &[], ALLOW),
            (libc::SYS_execve, &[], KILL),
            (libc::SYS_ptrace, &[], KILL),
            (libc::SYS_listen, &[], EPERM),
            (libc::SYS_accept4, &[], EPERM),
            (libc::SYS_setresuid, &[], EPERM),
            (libc::SYS_kill, &[], EPERM),
            (libc::SYS_unlinkat, &[], EPERM),
            (libc::SYS_openat2, &[], EPERM),
            (libc::SYS_clone, &[forked], EPERM),
            (
                libc::SYS_clone,
                &[libc::CLONE_VM | libc::CLONE_VFORK],
                EPERM,
            ),
            (libc::SYS_clone, &[threaded], ALLOW),
            (
                libc::SYS_clone3,
                &[],
                libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32,
            ),
            (
                libc::SYS_openat,
                &[0, 0, libc::O_CLOEXEC | libc::O_DIRECTORY],
                ALLOW,
            ),
            (libc::SYS_openat, &[0, 0, libc::O_WRONLY], EPERM),
            (libc::SYS_openat, &[0, 0, libc::O_RDWR], EPERM),
            (libc::SYS_openat, &[0, 0, libc::O_CREAT], EPERM),
            (libc::SYS_openat, &[0, 0, libc::O_TRUNC], EPERM),
            (libc::SYS_openat, &[0, 0, libc::O_TMPFILE], EPERM),
            (
                libc::SYS_mprotect,
                &[0, 0, libc::PROT_READ | libc::PROT_WRITE],
                ALLOW,
            ),
            (
                libc::SYS_mprotect,
                &[0, 0, libc::PROT_READ | libc::PROT_EXEC],
                EPERM,
            ),
            (
                libc::SYS_mmap,
                &[0, 0, libc::PROT_READ | libc::PROT_EXEC],
                ALLOW,
            ),
            (
                libc::SYS_mmap,
                &[0, 0, libc::PROT_WRITE | libc::PROT_EXEC],
                EPERM,
            ),
            (libc::SYS_prctl, &[libc::PR_SET_DUMPABLE, 1], EPERM),
            (libc::SYS_prctl, &[libc::PR_SET_NAME], ALLOW),
            (libc::SYS_prlimit64, &[0, 0, 0, 1], ALLOW),
            (libc::SYS_prlimit64, &[0, 0, 1, 0], EPERM),
            (libc::SYS_ioctl, &[0, libc::TIOCSTI as i32], EPERM),
        ];
        for &(call, arguments, expected) in cases {
            assert_eq!(
                answer(false, call, arguments),
                expected,
                "{call} {arguments:x?}"
            );
        }
    }

    #[test]
    fn sockets_reach_the_network_and_nothing_on_this_machine_unless_a_server_is_there() {
        let stream = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        for (family, kind, protocol, allowed) in [
            (libc::AF_INET, stream, 0, true),
            (libc::AF_INET6, libc::SOCK_DGRAM, 0, true),
            (libc::AF_INET, libc::SOCK_RAW, 0, false),
            (libc::AF_PACKET, libc::SOCK_RAW, 0, false),
            (libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE, true),
            (libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_AUDIT, false),
            (libc::AF_UNIX, libc::SOCK_STREAM, 0, false),
            (libc::AF_VSOCK, libc::SOCK_STREAM, 0, false),
        ] {
            let expected = if allowed { ALLOW } else { EPERM };
            let arguments = [family, kind, protocol];
            assert_eq!(
                answer(false, libc::SYS_socket, &arguments),
                expected,
                "{arguments:?}"
            );
        }
        assert_eq!(
            answer(true, libc::SYS_socket, &[libc::AF_UNIX, stream]),
            ALLOW
        );
        assert_eq!(
            answer(true, libc::SYS_socket, &[libc::AF_UNIX, libc::SOCK_DGRAM]),
            EPERM
        );
        let pair = |kind| answer(false, libc::SYS_socketpair, &[libc::AF_UNIX, kind]);
        assert_eq!((pair(stream), pair(libc::SOCK_DGRAM)), (ALLOW, EPERM));
    }
}
