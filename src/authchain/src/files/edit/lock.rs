//! The lock that lets only one process edit the files at a time.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FlockArg, OFlag};

use super::error::EditError;
use crate::tools::deadline::{Deadline, system_clock};

/// Maximum time to wait for the lock. Writing takes milliseconds; a process that holds the lock for
/// longer hangs, and the administrator should be told.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(10);

/// The pause between two attempts to take the lock.
const PAUSE: Duration = Duration::from_millis(20);

/// The lock of a database, held while its files are changed. The kernel releases it when the lock
/// file is closed, at the latest when the process ends. It is not released explicitly: that could
/// fail after everything has been written.
pub(super) struct Lock {
    _held: File,
}

impl Lock {
    /// Takes the lock of the database that `file` belongs to.
    ///
    /// The lock is a separate file beside `file`, because `file` itself is replaced. The lock file
    /// is never removed: otherwise two writers could hold locks on two files of the same name.
    pub(super) fn take(file: &Path, patience: Duration) -> Result<Self, EditError> {
        let path = path_for(file);
        let trouble = |why: String| EditError::File(format!("{}: {why}", path.display()));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).bits())
            .open(&path)
            .map_err(|error| trouble(error.to_string()))?;
        let deadline = Deadline::after(system_clock, patience);
        loop {
            match lock_now(&file) {
                Ok(()) => return Ok(Self { _held: file }),
                Err(Errno::EWOULDBLOCK | Errno::EINTR) if !deadline.is_over() => {}
                Err(Errno::EWOULDBLOCK) => {
                    let seconds = patience.as_secs();
                    return Err(trouble(format!(
                        "held by another process for over {seconds} s"
                    )));
                }
                Err(errno) => return Err(trouble(errno.desc().to_owned())),
            }
            pause();
        }
    }
}

#[expect(
    deprecated,
    reason = "its successor unlocks when it is dropped, and panics where that fails"
)]
fn lock_now(file: &File) -> nix::Result<()> {
    nix::fcntl::flock(file.as_raw_fd(), FlockArg::LockExclusiveNonblock)
}

#[expect(
    clippy::disallowed_methods,
    reason = "an administrator's command may wait for another; no login comes here"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// Returns the lock's path: `/var/lib/authchain/.shadow.lock` for `/var/lib/authchain/shadow`.
fn path_for(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_gives_up_after_its_patience() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shadow");
        let held = Lock::take(&file, LOCK_WAIT).unwrap();
        assert!(Lock::take(&file, Duration::from_millis(50)).is_err());
        drop(held);
        assert!(Lock::take(&file, Duration::ZERO).is_ok());
    }

    #[test]
    fn a_link_in_the_locks_place_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, dir.path().join(".shadow.lock")).unwrap();
        assert!(Lock::take(&dir.path().join("shadow"), Duration::ZERO).is_err());
        assert!(!elsewhere.exists());
    }
}
