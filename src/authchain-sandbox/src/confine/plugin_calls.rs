//! The system calls of a plugin.
//!
//! A plugin may be any program, in any language, so the filter lists the calls that it may not
//! make. They fail with an error, and kill nobody: interpreters try some of them and go on without.

use nix::libc::*;

use super::arguments::{is, is_u64, lacks, number, socket, socket_of};
use super::call_tables::{DEADLY, DEADLY_HERE};
use super::optional::OptionalCalls;
use super::program::{Action, Alternative, Answers, REFUSE};

/// The last system call that the filter knows: mseal(2) of Linux 6.10.
const LAST: u32 = 462;

/// Calls of [`DEADLY`] that a program needs: an interpreter starts others.
const NEEDED: [i64; 2] = [SYS_execve, SYS_execveat];

/// Calls that leave the process group, which is killed as a whole when the login ends.
const LEAVES_GROUP: [i64; 2] = [SYS_setsid, SYS_setpgid];

/// Calls that leave something behind when the process has ended, change a file (its mode, owner,
/// times or attributes), or watch what others do with files. Landlock knows none of these.
const LEAVES_TRACES: [i64; 26] = [
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_msgget,
    SYS_msgsnd,
    SYS_msgctl,
    SYS_semget,
    SYS_semop,
    SYS_semtimedop,
    SYS_semctl,
    SYS_mq_open,
    SYS_mq_unlink,
    SYS_fchmod,
    SYS_fchmodat,
    FCHMODAT2,
    SYS_fchown,
    SYS_fchownat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    SYS_utimensat,
    SYS_inotify_add_watch,
    SYS_fanotify_init,
];

/// fchmodat2(2) of Linux 6.6, which the libc crate lacks on some processors.
const FCHMODAT2: i64 = 452;

/// The older calls of this kind, which x86_64 alone has.
#[cfg(target_arch = "x86_64")]
const LEAVES_TRACES_HERE: &[i64] = &[
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
];

/// Empty: aarch64 never had the older calls.
#[cfg(not(target_arch = "x86_64"))]
const LEAVES_TRACES_HERE: &[i64] = &[];

/// Calls that change how the kernel treats other processes. Other plugins and workers have the same
/// user id.
const FOR_OTHERS: [i64; 9] = [
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_sched_setaffinity,
    SYS_sched_setattr,
    SYS_sched_setparam,
    SYS_sched_setscheduler,
    SYS_migrate_pages,
    SYS_move_pages,
    SYS_process_mrelease,
];

/// listen(2): below Landlock's level 4, nothing else forbids it.
const LISTENS: [i64; 1] = [SYS_listen];

/// Calls that send signals.
const SIGNALS: [i64; 6] = [
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_send_signal,
];

/// The flags of clone(2) for new namespaces, in which a process has capabilities, and the one for a
/// child of the host: hosts wait for any child.
const CLONE_FLAGS: i32 = CLONE_PARENT
    | CLONE_NEWNS
    | CLONE_NEWCGROUP
    | CLONE_NEWUTS
    | CLONE_NEWIPC
    | CLONE_NEWUSER
    | CLONE_NEWPID
    | CLONE_NEWNET;

/// Returns the answers to a plugin.
pub(super) fn answers(optional: OptionalCalls) -> Answers {
    let signals: &[i64] = if optional.signals { &[] } else { &SIGNALS };
    let deadly = DEADLY.iter().chain(DEADLY_HERE);
    let refused = deadly
        .filter(|call| !NEEDED.contains(call))
        .chain(&LEAVES_GROUP)
        .chain(&LEAVES_TRACES)
        .chain(LEAVES_TRACES_HERE)
        .chain(&FOR_OTHERS)
        .chain(&LISTENS)
        .chain(signals);
    let refused = refused.map(|&call| (number(call), REFUSE));
    let conditional = conditional(optional).into_iter();
    let conditional = conditional.map(|(call, tests)| (number(call), Action::AllowIf(tests)));
    // Its flags are in memory, where a filter cannot look. The C library then calls clone(2).
    let clone3 = (number(SYS_clone3), Action::Fail(ENOSYS));
    Answers {
        listed: refused.chain(conditional).chain([clone3]).collect(),
        unlisted: Action::Allow,
        last: Some(LAST),
    }
}

/// Returns the calls that are allowed with some arguments only.
fn conditional(optional: OptionalCalls) -> Vec<(i64, Vec<Alternative>)> {
    let families: &[i32] = match optional.network {
        true => &[AF_INET, AF_INET6],
        false => &[],
    };
    // Some runtimes name the protocol that is the default anyway.
    let of = |&family| {
        [
            socket(family, SOCK_STREAM),
            socket_of(family, SOCK_STREAM, IPPROTO_TCP),
            socket(family, SOCK_DGRAM),
            socket_of(family, SOCK_DGRAM, IPPROTO_UDP),
        ]
    };
    vec![
        (SYS_socket, families.iter().flat_map(of).collect()),
        (SYS_socketpair, vec![socket(AF_UNIX, SOCK_STREAM)]),
        (SYS_clone, vec![vec![lacks(0, CLONE_FLAGS)]]),
        // Memory that is shared without a file has no limit.
        (
            SYS_mmap,
            vec![vec![lacks(3, MAP_SHARED)], vec![lacks(3, MAP_ANONYMOUS)]],
        ),
        // The limits of this process alone.
        (SYS_prlimit64, vec![vec![is_u64(0, 0)]]),
        (
            SYS_fcntl,
            FCNTL_COMMANDS.map(|command| vec![is(1, command)]).to_vec(),
        ),
        (
            SYS_ioctl,
            IOCTL_REQUESTS.map(|request| vec![is(1, request)]).to_vec(),
        ),
    ]
}

/// The commands of fcntl(2) but those that make the kernel send signals to a process.
const FCNTL_COMMANDS: [i32; 16] = [
    F_DUPFD,
    F_DUPFD_CLOEXEC,
    F_GETFD,
    F_SETFD,
    F_GETFL,
    F_SETFL,
    F_GETLK,
    F_SETLK,
    F_SETLKW,
    F_OFD_GETLK,
    F_OFD_SETLK,
    F_OFD_SETLKW,
    F_GETPIPE_SZ,
    F_SETPIPE_SZ,
    F_GET_SEALS,
    F_ADD_SEALS,
];

/// The requests of ioctl(2) with which programs find out what a descriptor is, and set its flags.
const IOCTL_REQUESTS: [u64; 6] = [TCGETS, TIOCGWINSZ, FIONBIO, FIONREAD, FIOCLEX, FIONCLEX];

#[cfg(test)]
mod tests {
    use super::super::program::{PROCESSOR, assemble, machine};
    use super::*;

    const ALLOW: u32 = SECCOMP_RET_ALLOW;
    const REFUSED: u32 = SECCOMP_RET_ERRNO | EPERM as u32;
    const MISSING: u32 = SECCOMP_RET_ERRNO | ENOSYS as u32;

    fn answer(optional: OptionalCalls, call: i64, arguments: [i32; 3]) -> u32 {
        let [first, second, third] = arguments.map(|argument| argument as u64);
        let program = assemble(&answers(optional));
        machine::run(
            &program,
            PROCESSOR,
            call as u32,
            [first, second, third, 0, 0, 0],
        )
    }

    #[test]
    fn a_plugin_runs_programs_and_changes_nothing_of_others() {
        let cases = [
            (SYS_execve, [0; 3], ALLOW),
            (SYS_openat, [0, 0, O_RDONLY], ALLOW),
            (SYS_clone, [SIGCHLD, 0, 0], ALLOW),
            (SYS_clone, [SIGCHLD | CLONE_NEWUSER, 0, 0], REFUSED),
            (SYS_clone, [CLONE_NEWNET, 0, 0], REFUSED),
            (SYS_clone, [CLONE_PARENT | SIGCHLD, 0, 0], REFUSED),
            (SYS_clone3, [0; 3], MISSING),
            (SYS_shmget, [0; 3], REFUSED),
            (SYS_fchmod, [0; 3], REFUSED),
            (SYS_setxattr, [0; 3], REFUSED),
            (SYS_prlimit64, [0; 3], ALLOW),
            (SYS_prlimit64, [7, 0, 0], REFUSED),
            (SYS_setsid, [0; 3], REFUSED),
            (SYS_setpgid, [0; 3], REFUSED),
            (SYS_ptrace, [0; 3], REFUSED),
            (SYS_unshare, [0; 3], REFUSED),
            (SYS_io_uring_setup, [0; 3], REFUSED),
            (SYS_kill, [7, 0, 0], REFUSED),
            (SYS_fcntl, [0, F_SETFL, 0], ALLOW),
            (SYS_fcntl, [0, F_SETOWN, 7], REFUSED),
            (SYS_ioctl, [0, TCGETS as i32, 0], ALLOW),
            (SYS_ioctl, [0, TIOCSTI as i32, 0], REFUSED),
            (SYS_socket, [AF_INET, SOCK_STREAM, 0], REFUSED),
            (SYS_socket, [AF_UNIX, SOCK_STREAM, 0], REFUSED),
            (SYS_socketpair, [AF_UNIX, SOCK_STREAM, 0], ALLOW),
            (i64::from(LAST), [0; 3], ALLOW),
            (i64::from(LAST) + 1, [0; 3], MISSING),
            // write(2) of the x32 ABI.
            (0x4000_0001, [0; 3], MISSING),
        ];
        for (call, arguments, expected) in cases {
            let found = answer(OptionalCalls::default(), call, arguments);
            assert_eq!(found, expected, "{call} {arguments:x?}");
        }
    }

    #[test]
    fn a_plugin_with_a_network_has_tcp_and_udp_alone() {
        let network = OptionalCalls {
            network: true,
            ..OptionalCalls::default()
        };
        for (family, kind, protocol, expected) in [
            (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, ALLOW),
            (AF_INET6, SOCK_DGRAM, 0, ALLOW),
            (AF_INET, SOCK_STREAM, IPPROTO_TCP, ALLOW),
            (AF_INET, SOCK_DGRAM, IPPROTO_TCP, REFUSED),
            (AF_INET, SOCK_STREAM, IPPROTO_MPTCP, REFUSED),
            (AF_UNIX, SOCK_STREAM, 0, REFUSED),
            (AF_NETLINK, SOCK_RAW, 0, REFUSED),
            (AF_PACKET, SOCK_RAW, 0, REFUSED),
        ] {
            let found = answer(network, SYS_socket, [family, kind, protocol]);
            assert_eq!(found, expected, "{family} {kind} {protocol}");
        }
    }

    #[test]
    fn signals_are_sent_only_where_landlock_keeps_them_in() {
        let kept_in = OptionalCalls {
            signals: true,
            ..OptionalCalls::default()
        };
        for call in SIGNALS {
            assert_eq!(answer(kept_in, call, [7, 0, 0]), ALLOW, "{call}");
        }
    }
}
