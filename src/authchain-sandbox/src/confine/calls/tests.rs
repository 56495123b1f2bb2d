use super::super::program::{PROCESSOR, assemble, machine};
use super::*;
use std::collections::BTreeSet;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;
const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

/// `F_SETSIG` of fcntl(2), which the libc crate lacks.
const SETSIG: i32 = 10;

const NETWORK: OptionalCalls = OptionalCalls {
    unix_sockets: false,
    files: false,
    network: true,
    signals: false,
};
const FILES: OptionalCalls = OptionalCalls {
    files: true,
    ..NETWORK
};
const UNIX: OptionalCalls = OptionalCalls {
    unix_sockets: true,
    ..NETWORK
};

fn answer(optional: OptionalCalls, call: i64, arguments: &[i32]) -> u32 {
    let mut all = [0; 6];
    for (place, &argument) in all.iter_mut().zip(arguments) {
        *place = argument as u64;
    }
    machine::run(&assemble(&answers(optional)), PROCESSOR, call as u32, all)
}

#[test]
fn the_filter_is_short_and_fits_into_the_kernel() {
    let length = assemble(&answers(NETWORK)).len();
    assert!((150..200).contains(&length), "{length}");
}

#[test]
fn no_call_is_listed_twice() {
    let lists = [ALLOWED, ALLOWED_HERE, FOR_FILES, DEADLY, DEADLY_HERE];
    let all: Vec<i64> = lists.into_iter().flatten().copied().collect();
    let different: BTreeSet<i64> = all.iter().copied().collect();
    assert_eq!(different.len(), all.len());
    for (call, _) in conditional(FILES) {
        assert!(!different.contains(&call), "call {call} is conditional too");
    }
}

#[test]
fn only_the_calls_of_a_worker_are_allowed() {
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
        (libc::SYS_bind, &[], EPERM),
        (libc::SYS_clone, &[forked], EPERM),
        (libc::SYS_clone, &[threaded], EPERM),
        (libc::SYS_clone3, &[], EPERM),
        (libc::SYS_openat, &[0, 0, libc::O_CLOEXEC], EPERM),
        (libc::SYS_newfstatat, &[], EPERM),
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
            EPERM,
        ),
        (
            libc::SYS_mmap,
            &[0, 0, libc::PROT_WRITE | libc::PROT_EXEC],
            EPERM,
        ),
        (libc::SYS_prctl, &[libc::PR_SET_DUMPABLE, 1], EPERM),
        (libc::SYS_prctl, &[libc::PR_SET_NAME], EPERM),
        (libc::SYS_prlimit64, &[0, 0, 0, 1], ALLOW),
        (libc::SYS_prlimit64, &[0, 0, 1, 0], EPERM),
        (libc::SYS_ioctl, &[0, libc::TIOCSTI as i32], EPERM),
        (libc::SYS_fcntl, &[0, libc::F_SETFL], ALLOW),
        (libc::SYS_fcntl, &[0, libc::F_DUPFD_CLOEXEC], ALLOW),
        (libc::SYS_fcntl, &[0, libc::F_SETOWN, 1], EPERM),
        (libc::SYS_fcntl, &[0, SETSIG, libc::SIGKILL], EPERM),
        (
            libc::SYS_sendto,
            &[0, 0, 0, libc::MSG_NOSIGNAL | libc::MSG_FASTOPEN],
            EPERM,
        ),
        (libc::SYS_sendto, &[0, 0, 0, libc::MSG_NOSIGNAL], ALLOW),
        (
            libc::SYS_setsockopt,
            &[0, libc::IPPROTO_TCP, libc::TCP_NODELAY],
            ALLOW,
        ),
        (
            libc::SYS_setsockopt,
            &[0, libc::IPPROTO_TCP, libc::TCP_ULP],
            EPERM,
        ),
        (
            libc::SYS_setsockopt,
            &[0, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER],
            EPERM,
        ),
        (libc::SYS_sendmsg, &[0, 0, libc::MSG_FASTOPEN], EPERM),
        (libc::SYS_sendmsg, &[0, 0, libc::MSG_NOSIGNAL], ALLOW),
    ];
    for &(call, arguments, expected) in cases {
        assert_eq!(
            answer(NETWORK, call, arguments),
            expected,
            "{call} {arguments:x?}"
        );
    }
}

#[test]
fn files_are_opened_for_reading_only_and_for_a_backend_with_files_only() {
    let open = |optional, flags| answer(optional, libc::SYS_openat, &[0, 0, flags]);
    let reading = libc::O_CLOEXEC | libc::O_DIRECTORY;
    assert_eq!(open(FILES, reading), ALLOW);
    assert_eq!(open(NETWORK, reading), EPERM);
    for flags in [
        libc::O_WRONLY,
        libc::O_RDWR,
        libc::O_CREAT,
        libc::O_TRUNC,
        libc::O_TMPFILE,
    ] {
        assert_eq!(open(FILES, flags), EPERM, "{flags:#x}");
    }
}

#[test]
fn only_tcp_udp_and_the_unix_sockets_of_servers_are_allowed() {
    let stream = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    for (family, kind, protocol, allowed) in [
        (libc::AF_INET, stream, 0, true),
        (libc::AF_INET6, libc::SOCK_DGRAM, 0, true),
        (libc::AF_INET, libc::SOCK_RAW, 0, false),
        (libc::AF_PACKET, libc::SOCK_RAW, 0, false),
        (libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE, false),
        (libc::AF_UNIX, libc::SOCK_STREAM, 0, false),
        (libc::AF_VSOCK, libc::SOCK_STREAM, 0, false),
        (libc::AF_INET, stream, libc::IPPROTO_MPTCP, false),
        (libc::AF_INET6, libc::SOCK_STREAM, libc::IPPROTO_SCTP, false),
        (libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_ICMP, false),
    ] {
        let expected = if allowed { ALLOW } else { EPERM };
        let arguments = [family, kind, protocol];
        assert_eq!(
            answer(NETWORK, libc::SYS_socket, &arguments),
            expected,
            "{arguments:?}"
        );
    }
    assert_eq!(
        answer(UNIX, libc::SYS_socket, &[libc::AF_UNIX, stream]),
        ALLOW
    );
    assert_eq!(
        answer(UNIX, libc::SYS_socket, &[libc::AF_UNIX, libc::SOCK_DGRAM]),
        EPERM
    );
    let pair = |kind| answer(NETWORK, libc::SYS_socketpair, &[libc::AF_UNIX, kind]);
    assert_eq!((pair(stream), pair(libc::SOCK_DGRAM)), (ALLOW, EPERM));
}
