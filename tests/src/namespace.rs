//! A mount namespace of one's own.

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// Gives this process mounts of its own: what it mounts from here on, nobody else sees, and it is
/// gone with the process.
///
/// # Panics
/// Without the rights for it.
pub fn own_mounts() {
    let nothing: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(nothing, "/", nothing, private, nothing).unwrap();
}
