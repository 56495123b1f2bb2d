//! The priority of the process, which the caller of su or sudo chose: a second file that calls C.

use std::ptr;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use nix::libc::{PRIO_PROCESS, SCHED_OTHER, sched_param, sched_setscheduler, setpriority};

/// The process that calls, in calls that take a process id.
const OWN: nix::libc::pid_t = 0;

/// Gives the process the usual priority: SCHED_OTHER, with the nice value 0, on every processor. A
/// process of root may; in any other the calls may fail, and it keeps what it has.
pub(crate) fn be_usual() {
    let mut every = CpuSet::new();
    for processor in 0..CpuSet::count() {
        let _ = every.set(processor);
    }
    let _ = sched_setaffinity(Pid::from_raw(OWN), &every);
    let param = sched_param { sched_priority: 0 };
    // SAFETY: the kernel reads one sched_param, which lives until the call returns.
    let _ = unsafe { sched_setscheduler(OWN, SCHED_OTHER, ptr::from_ref(&param)) };
    // SAFETY: the call takes three numbers and no memory.
    let _ = unsafe { setpriority(PRIO_PROCESS, 0, 0) };
}
