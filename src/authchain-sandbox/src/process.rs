//! The first steps of the worker: replaces the ids, limits and descriptors that it inherited.
//!
//! su and sudo start the module with the caller's real user id, limits, signal mask, umask, working
//! directory and descriptors, and the worker inherits all of them. Signal dispositions are left
//! alone: an ignored signal does no harm (the hard limit on processor time kills with SIGKILL, the
//! kernel does not let a fault be ignored, std ignores SIGPIPE anyway), and the module starts the
//! worker with the default ones.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::fd::{AsFd, RawFd};

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::signal::SigSet;
use nix::sys::stat::{Mode, SFlag, fstat, umask};
use nix::unistd::{chdir, close, getegid, geteuid};

pub use crate::fault::ProcessFault;
use crate::fault::fault;
use crate::{ids, priority};

/// The first descriptor to close: those below are the socket and stderr.
const FIRST_TO_CLOSE: RawFd = 3;

/// The most descriptors that are closed one by one where `/proc` is missing.
const MOST_DESCRIPTORS: rlim_t = 65_536;

const MIB: rlim_t = 1 << 20;

/// The writable memory (RLIMIT_DATA). Stacks of threads count; memory that malloc has only reserved
/// does not.
const MEMORY: rlim_t = 64 * MIB;

/// The writable memory of a worker that computes password hashes: the costliest hash that is
/// allowed takes 256 MiB.
const MEMORY_FOR_HASHES: rlim_t = MEMORY + 256 * MIB;

/// The resource limits of a process, whatever limits its caller set.
#[derive(Debug, Clone, Copy)]
pub struct Limits(&'static [(Resource, rlim_t)]);

impl Limits {
    /// The limits of a process that asks servers.
    ///
    /// `RLIMIT_NPROC` is missing on purpose: the kernel counts it per user, over all workers and,
    /// under a screen locker, over the whole desktop. Starting processes is forbidden by seccomp
    /// instead, and threads end at the limit on memory.
    pub const SERVER: Self = Self(&[
        (Resource::RLIMIT_CORE, 0),
        // A name lookup and a TLS handshake take milliseconds; a parser in an endless loop is
        // killed.
        (Resource::RLIMIT_CPU, 10),
        // `limit_memory` lowers it in a worker that computes no hashes.
        (Resource::RLIMIT_DATA, MEMORY_FOR_HASHES),
        // Mapped memory, with libraries: glibc reserves 64 or 128 MiB for the heap of each thread.
        (Resource::RLIMIT_AS, 512 * MIB),
        (Resource::RLIMIT_NOFILE, 64),
        (Resource::RLIMIT_STACK, 8 * MIB),
    ]);

    /// The limits of each process of a plugin. Address space is not limited: some runtimes reserve
    /// far more than they use.
    pub const PLUGIN: Self = Self(&[
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_CPU, 10),
        (Resource::RLIMIT_DATA, 256 * MIB),
        (Resource::RLIMIT_AS, RLIM_INFINITY),
        (Resource::RLIMIT_NOFILE, 256),
        (Resource::RLIMIT_STACK, 8 * MIB),
        // Lowered when the user has changed: see `limit_processes`.
        (Resource::RLIMIT_NPROC, 1_024),
        (Resource::RLIMIT_SIGPENDING, 1_024),
        (Resource::RLIMIT_MSGQUEUE, 0),
        (Resource::RLIMIT_MEMLOCK, 0),
        (Resource::RLIMIT_RTPRIO, 0),
        (Resource::RLIMIT_NICE, 0),
    ]);
}

/// Replaces what the process inherited: ids, groups, descriptors, working directory, umask, signal
/// mask, priority and limits; forbids core dumps.
///
/// # Errors
/// When the ids cannot be set, or the process would stay dumpable: the caller of su could still
/// read or kill it. The other steps are taken even then.
pub fn sanitize(limits: Limits) -> Result<(), ProcessFault> {
    let taken = take_ids();
    close_inherited();
    // "/" always exists, and umask(2) cannot fail.
    let _ = chdir("/");
    umask(Mode::from_bits_truncate(0o077));
    let _ = SigSet::empty().thread_set_mask();
    for &(resource, wanted) in limits.0 {
        limit(resource, wanted);
    }
    priority::be_usual();
    be_oom_killed_first();
    taken.and(not_dumpable())
}

/// Makes sure that no limit is lower than in `limits`. The caller of su could otherwise lower one
/// until a program that a plugin starts fails, and the plugin might take this for an answer.
///
/// To be called after [`sanitize`], which raises them. A process that is not root is not checked:
/// it serves only the user who started it.
///
/// # Errors
/// When a limit is lower, because this root may not raise it.
pub fn verify_limits(limits: Limits) -> Result<(), ProcessFault> {
    let is_lower = |(resource, wanted): &(Resource, rlim_t)| {
        getrlimit(*resource).map_or(true, |(soft, _)| soft < *wanted)
    };
    match geteuid().is_root() && limits.0.iter().any(is_lower) {
        true => Err(fault("raise the limits that its caller has set")(
            Errno::EPERM,
        )),
        false => Ok(()),
    }
}

/// Makes the effective ids the real and saved ones as well: the caller of su or sudo could send
/// signals to a process that has the caller's real user id.
fn take_ids() -> Result<(), ProcessFault> {
    let (uid, gid) = (geteuid(), getegid());
    if uid.is_root() {
        ids::drop_groups()?;
    }
    ids::take(uid, gid)
}

/// Forbids core dumps, and reading the worker's memory or descriptors through `/proc`.
///
/// To be called again after every change of ids, which resets the flag to `fs.suid_dumpable`.
///
/// # Errors
/// When a filter of system calls forbids it.
pub fn not_dumpable() -> Result<(), ProcessFault> {
    prctl::set_dumpable(false).map_err(fault("forbid dumps of its memory"))
}

/// Closes the descriptors that hosts leave open without close-on-exec (sshd does).
fn close_inherited() {
    let open = open_descriptors().unwrap_or_else(|| {
        let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(MOST_DESCRIPTORS, |(_, hard)| hard);
        let end = RawFd::try_from(limit.min(MOST_DESCRIPTORS)).unwrap_or(RawFd::MAX);
        (FIRST_TO_CLOSE..end).collect()
    });
    for descriptor in open.into_iter().filter(|&fd| fd >= FIRST_TO_CLOSE) {
        let _ = close(descriptor);
    }
}

/// Lists the open descriptors. The list includes the descriptor of `/proc/self/fd`, which is closed
/// by then.
fn open_descriptors() -> Option<Vec<RawFd>> {
    let entries = fs::read_dir("/proc/self/fd").ok()?;
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    Some(entries.filter_map(|entry| number(entry.ok()?)).collect())
}

/// Sets the soft and the hard limit to `wanted`, or to the present hard limit where the process may
/// not raise it.
fn limit(resource: Resource, wanted: rlim_t) {
    if setrlimit(resource, wanted, wanted).is_err() {
        let hard = getrlimit(resource).map_or(wanted, |(_, hard)| hard);
        let most = wanted.min(hard);
        let _ = setrlimit(resource, most, most);
    }
}

/// Makes the kernel kill the worker before other processes when memory runs out (`oom_score_adj` in
/// proc(5)), even where the host is exempt. A hash in a NIS map may take 256 MiB, and a stranger
/// can have many hashes computed at once.
fn be_oom_killed_first() {
    let file = OpenOptions::new()
        .write(true)
        .open("/proc/self/oom_score_adj");
    // Without /proc the kernel goes by the size of the process, as always.
    let _ = file.and_then(|mut file| file.write_all(b"1000"));
}

/// Lowers the limit on memory in a worker that computes no hashes.
pub fn limit_memory(hashes: bool) {
    if !hashes {
        limit(Resource::RLIMIT_DATA, MEMORY);
    }
}

/// Forbids writing to files (RLIMIT_FSIZE). `sanitize` does not: the output of `--about` may go to
/// a file.
pub fn write_no_files() {
    limit(Resource::RLIMIT_FSIZE, 0);
}

/// The most processes of the user of a plugin.
const PROCESSES: rlim_t = 512;

/// Limits the processes that a plugin can start. The kernel counts all processes of a user
/// (RLIMIT_NPROC).
///
/// To be called after a change of user: the kernel executes no program for a user who had too many
/// processes at the change.
pub fn limit_processes() {
    limit(Resource::RLIMIT_NPROC, PROCESSES);
}

/// Returns the host name of this machine; empty without /proc.
pub fn machine_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname");
    name.map(|name| name.trim_end().to_owned())
        .unwrap_or_default()
}

/// Returns whether `stream` is a socket: it is a terminal where a person starts the worker by hand.
pub fn is_socket(stream: impl AsFd) -> bool {
    let kind = |mode| SFlag::from_bits_truncate(mode) & SFlag::S_IFMT;
    fstat(stream).is_ok_and(|status| kind(status.st_mode) == SFlag::S_IFSOCK)
}
