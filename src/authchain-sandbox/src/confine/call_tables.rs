//! The system calls by name. Tables that end in `_HERE` differ between processor families.

use nix::libc::*;

/// The calls of a single-threaded async runtime, TLS and malloc, allowed whatever their arguments.
pub(super) const ALLOWED: &[i64] = &[
    // Open descriptors.
    SYS_read,
    SYS_readv,
    SYS_write,
    SYS_writev,
    SYS_close,
    SYS_dup,
    SYS_fstat,
    // Sockets.
    SYS_connect,
    SYS_getpeername,
    SYS_getsockname,
    SYS_getsockopt,
    SYS_shutdown,
    SYS_recvfrom,
    SYS_recvmsg,
    // Waiting.
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_pwait2,
    SYS_eventfd2,
    SYS_ppoll,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_restart_syscall,
    // Memory.
    SYS_brk,
    SYS_madvise,
    SYS_mremap,
    SYS_munmap,
    // Signals and locks.
    SYS_futex,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sched_yield,
    SYS_sigaltstack,
    // Clocks, random numbers and ids.
    SYS_clock_getres,
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getrusage,
    // Timers, whose signals reach this process alone.
    SYS_timer_create,
    SYS_timer_settime,
    SYS_timer_delete,
    // Exit.
    SYS_exit,
    SYS_exit_group,
];

/// Older calls that libc still makes on x86_64.
#[cfg(target_arch = "x86_64")]
pub(super) const ALLOWED_HERE: &[i64] = &[SYS_epoll_wait, SYS_poll, SYS_time];

/// Empty: aarch64 never had the older calls.
#[cfg(not(target_arch = "x86_64"))]
pub(super) const ALLOWED_HERE: &[i64] = &[];

/// Calls of a backend that reads files and folders.
pub(super) const FOR_FILES: &[i64] = &[
    SYS_pread64,
    SYS_lseek,
    SYS_newfstatat,
    SYS_statx,
    SYS_getdents64,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlinkat,
];

/// Calls that kill the process that makes them: they start programs, reach into processes, or
/// change the kernel or the view of the files.
pub(super) const DEADLY: &[i64] = &[
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_kcmp,
    SYS_pidfd_getfd,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_mount,
    SYS_umount2,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_acct,
    SYS_swapon,
    SYS_swapoff,
    SYS_quotactl,
    SYS_personality,
];

/// More calls that kill the process, on x86_64.
#[cfg(target_arch = "x86_64")]
pub(super) const DEADLY_HERE: &[i64] = &[SYS_ioperm, SYS_iopl, SYS_kexec_file_load, SYS_modify_ldt];

/// More calls that kill the process, on aarch64.
#[cfg(not(target_arch = "x86_64"))]
pub(super) const DEADLY_HERE: &[i64] = &[SYS_kexec_file_load];
