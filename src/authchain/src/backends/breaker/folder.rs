//! Empty files whose modification time is their content, in a folder that nobody else can write.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat, futimens};
use nix::sys::time::TimeSpec;
use nix::unistd::{UnlinkatFlags, geteuid, gettid, linkat, mkdir, unlinkat};

use super::name;

/// The longest a claim lasts; a longer one is from before the clock was set back.
pub(super) const LONGEST_CLAIM: Duration = Duration::from_secs(60);

/// The most files that are looked at: more can only be a mistake, which must not cost every login.
const MAX_FILES: usize = 4096;

/// The folder, open.
pub(super) struct Folder(OwnedFd);

/// The result of claiming a task.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Ours,
    Anothers,
    Impossible,
}

impl Folder {
    /// Opens the folder, if only root or this process's effective user can write it.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let folder = open(path, flags, Mode::empty()).ok()?;
        let stat = fstat(&folder).ok()?;
        let is_ours = stat.st_uid == 0 || stat.st_uid == geteuid().as_raw();
        (is_ours && stat.st_mode & 0o022 == 0).then_some(Self(folder))
    }

    /// Opens the folder like [`open`](Self::open), and makes it if it is not there.
    pub(super) fn make(path: &Path) -> Option<Self> {
        let _ = mkdir(path, Mode::S_IRWXU);
        Self::open(path)
    }

    /// Lists the files in it.
    pub(super) fn names(&self) -> Vec<String> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        // Not a copy of the descriptor: that would share its position with the next reader.
        let Ok(mut dir) = Dir::openat(&self.0, ".", flags, Mode::empty()) else {
            return Vec::new();
        };
        let entries = dir.iter().take(MAX_FILES).filter_map(Result::ok);
        let names = entries.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
        names.collect()
    }

    /// Returns a file's modification time.
    pub(super) fn time_of(&self, name: &str) -> Option<SystemTime> {
        let stat = fstatat(&self.0, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
        time_of(&stat)
    }

    /// Makes the file if there is none, and gives it this modification time.
    pub(super) fn set(&self, name: &str, time: SystemTime) {
        if let Ok(file) = self.create(name) {
            stamp(&file, time);
        }
    }

    /// Removes the file.
    pub(super) fn remove(&self, name: &str) {
        let _ = unlinkat(&self.0, name, UnlinkatFlags::NoRemoveDir);
    }

    /// Removes the file if nothing is in it: what we make says nothing.
    pub(super) fn remove_empty(&self, name: &str) {
        let stat = fstatat(&self.0, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        if stat.is_ok_and(|stat| stat.st_size == 0) {
            self.remove(name);
        }
    }

    /// Claims a task until `until`, unless somebody else has it.
    ///
    /// Two logins that find at the same moment that a claim has run out may both get the task; then
    /// both find out what one of them could have. A lock would be worse: the caller of su could
    /// stop the process that holds it.
    pub(super) fn claim(&self, name: &str, now: SystemTime, until: SystemTime) -> Claim {
        if let Some(theirs) = self.time_of(name) {
            let left = theirs.duration_since(now).unwrap_or_default();
            if !left.is_zero() && left <= LONGEST_CLAIM {
                return Claim::Anothers;
            }
            self.remove(name);
        }
        match self.make_whole(name, until) {
            Ok(()) => Claim::Ours,
            Err(Errno::EEXIST) => Claim::Anothers,
            Err(_) => Claim::Impossible,
        }
    }

    /// Makes a file that has this modification time from the first moment: a file made with the
    /// present time would be a claim that has already run out.
    fn make_whole(&self, name: &str, time: SystemTime) -> nix::Result<()> {
        let draft = name::draft(gettid().as_raw());
        let draft = draft.as_str();
        stamp(&self.create(draft)?, time);
        let made = linkat(&self.0, draft, &self.0, name, AtFlags::empty());
        self.remove(draft);
        made
    }

    fn create(&self, name: &str) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_WRONLY
            | OFlag::O_CREAT
            | OFlag::O_NOFOLLOW
            | OFlag::O_NONBLOCK
            | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        openat(self.0.as_fd(), name, flags, mode)
    }
}

fn stamp(file: &OwnedFd, time: SystemTime) {
    if let Ok(since) = time.duration_since(UNIX_EPOCH) {
        let time = TimeSpec::from_duration(since);
        let _ = futimens(file, &time, &time);
    }
}

fn time_of(stat: &FileStat) -> Option<SystemTime> {
    let seconds = Duration::from_secs(u64::try_from(stat.st_mtime).ok()?);
    let nanoseconds = Duration::from_nanos(u64::try_from(stat.st_mtime_nsec).ok()?);
    UNIX_EPOCH.checked_add(seconds.checked_add(nanoseconds)?)
}
