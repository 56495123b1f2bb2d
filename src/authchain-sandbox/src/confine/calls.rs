//! seccomp: which system calls may be made at all.
//!
//! What only an attacker calls kills the process; of the rest, what is not listed fails with
//! `EPERM`.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{Error, apply_filter};

use super::call_tables::{ALLOWED, ALLOWED_HERE, DEADLY, DEADLY_HERE, FOR_FILES};
use super::program::{Action, Alternative, Program, Test, assemble};

/// Every bit of an argument that is an `int`: the kernel ignores the others.
const INT: u64 = 0xffff_ffff;

/// `SOCK_CLOEXEC` and `SOCK_NONBLOCK` share the argument with the type.
const SOCKET_TYPE: u64 = 0xf;

/// What a backend needs besides the network.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Doors {
    /// Its servers are on Unix sockets.
    pub(super) unix_sockets: bool,
    /// It reads files; which ones, Landlock and their modes decide.
    pub(super) files: bool,
}

/// Which system calls a kind of process may make.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Whatever the arguments.
    allowed: &'static [&'static [i64]],
    /// Besides, where files are read.
    for_files: &'static [i64],
    /// Whoever calls one of these has taken the process over: it is killed.
    deadly: &'static [&'static [i64]],
    /// Harmless with some arguments and not with others.
    conditional: fn(Doors) -> Vec<(i64, Vec<Alternative>)>,
}

impl Profile {
    /// A process of ours that asks servers: sockets and clocks, no program and no other process.
    pub const SERVER: Self = Self {
        allowed: &[ALLOWED, ALLOWED_HERE],
        for_files: FOR_FILES,
        deadly: &[DEADLY, DEADLY_HERE],
        conditional,
    };

    /// Installs the filter, for this thread, which is the only one there will be. Never undone.
    ///
    /// # Errors
    /// [`Error::Seccomp`] or [`Error::Prctl`] where the kernel refuses; `EINVAL` where it has no
    /// filters.
    pub(super) fn install(&self, doors: Doors) -> Result<(), Error> {
        apply_filter(&self.program(doors))
    }

    fn program(&self, doors: Doors) -> Program {
        let mut answers = BTreeMap::new();
        let mut answer =
            |call: i64, answer| answers.insert(u32::try_from(call).unwrap_or(u32::MAX), answer);
        let for_files = if doors.files { self.for_files } else { &[] };
        for &call in self.allowed.iter().copied().flatten().chain(for_files) {
            answer(call, Action::Allow);
        }
        for &call in self.deadly.iter().copied().flatten() {
            answer(call, Action::Kill);
        }
        for (call, alternatives) in (self.conditional)(doors) {
            answer(call, Action::AllowIf(alternatives));
        }
        assemble(&answers)
    }
}

/// Returns the calls that are harmless with some arguments and not with others.
fn conditional(doors: Doors) -> Vec<(i64, Vec<Alternative>)> {
    let mut list = vec![
        (libc::SYS_socket, sockets(doors.unix_sockets)),
        // Joins the guard to the parser behind it. A pair of datagram sockets could be sent
        // elsewhere.
        (
            libc::SYS_socketpair,
            vec![socket(libc::AF_UNIX, libc::SOCK_STREAM)],
        ),
        // No memory is run that was not when this began.
        (libc::SYS_mmap, vec![vec![none(2, libc::PROT_EXEC)]]),
        (libc::SYS_mprotect, vec![vec![none(2, libc::PROT_EXEC)]]),
        (
            libc::SYS_ioctl,
            vec![vec![is(1, libc::FIONBIO)], vec![is(1, libc::FIONREAD)]],
        ),
        // Reading limits, not setting them; abort's signal to ourselves and nobody else.
        (libc::SYS_prlimit64, vec![vec![whole(0, 0), whole(2, 0)]]),
        (libc::SYS_tgkill, vec![vec![is(0, std::process::id())]]),
        // Flags and copies of what is open; not whom the kernel sends signals to when something
        // comes.
        (
            libc::SYS_fcntl,
            FLAGS_AND_COPIES
                .map(|command| vec![is(1, command)])
                .to_vec(),
        ),
        // The one option that is set from here on. Others attach programs to a socket, or make
        // another protocol's of it.
        (
            libc::SYS_setsockopt,
            vec![vec![is(1, libc::IPPROTO_TCP), is(2, libc::TCP_NODELAY)]],
        ),
        // What connects by sending (TCP Fast Open) goes past Landlock's rules about ports.
        (libc::SYS_sendto, vec![vec![none(3, libc::MSG_FASTOPEN)]]),
        (libc::SYS_sendmsg, vec![vec![none(2, libc::MSG_FASTOPEN)]]),
        // Names of memory; not dumpable, and whatever else there is, stay as they are.
        (libc::SYS_prctl, vec![vec![is(0, libc::PR_SET_VMA)]]),
    ];
    if doors.files {
        list.push((libc::SYS_openat, vec![vec![none(2, WRITING)]]));
    }
    list
}

const FLAGS_AND_COPIES: [i32; 5] = [
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_DUPFD_CLOEXEC,
];

/// What opens a file for more than reading. `O_TMPFILE` includes `O_DIRECTORY`, which reading may
/// have.
const WRITING: i32 = libc::O_ACCMODE
    | libc::O_CREAT
    | libc::O_TRUNC
    | libc::O_APPEND
    | (libc::O_TMPFILE & !libc::O_DIRECTORY);

/// Allows TCP, UDP for name servers, and Unix sockets where they are how the server is reached.
fn sockets(unix: bool) -> Vec<Alternative> {
    let mut list = vec![
        socket(libc::AF_INET, libc::SOCK_STREAM),
        socket(libc::AF_INET, libc::SOCK_DGRAM),
        socket(libc::AF_INET6, libc::SOCK_STREAM),
        socket(libc::AF_INET6, libc::SOCK_DGRAM),
    ];
    if unix {
        list.push(socket(libc::AF_UNIX, libc::SOCK_STREAM));
    }
    list
}

/// Allows a socket with the usual protocol of its kind: MPTCP reaches every TCP server, and
/// Landlock's rules about ports are not for it.
fn socket(family: i32, kind: i32) -> Alternative {
    vec![is(0, family), masked(1, SOCKET_TYPE, kind), is(2, 0)]
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

/// Returns a test that none of these bits is set.
fn none(index: u32, unwanted: i32) -> Test {
    masked(index, bits(unwanted), 0)
}

/// Returns a constant of libc's, none of which is negative, as the kernel gets it.
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

    /// `F_SETSIG`, which libc does not name: which signal whoever `F_SETOWN` names gets.
    const SETSIG: i32 = 10;

    const NETWORK: Doors = Doors {
        unix_sockets: false,
        files: false,
    };
    const FILES: Doors = Doors {
        files: true,
        ..NETWORK
    };
    const UNIX: Doors = Doors {
        unix_sockets: true,
        ..NETWORK
    };

    fn answer(doors: Doors, call: i64, arguments: &[i32]) -> u32 {
        let mut all = [0; 6];
        for (place, &argument) in all.iter_mut().zip(arguments) {
            *place = argument as u64;
        }
        machine::run(&Profile::SERVER.program(doors), PROCESSOR, call as u32, all)
    }

    #[test]
    fn the_filter_is_short_and_fits_into_the_kernel() {
        let length = Profile::SERVER.program(NETWORK).len();
        assert!((150..200).contains(&length), "{length}");
    }

    #[test]
    fn no_call_is_both_allowed_and_deadly_or_stands_twice() {
        let lists = [ALLOWED, ALLOWED_HERE, FOR_FILES, DEADLY, DEADLY_HERE];
        let all: Vec<i64> = lists.into_iter().flatten().copied().collect();
        let different: BTreeSet<i64> = all.iter().copied().collect();
        assert_eq!(different.len(), all.len());
        for (call, _) in conditional(FILES) {
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
    fn files_are_opened_for_reading_alone_and_only_where_a_backend_has_some() {
        let open = |doors, flags| answer(doors, libc::SYS_openat, &[0, 0, flags]);
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
    fn sockets_reach_the_network_and_nothing_on_this_machine_unless_a_server_is_there() {
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
}
