//! Installs a filter of system calls: a file that calls C.

use nix::libc::{PR_SET_SECCOMP, SECCOMP_MODE_FILTER, c_ushort, prctl, sock_fprog};
use seccompiler::{Error, apply_filter};

use super::program::Program;

/// Installs `program` for this thread, for good. The thread must have no_new_privs.
///
/// prctl(2) is tried before seccomp(2): systemd's `@system-service` allows prctl(2) and kills for
/// seccomp(2).
///
/// # Errors
/// [`Error::Seccomp`] or [`Error::Prctl`] where the kernel refuses the filter; `EINVAL` where the
/// kernel has no seccomp filters.
pub(super) fn install(program: &Program) -> Result<(), Error> {
    match by_prctl(program) {
        true => Ok(()),
        false => apply_filter(program),
    }
}

/// Returns whether prctl(2) has installed `program`.
fn by_prctl(program: &Program) -> bool {
    let Ok(len) = c_ushort::try_from(program.len()) else {
        return false;
    };
    let filter = program.as_ptr().cast_mut().cast();
    let program = sock_fprog { len, filter };
    // SAFETY: the kernel copies `len` instructions from `filter`, which the caller lends, and
    // writes to neither. seccompiler's instruction has the layout of the kernel's (linux/filter.h).
    unsafe { prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &raw const program) == 0 }
}
