//! seccomp: the system calls that a process may make that asks servers.
//!
//! A call that only an attacker would make kills the process; any other call that is not listed
//! fails with `EPERM`.

use nix::libc;

use super::arguments::{is, is_u64, lacks, number, socket};
use super::call_tables::{ALLOWED, ALLOWED_HERE, DEADLY, DEADLY_HERE, FOR_FILES};
use super::optional::OptionalCalls;
use super::program::{Action, Alternative, Answers, REFUSE};

/// Returns the answers to a process that asks servers.
pub(super) fn answers(optional: OptionalCalls) -> Answers {
    let for_files: &[i64] = if optional.files { FOR_FILES } else { &[] };
    let allowed = [ALLOWED, ALLOWED_HERE, for_files];
    let deadly = [DEADLY, DEADLY_HERE];
    let conditional = conditional(optional).into_iter();
    let listed = (allowed.iter().copied().flatten())
        .map(|&call| (number(call), Action::Allow))
        .chain((deadly.iter().copied().flatten()).map(|&call| (number(call), Action::Kill)))
        .chain(conditional.map(|(call, tests)| (number(call), Action::AllowIf(tests))));
    Answers {
        listed: listed.collect(),
        unlisted: REFUSE,
        last: None,
    }
}

/// Returns the calls that are allowed with some arguments only, each with the tests of its
/// arguments.
fn conditional(optional: OptionalCalls) -> Vec<(i64, Vec<Alternative>)> {
    let mut list = vec![
        (libc::SYS_socket, sockets(optional.unix_sockets)),
        // Joins the guard to the LDAP library. Datagram sockets are not allowed: one of a pair
        // could send to any Unix socket.
        (
            libc::SYS_socketpair,
            vec![socket(libc::AF_UNIX, libc::SOCK_STREAM)],
        ),
        // No memory becomes executable.
        (libc::SYS_mmap, vec![vec![lacks(2, libc::PROT_EXEC)]]),
        (libc::SYS_mprotect, vec![vec![lacks(2, libc::PROT_EXEC)]]),
        (
            libc::SYS_ioctl,
            vec![vec![is(1, libc::FIONBIO)], vec![is(1, libc::FIONREAD)]],
        ),
        // Limits may be read, not set.
        (libc::SYS_prlimit64, vec![vec![is_u64(0, 0), is_u64(2, 0)]]),
        // abort(3) sends its signal to this process.
        (libc::SYS_tgkill, vec![vec![is(0, std::process::id())]]),
        // Not F_SETOWN: it makes the kernel send signals to another process.
        (
            libc::SYS_fcntl,
            FCNTL_COMMANDS.map(|command| vec![is(1, command)]).to_vec(),
        ),
        // The worker sets no other option. Some options attach a BPF program or another protocol to
        // a socket.
        (
            libc::SYS_setsockopt,
            vec![vec![is(1, libc::IPPROTO_TCP), is(2, libc::TCP_NODELAY)]],
        ),
        // TCP Fast Open connects while it sends, past Landlock's rules about ports.
        (libc::SYS_sendto, vec![vec![lacks(3, libc::MSG_FASTOPEN)]]),
        (libc::SYS_sendmsg, vec![vec![lacks(2, libc::MSG_FASTOPEN)]]),
        // malloc names its memory. No other attribute may change: the process must not become
        // dumpable again.
        (libc::SYS_prctl, vec![vec![is(0, libc::PR_SET_VMA)]]),
    ];
    if optional.files {
        list.push((libc::SYS_openat, vec![vec![lacks(2, WRITING)]]));
    }
    list
}

/// The commands of fcntl(2) for the flags and copies of descriptors.
const FCNTL_COMMANDS: [i32; 5] = [
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_DUPFD_CLOEXEC,
];

/// The flags of open(2) that ask for more than reading. `O_DIRECTORY`, a part of `O_TMPFILE`, does
/// not.
const WRITING: i32 = libc::O_ACCMODE
    | libc::O_CREAT
    | libc::O_TRUNC
    | libc::O_APPEND
    | (libc::O_TMPFILE & !libc::O_DIRECTORY);

/// Allows TCP, UDP for name servers, and Unix sockets where the backend's servers are on them.
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

#[cfg(test)]
mod tests;
