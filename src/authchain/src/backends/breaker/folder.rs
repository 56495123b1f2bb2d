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

/// The age at which a file is removed. A file in use is renewed all the time. A file this old
/// belongs to a caller who has not come back, or to a backend that is no longer configured.
const LIFE: Duration = Duration::from_secs(60 * 60);

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

    /// Returns a file's times of access and of modification.
    pub(super) fn times_of(&self, name: &str) -> Option<[SystemTime; 2]> {
        let stat = fstatat(&self.0, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
        let accessed = system_time(stat.st_atime, stat.st_atime_nsec)?;
        Some([accessed, time_of(&stat)?])
    }

    /// Makes the file if there is none, and gives it these times of access and of modification.
    pub(super) fn set(&self, name: &str, times: [SystemTime; 2]) {
        if let Ok(file) = self.create(name) {
            stamp(&file, times);
        }
    }

    /// Removes the file.
    pub(super) fn remove(&self, name: &str) {
        let _ = unlinkat(&self.0, name, UnlinkatFlags::NoRemoveDir);
    }

    /// Removes the file if it is empty, as all our files are.
    fn remove_empty(&self, name: &str) {
        let stat = fstatat(&self.0, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        if stat.is_ok_and(|stat| stat.st_size == 0) {
            self.remove(name);
        }
    }

    /// Removes files that were not touched for long, whoever made them. At worst a login asks a
    /// server as if it had no mark.
    pub(super) fn sweep(&self, now: SystemTime) {
        for name in self.names().iter().filter(|name| name::is_ours(name)) {
            let age = self.time_of(name).map(|time| now.duration_since(time));
            if matches!(age, Some(Ok(age)) if age > LIFE) {
                self.remove_empty(name);
            }
        }
    }

    /// Claims a task until `until`, unless somebody else has it.
    ///
    /// Two logins that find at the same moment that a claim has run out may both get the task. This
    /// does no harm. A lock would be worse: the caller of su could stop the process that holds it.
    pub(super) fn claim(&self, name: &str, now: SystemTime, until: SystemTime) -> Claim {
        if let Some(theirs) = self.time_of(name) {
            let left = theirs.duration_since(now).unwrap_or_default();
            if !left.is_zero() && left <= LONGEST_CLAIM {
                return Claim::Anothers;
            }
            self.remove(name);
        }
        match self.make_with_time(name, until) {
            Ok(()) => Claim::Ours,
            Err(Errno::EEXIST) => Claim::Anothers,
            Err(_) => Claim::Impossible,
        }
    }

    /// Makes a file that has this modification time from the first moment: a file made with the
    /// present time would be a claim that has already run out.
    fn make_with_time(&self, name: &str, time: SystemTime) -> nix::Result<()> {
        let draft = name::draft(gettid().as_raw());
        let draft = draft.as_str();
        stamp(&self.create(draft)?, [time, time]);
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

fn stamp(file: &OwnedFd, [accessed, modified]: [SystemTime; 2]) {
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).map(TimeSpec::from_duration);
    if let (Ok(accessed), Ok(modified)) = (since(accessed), since(modified)) {
        let _ = futimens(file, &accessed, &modified);
    }
}

fn time_of(stat: &FileStat) -> Option<SystemTime> {
    system_time(stat.st_mtime, stat.st_mtime_nsec)
}

fn system_time(seconds: i64, nanoseconds: i64) -> Option<SystemTime> {
    let seconds = Duration::from_secs(u64::try_from(seconds).ok()?);
    let nanoseconds = Duration::from_nanos(u64::try_from(nanoseconds).ok()?);
    UNIX_EPOCH.checked_add(seconds.checked_add(nanoseconds)?)
}
