//! Copies a directory, and removes what a directory contains, without following a link.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read, Write};

use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

use super::folder::open_folder;
use super::rights::HomeOwner;

/// Maximum size of all files of a skeleton, in bytes.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// The number of bytes that are copied at a time.
const BUFFER: usize = 64 * 1024;

/// The limits of a skeleton. Who has more of it wants an archive, not a skeleton.
pub(super) struct Budget {
    entries: u32,
    bytes: u64,
    depth: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            entries: 4_096,
            bytes: MAX_BYTES,
            depth: 16,
        }
    }
}

impl Budget {
    fn spend(&mut self, bytes: u64) -> io::Result<()> {
        let too_much = || io::Error::other("the skeleton has more than 4096 entries or 64 MiB");
        self.entries = self.entries.checked_sub(1).ok_or_else(too_much)?;
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(too_much)?;
        Ok(())
    }

    /// Does `work` one level deeper.
    fn deeper(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        let too_deep = || io::Error::other("the skeleton has more than 16 levels");
        self.depth = self.depth.checked_sub(1).ok_or_else(too_deep)?;
        work(self)?;
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }
}

/// Copies directories, files and symbolic links from one directory to another, as `person`. Other
/// kinds of files are left out, and so are the bits that change the user or group of a program.
pub(super) fn copy(
    from: &File,
    to: &File,
    person: &HomeOwner,
    budget: &mut Budget,
) -> io::Result<()> {
    for_each_entry(from, |name, about| {
        let mode = Mode::from_bits_truncate(about.st_mode & 0o777);
        match kind(about) {
            SFlag::S_IFDIR => {
                budget.spend(0)?;
                let below = open_folder(from, name)?;
                person.does(|| mkdirat(to, name, Mode::S_IRWXU))?;
                let copied = open_folder(to, name)?;
                // With the person's rights, who may have put another's folder in its place. The
                // umask may have closed the new one.
                person.does(|| fchmod(&copied, Mode::S_IRWXU))?;
                budget.deeper(|budget| copy(&below, &copied, person, budget))?;
                person.does(|| fchmod(&copied, mode))?;
            }
            SFlag::S_IFREG => {
                budget.spend(u64::try_from(about.st_size).unwrap_or(u64::MAX))?;
                let copied = copy_file(from, to, name, person)?;
                person.does(|| fchmod(&copied, mode))?;
            }
            SFlag::S_IFLNK => {
                budget.spend(0)?;
                let target = readlinkat(from, name)?;
                person.does(|| symlinkat(target.as_os_str(), to, name))?;
            }
            _ => {}
        }
        Ok(())
    })
}

fn copy_file(from: &File, to: &File, name: &CStr, person: &HomeOwner) -> io::Result<File> {
    // Opening a FIFO that has taken the file's place must not wait.
    let reading = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let source = File::from(openat(from, name, reading, Mode::empty())?);
    let new =
        OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut copied = person
        .does(|| openat(to, name, new, Mode::S_IRUSR | Mode::S_IWUSR))
        .map(File::from)?;
    let size = source.metadata()?.len();
    let (mut rest, mut buffer) = (source.take(size), vec![0; BUFFER]);
    loop {
        let length = rest.read(&mut buffer)?;
        match buffer.get(..length) {
            None | Some([]) => return Ok(copied),
            Some(bytes) => copied.write_all(bytes)?,
        }
    }
}

/// Removes everything in a directory, as `person`.
pub(super) fn empty(folder: &File, person: &HomeOwner, budget: &mut Budget) -> io::Result<()> {
    for_each_entry(folder, |name, about| {
        budget.spend(0)?;
        let how = match kind(about) {
            SFlag::S_IFDIR => {
                let below = open_folder(folder, name)?;
                budget.deeper(|budget| empty(&below, person, budget))?;
                UnlinkatFlags::RemoveDir
            }
            _ => UnlinkatFlags::NoRemoveDir,
        };
        Ok(person.does(|| unlinkat(folder, name, how))?)
    })
}

fn for_each_entry(
    folder: &File,
    mut work: impl FnMut(&CStr, &FileStat) -> io::Result<()>,
) -> io::Result<()> {
    for entry in Dir::from_fd(folder.try_clone()?.into())? {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            work(name, &fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW)?)?;
        }
    }
    Ok(())
}

/// Returns the bits that say what kind of file it is (inode(7)).
fn kind(about: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(about.st_mode & SFlag::S_IFMT.bits())
}
