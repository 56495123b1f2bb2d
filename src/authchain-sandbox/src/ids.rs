//! The ids of this process: changed only where they differ, because a filter that the host runs
//! under may kill for the mere call.

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid};

use crate::fault::ProcessFault;
use crate::obstacle::{Needed, Obstacle};

/// Drops the supplementary groups.
pub(crate) fn drop_groups() -> Result<(), ProcessFault> {
    if getgroups().is_ok_and(|groups| groups.is_empty()) {
        return Ok(());
    }
    setgroups(&[]).map_err(fault("drop the supplementary groups", Needed::SETGID))
}

/// Makes `gid` the real, effective and saved group id, and then `uid` the user id.
pub(crate) fn take(uid: Uid, gid: Gid) -> Result<(), ProcessFault> {
    let is_group = |ids: nix::unistd::ResGid| [ids.real, ids.effective, ids.saved] == [gid; 3];
    if !getresgid().is_ok_and(is_group) {
        setresgid(gid, gid, gid).map_err(fault("take its own group id", Needed::SETGID))?;
    }
    let is_user = |ids: nix::unistd::ResUid| [ids.real, ids.effective, ids.saved] == [uid; 3];
    if !getresuid().is_ok_and(is_user) {
        setresuid(uid, uid, uid).map_err(fault("take its own user id", Needed::SETUID))?;
    }
    Ok(())
}

/// Returns a function that makes a [`ProcessFault`] of a change that failed.
fn fault(step: &'static str, needed: Needed) -> impl Fn(Errno) -> ProcessFault {
    move |errno| ProcessFault::new(step, errno, Obstacle::to_change(errno, needed))
}
