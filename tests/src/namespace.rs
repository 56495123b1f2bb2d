//! Private mount and network namespaces for tests, also where the tests run in a chroot.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::process::Command;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{chroot, fchdir};

use crate::host::built;

/// Moves this thread into a new mount namespace. Only this thread, and processes that it starts,
/// see what it mounts from now on. The mounts end with them.
///
/// # Panics
/// Without the rights for it.
pub fn own_mounts() {
    // Found now: in the new namespace, the kernel would tell another path.
    built::own_program();
    unshare(CloneFlags::CLONE_NEWNS).expect("unshare");
    keep_mounts_private();
}

/// Keeps later mounts in this thread's mount namespace, which must be a new one.
///
/// In a chroot, `/` is no mount and cannot be made private. So the thread enters its namespace once
/// more, which leads to the root of the namespace, makes that root private, and returns into the
/// chroot.
///
/// # Panics
/// Without the rights for it.
pub fn keep_mounts_private() {
    match all_private() {
        Err(Errno::EINVAL) => {
            let root = File::open("/").unwrap();
            // Not /proc/self: that is the process's first thread, whose namespace may be another.
            let namespace = File::open("/proc/thread-self/ns/mnt").unwrap();
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

/// Moves this thread into a new network namespace with only a loopback, and shows it these texts as
/// /etc/resolv.conf and /etc/hosts. Processes that it starts are there too.
///
/// # Panics
/// Without the rights for it.
pub fn own_network(resolv_conf: &str, hosts: &str) {
    unshare(CloneFlags::CLONE_NEWNET).expect("unshare");
    let up = Command::new("ip")
        .args(["link", "set", "lo", "up"])
        .status();
    assert!(up.unwrap().success(), "no loopback");
    own_names(resolv_conf, hosts);
}

/// Shows only this thread, and processes that it starts, these texts as /etc/resolv.conf and
/// /etc/hosts.
///
/// # Panics
/// Without the rights for it.
pub fn own_names(resolv_conf: &str, hosts: &str) {
    own_mounts();
    for (path, text) in [("/etc/resolv.conf", resolv_conf), ("/etc/hosts", hosts)] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let nothing: Option<&str> = None;
        // Unmounted first: a deleted file cannot be mounted over, and ours from an earlier call is
        // deleted.
        let _ = umount(path);
        mount(Some(file.path()), path, nothing, MsFlags::MS_BIND, nothing).expect(path);
        // The mount keeps the deleted file's content.
    }
}

/// Does `work` in a new thread with its [`own_network`], which ends with the thread.
///
/// # Panics
/// As `work` does.
pub fn in_own_network(
    resolv_conf: &'static str,
    hosts: &'static str,
    work: impl FnOnce() + Send + 'static,
) {
    let thread = std::thread::spawn(move || {
        own_network(resolv_conf, hosts);
        work();
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::need;

    #[test]
    fn a_thread_in_a_chroot_stays_in_its_own_namespace_and_in_the_chroot() {
        if !need::root("private mounts in a chroot") {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("proc")).unwrap();
        let root = folder.path().to_owned();
        let thread = std::thread::spawn(move || {
            own_mounts();
            enter_plain_chroot(&root);
            let before = namespace();
            keep_mounts_private();
            assert_eq!(namespace(), before);
            assert!(!Path::new("/etc").exists(), "out of the chroot");
        });
        thread.join().unwrap();
    }

    /// A chroot as an administrator makes one: a folder with a /proc, which is itself no mount.
    fn enter_plain_chroot(folder: &Path) {
        let (proc, nothing): (_, Option<&str>) = (Some("proc"), None);
        mount(proc, &folder.join("proc"), proc, MsFlags::empty(), nothing).unwrap();
        change_root(&File::open(folder).unwrap());
        assert_eq!(all_private(), Err(Errno::EINVAL), "/ is a mount here");
    }

    fn namespace() -> PathBuf {
        fs::read_link("/proc/thread-self/ns/mnt").unwrap()
    }
}
