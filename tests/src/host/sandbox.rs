//! Sandboxes that service managers and containers put a host into.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, geteuid, setgroups};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};
use serde::{Deserialize, Serialize};

/// The calls of both processor families that `@system-service` lacks, as `systemd-analyze
/// syscall-filter` of systemd 252 lists it.
const OUTSIDE_SYSTEM_SERVICE: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_restrict_self,
    libc::SYS_memfd_secret,
    libc::SYS_mincore,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_pkey_alloc,
    libc::SYS_pkey_free,
    libc::SYS_pkey_mprotect,
    libc::SYS_process_mrelease,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_seccomp,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_vhangup,
];

/// Calls of `@setuid`, which `SystemCallFilter=~@privileged` takes away.
const SETUID: &[i64] = &[
    libc::SYS_setgid,
    libc::SYS_setgroups,
    libc::SYS_setregid,
    libc::SYS_setresgid,
    libc::SYS_setresuid,
    libc::SYS_setreuid,
    libc::SYS_setuid,
];

/// Calls of `@keyring`.
const KEYRING: &[i64] = &[libc::SYS_add_key, libc::SYS_keyctl, libc::SYS_request_key];

/// The bit of CAP_SETGID (capabilities(7)).
const CAP_SETGID: i32 = 6;

/// A sandbox, as a systemd unit can configure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sandbox {
    /// `SystemCallFilter=@system-service`
    SystemService,
    /// The same with `SystemCallErrorNumber=EPERM`
    SystemServiceWithError,
    /// `SystemCallFilter=~@setuid`
    WithoutSetuid,
    /// The same with `SystemCallErrorNumber=EPERM`
    WithoutSetuidWithError,
    /// `SystemCallFilter=~@keyring`, which the worker does not need
    WithoutKeys,
    /// `RestrictAddressFamilies=AF_UNIX`
    UnixOnly,
    /// `MemoryDenyWriteExecute=yes`
    NoWriteExecute,
    /// `CapabilityBoundingSet=~CAP_SETGID`
    WithoutSetgid,
    /// A user namespace whose only user is root, without supplementary groups, and which forbids
    /// setgroups.
    RootAlone,
    /// The same, with a supplementary group.
    RootAloneInAGroup,
}

impl Sandbox {
    /// Puts this process, and processes that it starts, into the sandbox.
    ///
    /// # Panics
    /// Without the rights for it.
    pub fn enter(self) {
        // Root may have supplementary groups or not, and they are what the worker drops first.
        if geteuid().is_root() {
            let group = (self == Self::RootAloneInAGroup).then(|| Gid::from_raw(0));
            setgroups(group.as_slice()).unwrap();
        }
        match self {
            Self::RootAlone | Self::RootAloneInAGroup => be_alone(),
            // SAFETY: changes nothing but the bounding set.
            Self::WithoutSetgid => unsafe {
                assert_eq!(libc::prctl(libc::PR_CAPBSET_DROP, CAP_SETGID, 0, 0, 0), 0);
            },
            _ => apply_filter(&self.program()).unwrap(),
        }
    }

    /// Makes `command` start its program in the sandbox, which must be a filter.
    pub fn around(self, command: &mut Command) {
        filter(command, self.program());
    }

    fn program(self) -> BpfProgram {
        let eperm = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        match self {
            Self::SystemService => refusing(OUTSIDE_SYSTEM_SERVICE, SeccompAction::KillProcess),
            Self::SystemServiceWithError => refusing(OUTSIDE_SYSTEM_SERVICE, eperm),
            Self::WithoutSetuid => refusing(SETUID, SeccompAction::KillProcess),
            Self::WithoutSetuidWithError => refusing(SETUID, eperm),
            Self::WithoutKeys => refusing(KEYRING, SeccompAction::KillProcess),
            Self::UnixOnly => unix_only(),
            Self::NoWriteExecute => no_write_execute(),
            _ => panic!("{self:?} is no filter"),
        }
    }
}

/// A filter that gives this answer to these calls, and allows every other call.
///
/// # Panics
/// On a processor for which there are no filters.
pub fn refusing(calls: &[i64], answer: SeccompAction) -> BpfProgram {
    with_rules(calls.iter().map(|&call| (call, Vec::new())), answer)
}

/// A filter under which `prctl(option, …)` fails with `errno`, and these calls too.
///
/// # Panics
/// As [`refusing`].
pub fn without_prctl(option: i32, calls: &[i64], errno: i32) -> BpfProgram {
    let is_option = argument(0, SeccompCmpOp::Eq, i64::from(option) as u64);
    let others = calls.iter().map(|&call| (call, Vec::new()));
    let rules = others.chain([(libc::SYS_prctl, vec![is_option])]);
    with_rules(rules, SeccompAction::Errno(errno.unsigned_abs()))
}

fn unix_only() -> BpfProgram {
    let is_other = argument(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64);
    let answer = SeccompAction::Errno(libc::EAFNOSUPPORT.unsigned_abs());
    with_rules([(libc::SYS_socket, vec![is_other])], answer)
}

/// As systemd does it: no memory is writable and executable, and none becomes executable.
fn no_write_execute() -> BpfProgram {
    let has = |protection: i32| {
        let bits = u64::from(protection.unsigned_abs());
        vec![argument(2, SeccompCmpOp::MaskedEq(bits), bits)]
    };
    let rules = [
        (libc::SYS_mmap, has(libc::PROT_WRITE | libc::PROT_EXEC)),
        (libc::SYS_mprotect, has(libc::PROT_EXEC)),
        (libc::SYS_pkey_mprotect, has(libc::PROT_EXEC)),
    ];
    with_rules(rules, SeccompAction::Errno(libc::EPERM.unsigned_abs()))
}

/// A rule about one argument, an `int`.
fn argument(index: u8, operator: SeccompCmpOp, value: u64) -> SeccompRule {
    let condition = SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, value);
    SeccompRule::new(vec![condition.unwrap()]).unwrap()
}

fn with_rules(
    rules: impl IntoIterator<Item = (i64, Vec<SeccompRule>)>,
    answer: SeccompAction,
) -> BpfProgram {
    let processor = std::env::consts::ARCH.try_into().unwrap();
    let rules = rules.into_iter().collect();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, processor);
    filter.unwrap().try_into().unwrap()
}

/// Makes `command` start its program under this filter.
pub fn filter(command: &mut Command, program: BpfProgram) {
    let install = move || apply_filter(&program).map_err(|_| io::Error::last_os_error());
    // SAFETY: between fork and exec, the closure makes two system calls and allocates nothing.
    unsafe { command.pre_exec(install) };
}

fn be_alone() {
    unshare(CloneFlags::CLONE_NEWUSER).unwrap();
    for (file, text) in [
        ("setgroups", "deny"),
        ("uid_map", "0 0 1"),
        ("gid_map", "0 0 1"),
    ] {
        fs::write(format!("/proc/self/{file}"), text).unwrap();
    }
}
