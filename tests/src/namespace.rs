//! Namespaces of one's own: mounts, also where the tests run in a chroot, and networks.

use std::fs::File;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::libc;
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

/// Does `what` in a new network that has a loopback and nothing else. It lasts as long as what was
/// started in it.
///
/// # Panics
/// Without the rights for it.
pub fn in_own_network<T: Send>(what: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let there = move || {
            // Of this thread alone, which ends with the closure.
            unshare(CloneFlags::CLONE_NEWNET).expect("unshare");
            raise_loopback();
            what()
        };
        scope.spawn(there).join().unwrap()
    })
}

/// A new network has only a loopback, and that is down. Raises it.
///
/// # Panics
/// Without the rights for it.
pub fn raise_loopback() {
    // SAFETY: all zeros is a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: a plain system call.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    // SAFETY: `request` lives through the call.
    let result = unsafe { libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request) };
    assert_eq!(result, 0, "loopback: {}", std::io::Error::last_os_error());
    // SAFETY: ours, and not used again.
    unsafe { libc::close(socket) };
}
