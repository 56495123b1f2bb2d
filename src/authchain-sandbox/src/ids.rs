//! Changes the ids of this process, but only where they differ: the host's filter may kill a
//! process for the call alone.

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid};

use crate::fault::ProcessFault;
use crate::obstacle::{Capability, Obstacle};

/// Drops the supplementary groups.
pub(crate) fn drop_groups() -> Result<(), ProcessFault> {
    if getgroups().is_ok_and(|groups| groups.is_empty()) {
        return Ok(());
    }
    setgroups(&[]).map_err(fault("drop the supplementary groups", Capability::SETGID))
}

/// Sets the real, effective and saved ids: the group's first, then the user's.
pub(crate) fn take(uid: Uid, gid: Gid) -> Result<(), ProcessFault> {
    let is_group = |ids: nix::unistd::ResGid| [ids.real, ids.effective, ids.saved] == [gid; 3];
    if !getresgid().is_ok_and(is_group) {
        setresgid(gid, gid, gid).map_err(fault("take its own group id", Capability::SETGID))?;
    }
    let is_user = |ids: nix::unistd::ResUid| [ids.real, ids.effective, ids.saved] == [uid; 3];
    if !getresuid().is_ok_and(is_user) {
        setresuid(uid, uid, uid).map_err(fault("take its own user id", Capability::SETUID))?;
    }
    Ok(())
}

/// Returns a function that makes a [`ProcessFault`] of the kernel's error.
fn fault(step: &'static str, capability: Capability) -> impl Fn(Errno) -> ProcessFault {
    move |errno| ProcessFault::new(step, errno, Obstacle::to_change_of_ids(errno, capability))
}
