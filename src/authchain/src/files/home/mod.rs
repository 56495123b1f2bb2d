//! Makes the home directory of a person who has none, from a skeleton directory (/etc/skel).
//!
//! The directory is filled under another name and renamed when it is complete, so that nobody ever
//! finds half a home, and never over something that is there. What is made is made with the
//! person's rights on files, and no link in it is followed.

mod copy;
mod folder;
mod rights;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::process;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, unlinkat};

use self::copy::{Budget, MAX_BYTES, copy, empty};
use self::folder::open_folder;
use self::rights::HomeOwner;
use crate::files::file_size::UnlimitedFileSize;
use crate::tools::trusted_file::folders;

/// The skeleton directory of the system (useradd(8)).
pub const SKELETON: &str = "/etc/skel";

/// The number of names that are tried for a draft.
const DRAFTS: u32 = 16;

/// The mode of a directory while it is filled.
const CLOSED: Mode = Mode::S_IRWXU;

/// A home directory to be made.
pub struct NewHome<'a> {
    /// Its path.
    pub path: &'a Path,
    /// The folders in which homes are made. A person who may write the path of her own home in a
    /// directory could otherwise have a folder of her own made in a folder of the system.
    pub folders: &'a [PathBuf],
    /// The owner's user id.
    pub uid: u32,
    /// The owner's primary group.
    pub gid: u32,
    /// Its mode, such as 0700.
    pub mode: u32,
    /// The directory whose contents are copied, if it is there.
    pub skeleton: &'a Path,
}

/// The result of [`NewHome::make`].
#[derive(Debug, PartialEq, Eq)]
pub enum MadeHome {
    /// The directory was made.
    Made,
    /// Something was there already, and is as it was.
    WasThere,
}

impl NewHome<'_> {
    /// Makes the home directory, unless something is at its path.
    ///
    /// # Errors
    /// A sentence for the log. Nothing is at the path then; what was made is removed again.
    pub fn make(&self) -> Result<MadeHome, String> {
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            format!("{} was not made: {what}: {error}", self.path.display())
        };
        let Some((folder, name)) = split(self.path) else {
            return Err(failed("its path", &"not absolute, or not plain"));
        };
        if self.path.symlink_metadata().is_ok() {
            return Ok(MadeHome::WasThere);
        }
        if !self.folders.iter().any(|one| one == folder) {
            return Err(failed("its path", &"not in one of the folders for homes"));
        }
        folders::judge(self.path).map_err(|error| failed("its folders", &error))?;
        if !folder.exists() {
            make_folder(folder).map_err(|error| failed("its folder", &error))?;
            // In a sticky folder such as /tmp, another user may have been faster.
            folders::judge(self.path).map_err(|error| failed("its folders", &error))?;
        }
        let folder = open_folder(AT_FDCWD, folder);
        let folder = folder.map_err(|error| failed("its folder", &error))?;
        let draft = make_draft(&folder, name).map_err(|error| failed("its draft", &error))?;
        let made = self.fill(&folder, &draft).and_then(|()| {
            let not_over_anything = RenameFlags::RENAME_NOREPLACE;
            renameat2(&folder, draft.as_os_str(), &folder, name, not_over_anything)?;
            Ok(())
        });
        let Err(error) = made else {
            return Ok(MadeHome::Made);
        };
        self.discard(&folder, &draft);
        match error.kind() {
            // Another login was faster.
            io::ErrorKind::AlreadyExists if self.path.symlink_metadata().is_ok() => {
                Ok(MadeHome::WasThere)
            }
            _ => Err(failed("its contents", &error)),
        }
    }

    fn person(&self) -> HomeOwner {
        HomeOwner {
            uid: Uid::from_raw(self.uid),
            gid: Gid::from_raw(self.gid),
        }
    }

    /// Fills the directory `draft`, and gives it its owner and mode.
    fn fill(&self, folder: &File, draft: &OsStr) -> io::Result<()> {
        let _unlimited = UnlimitedFileSize::for_writing(MAX_BYTES)?;
        let home = open_folder(folder, draft)?;
        // The caller's umask may have closed it even to its owner.
        fchmod(&home, CLOSED)?;
        let person = self.person();
        fchown(&home, Some(person.uid), Some(person.gid))?;
        match open_folder(AT_FDCWD, self.skeleton) {
            Ok(skeleton) => copy(&skeleton, &home, &person, &mut Budget::default())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        fchmod(&home, Mode::from_bits_truncate(self.mode & 0o777))?;
        Ok(())
    }

    /// Removes the draft of a home that was not completed.
    fn discard(&self, folder: &File, draft: &OsStr) {
        if let Ok(home) = open_folder(folder, draft) {
            let _ = empty(&home, &self.person(), &mut Budget::default());
        }
        let _ = unlinkat(folder, draft, UnlinkatFlags::RemoveDir);
    }
}

/// Returns the folder and the name of a path that is absolute and has no `.` or `..` in it.
fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    let mut parts = path.components();
    let is_absolute = parts.next() == Some(Component::RootDir);
    let is_plain = parts.all(|part| matches!(part, Component::Normal(_)));
    match is_absolute && is_plain {
        true => path.parent().zip(path.file_name()),
        false => None,
    }
}

/// Makes a folder for homes. It belongs to root, and nobody else may write it.
fn make_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        // Another login was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o755))),
    }
}

/// Makes a directory beside the home that nobody else uses, and returns its name.
fn make_draft(folder: &File, home: &OsStr) -> io::Result<OsString> {
    let mut begin = OsString::from(".");
    begin.push(home);
    for number in 0..DRAFTS {
        let mut draft = begin.clone();
        draft.push(format!(".{}-{number}", process::id()));
        match mkdirat(folder, draft.as_os_str(), CLOSED) {
            // A login that was killed has left it.
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno.into()),
            Ok(()) => return Ok(draft),
        }
    }
    Err(Errno::EEXIST.into())
}

#[cfg(test)]
mod tests;
