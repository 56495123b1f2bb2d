//! seccomp: the system calls that the worker may make.
//!
//! A call that only an attacker would make kills the process; any other call that is not listed
//! fails with `EPERM`.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::Error;

use super::call_tables::{ALLOWED, ALLOWED_HERE, DEADLY, DEADLY_HERE, FOR_FILES};
use super::install::install;
use super::program::{Action, Alternative, Program, Test, assemble};

/// The bits of an argument that is an `int`: the kernel ignores the upper half.
const INT: u64 = 0xffff_ffff;

/// The bits of a socket's type. The argument also holds `SOCK_CLOEXEC` and `SOCK_NONBLOCK`.
const SOCKET_TYPE: u64 = 0xf;

/// The groups of calls that only some backends need.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OptionalCalls {
    /// The backend's servers are on Unix sockets.
    pub(super) unix_sockets: bool,
    /// The backend reads files; Landlock and their modes decide which ones.
    pub(super) files: bool,
}

/// The system calls that a kind of process may make.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Calls that are allowed whatever their arguments.
    allowed: &'static [&'static [i64]],
    /// Calls that are allowed only to a backend that reads files.
    for_files: &'static [i64],
    /// Calls that kill the process: only an attacker would make them.
    deadly: &'static [&'static [i64]],
    /// Returns the calls that are allowed with some arguments only.
    conditional: fn(OptionalCalls) -> Vec<(i64, Vec<Alternative>)>,
}

impl Profile {
    /// The calls of a process that asks servers. It uses sockets and clocks, and starts no program
    /// and no other process.
    pub const SERVER: Self = Self {
        allowed: &[ALLOWED, ALLOWED_HERE],
        for_files: FOR_FILES,
        deadly: &[DEADLY, DEADLY_HERE],
        conditional,
    };

    /// Installs the filter, for good, in this thread, which is the only one.
    ///
    /// # Errors
    /// Where the kernel refuses the filter, or has no seccomp filters.
    pub(super) fn install(&self, optional: OptionalCalls) -> Result<(), Error> {
        install(&self.program(optional))
    }

    fn program(&self, optional: OptionalCalls) -> Program {
        let mut answers = BTreeMap::new();
        let mut answer =
            |call: i64, answer| answers.insert(u32::try_from(call).unwrap_or(u32::MAX), answer);
        let for_files = if optional.files { self.for_files } else { &[] };
        for &call in self.allowed.iter().copied().flatten().chain(for_files) {
            answer(call, Action::Allow);
        }
        for &call in self.deadly.iter().copied().flatten() {
            answer(call, Action::Kill);
        }
        for (call, alternatives) in (self.conditional)(optional) {
            answer(call, Action::AllowIf(alternatives));
        }
        assemble(&answers)
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

/// Allows a socket with the default protocol of its type. Not MPTCP: it reaches every TCP server
/// past Landlock's rules about ports.
fn socket(family: i32, kind: i32) -> Alternative {
    vec![is(0, family), masked(1, SOCKET_TYPE, kind), is(2, 0)]
}

fn is_u64(index: u32, value: u64) -> Test {
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

/// Returns a test that no bit of `unwanted` is set.
fn lacks(index: u32, unwanted: i32) -> Test {
    masked(index, bits(unwanted), 0)
}

/// Returns a constant of libc, which is never negative, as the bits of an argument.
fn bits(value: impl TryInto<u64>) -> u64 {
    value.try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
