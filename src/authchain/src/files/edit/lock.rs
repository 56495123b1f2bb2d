//! The locks that let only one process edit a file at a time.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::poll::{PollTimeout, poll};

use super::super::passwd_files::{SYSTEM_PASSWD, SYSTEM_SHADOW};
use super::super::same_file::{is_same_file, resolved};
use super::error::EditError;
use crate::tools::deadline::Deadline;

/// Maximum time for which a command waits for the lock. Writing takes milliseconds; a process that
/// holds the lock for longer hangs, and the administrator should be told.
pub(in crate::files) const LOCK_WAIT: Duration = Duration::from_secs(10);

/// The lock of the system's own files, which `lckpwdf` (lckpwdf(3)) takes for passwd, useradd, vipw
/// and pam_unix.
const SYSTEM_LOCK: &str = "/etc/.pwd.lock";

/// The pause between two attempts to take the lock, in milliseconds.
const PAUSE: u16 = 20;

/// The lock of a file, held while it is changed. The kernel releases it when the lock
/// file is closed, at the latest when the process ends. It is not released explicitly: that could
/// fail after everything has been written.
///
/// It is a lock of the open file (`F_OFD_SETLK`, fcntl(2)), which excludes `lckpwdf` and is
/// excluded by it. `lckpwdf` itself would end the host's alarm(2), and its lock is lost as soon as
/// the process closes any descriptor of the file.
pub(in crate::files) struct Lock {
    _held: File,
}

impl Lock {
    /// Takes the lock in the file at `path`, or gives up at the deadline.
    ///
    /// The lock file is never removed: otherwise two writers could hold locks on two files of the
    /// same name.
    pub(in crate::files) fn take(path: &Path, deadline: &Deadline) -> Result<Self, EditError> {
        let trouble = |why: &str| EditError::File(format!("{}: {why}", path.display()));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).bits())
            .open(path)
            .map_err(|error| trouble(&error.to_string()))?;
        loop {
            match lock_now(&file) {
                Ok(_) => return Ok(Self { _held: file }),
                Err(Errno::EAGAIN | Errno::EACCES | Errno::EINTR) if !deadline.is_over() => {}
                Err(Errno::EAGAIN | Errno::EACCES) => {
                    let seconds = deadline.budget().as_secs();
                    return Err(EditError::Busy(format!(
                        "{}: held by another process for over {seconds} s",
                        path.display()
                    )));
                }
                Err(errno) => return Err(trouble(errno.desc())),
            }
            // A signal may shorten the pause: then the next attempt is made sooner.
            let _ = poll(&mut [], PollTimeout::from(PAUSE));
        }
    }
}

fn lock_now(file: &File) -> nix::Result<i32> {
    let whole_file = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(file, FcntlArg::F_OFD_SETLK(&whole_file))
}

/// Returns the paths of the lock files, one for each of these files, in the order in which they are
/// taken: `/etc/.pwd.lock` for a file of the system, by whatever path, and `.NAME.lock` beside any
/// other. A file may be edited together with several others, and has the same lock with each. Links
/// are resolved.
pub(super) fn paths_for(files: [&Path; 2]) -> BTreeSet<PathBuf> {
    let systems = [SYSTEM_PASSWD, SYSTEM_SHADOW].map(Path::new);
    BTreeSet::from(files.map(|file| path_beside(file, systems)))
}

fn path_beside(file: &Path, systems: [&Path; 2]) -> PathBuf {
    if systems.iter().any(|system| is_same_file(file, system)) {
        return PathBuf::from(SYSTEM_LOCK);
    }
    // A file of its own, because the edited file is replaced.
    let real = resolved(file);
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    real.with_file_name(format!(".{name}.lock"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::tools::deadline::system_clock;

    fn within(patience: Duration) -> Deadline {
        Deadline::after(system_clock, patience)
    }

    #[test]
    fn a_second_writer_gives_up_after_its_patience() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(".shadow.lock");
        let held = Lock::take(&file, &within(LOCK_WAIT)).unwrap();
        let busy = Lock::take(&file, &within(Duration::from_millis(50)));
        assert!(matches!(busy.err(), Some(EditError::Busy(_))));
        drop(held);
        assert!(Lock::take(&file, &within(Duration::ZERO)).is_ok());
    }

    #[test]
    fn a_link_in_the_locks_place_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, dir.path().join(".shadow.lock")).unwrap();
        assert!(Lock::take(&dir.path().join(".shadow.lock"), &within(Duration::ZERO)).is_err());
        assert!(!elsewhere.exists());
    }

    #[test]
    fn the_systems_files_have_the_lock_of_lckpwdf_by_whatever_path() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["etc", "data", "srv"] {
            fs::create_dir(at(name)).unwrap();
        }
        // /etc/shadow may itself be a link, and one may lead to it.
        symlink(at("data/shadow"), at("etc/shadow")).unwrap();
        symlink(at("etc/shadow"), at("srv/linked")).unwrap();
        symlink(at("etc"), at("srv/etc")).unwrap();
        let systems = [at("etc/passwd"), at("etc/shadow")];
        let lock = |file: &str| path_beside(&at(file), systems.each_ref().map(PathBuf::as_path));
        for exists in [false, true] {
            if exists {
                fs::write(at("data/shadow"), "").unwrap();
            }
            for file in ["etc/shadow", "srv/linked", "srv/etc/shadow", "data/shadow"] {
                assert_eq!(lock(file), Path::new(SYSTEM_LOCK), "{file}, {exists}");
            }
            assert_eq!(lock("srv/etc/passwd"), Path::new(SYSTEM_LOCK));
            assert_eq!(lock("srv/shadow"), at("srv/.shadow.lock"));
            assert_eq!(lock("srv/passwd"), at("srv/.passwd.lock"));
        }
    }

    #[test]
    fn the_systems_two_files_have_one_lock_and_any_others_two() {
        let paths = |files: [&str; 2]| Vec::from_iter(paths_for(files.map(Path::new)));
        let system = Path::new(SYSTEM_LOCK);
        assert_eq!(paths([SYSTEM_PASSWD, SYSTEM_SHADOW]), [system]);
        let ours = ["/nowhere/z", "/nowhere/a"];
        let locks = ["/nowhere/.a.lock", "/nowhere/.z.lock"].map(Path::new);
        assert_eq!(paths(ours), locks);
    }
}
