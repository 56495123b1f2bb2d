//! A mount namespace of one's own, also where the tests run in a chroot.

use std::fs::File;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{chroot, fchdir};

/// Gives this process mounts of its own: what it mounts from here on, nobody else sees, and it is
/// gone with the process.
///
/// # Panics
/// Without the rights for it.
pub fn own_mounts() {
    unshare(CloneFlags::CLONE_NEWNS).expect("unshare");
    keep_mounts_private();
}

/// Keeps what this process mounts from here on in its mount namespace, which must be its own.
///
/// In a chroot `/` is no mount and cannot be told to be private. Entering the namespace once more
/// leads out to its root, which can, and from there back again.
///
/// # Panics
/// Without the rights for it.
pub fn keep_mounts_private() {
    match all_private() {
        Err(Errno::EINVAL) => {
            let root = File::open("/").unwrap();
            let namespace = File::open("/proc/self/ns/mnt").unwrap();
            setns(namespace, CloneFlags::CLONE_NEWNS).expect("setns");
            all_private().expect("private mounts");
            change_root(&root);
        }
        outcome => outcome.expect("private mounts"),
    }
}

/// Makes the directory that is open as `root` this process's root.
///
/// # Panics
/// Without the rights for it.
pub fn change_root(root: &File) {
    fchdir(root.as_fd()).expect("fchdir");
    chroot(".").expect("chroot");
}

fn all_private() -> nix::Result<()> {
    let nothing: Option<&str> = None;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(nothing, "/", nothing, private, nothing)
}
