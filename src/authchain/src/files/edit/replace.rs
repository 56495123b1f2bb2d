//! Replaces a file atomically and durably.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use rustix::io::fcntl_dupfd_cloexec;

use super::attributes::{Attributes, Old};
use super::error::EditError;
use crate::files::file_size::UnlimitedFileSize;

/// A point at which the process may be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteStep {
    /// The new file exists and is empty.
    Created,
    /// The new file's text is written.
    Written,
    /// The new file has its owner and mode, and is on the disk.
    Synced,
    /// The new file has the old file's name.
    Renamed,
    /// The folder with the new name is on the disk.
    Done,
}

/// A function that is called after every step. Only tests pass one that does anything: it panics,
/// as if the process were killed there.
pub(super) type Witness<'a> = &'a dyn Fn(&Path, WriteStep);

/// The reason why a file was not replaced, or not surely.
#[derive(Debug)]
pub(super) enum ReplaceError {
    /// The file is the old one.
    Io(io::Error),
    /// The file is the old one: somebody who does not heed the lock has written to it.
    ChangedMeanwhile,
    /// The file is the new one, and may be the old one again after a power failure: the folder
    /// could not be flushed to the disk.
    NotFlushed(io::Error),
}

impl ReplaceError {
    /// Returns the error about the file at `path`.
    pub(super) fn about(self, path: &Path) -> EditError {
        let path = path.display();
        match self {
            Self::Io(error) => EditError::File(format!("{path}: {error}")),
            Self::ChangedMeanwhile => {
                EditError::File(format!("{path}: another program has just written to it"))
            }
            Self::NotFlushed(error) => EditError::NotFlushed(format!("{path}: {error}")),
        }
    }
}

impl From<io::Error> for ReplaceError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Replaces the file at `path` by one with `bytes` and these attributes. The file must still be
/// `old`, or still be missing where that is `None`.
///
/// The caller holds the lock. A file that a killed process left under the temporary name is
/// removed.
pub(super) fn replace(
    path: &Path,
    old: Option<&Old>,
    bytes: &[u8],
    attributes: Attributes,
    witness: Witness<'_>,
) -> Result<(), ReplaceError> {
    let new = temporary(path);
    let give_attributes = |file: &File| attributes.give_to(file, old);
    let put = write_new(path, &new, bytes, give_attributes, witness)
        .and_then(|()| put_in_place(path, &new, old));
    if put.is_err() {
        let _ = fs::remove_file(&new);
        return put;
    }
    witness(path, WriteStep::Renamed);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(ReplaceError::NotFlushed)?;
    witness(path, WriteStep::Done);
    Ok(())
}

fn write_new(
    path: &Path,
    new: &Path,
    bytes: &[u8],
    give_attributes: impl FnOnce(&File) -> io::Result<()>,
    witness: Witness<'_>,
) -> Result<(), ReplaceError> {
    match fs::remove_file(new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        // Nobody else may read the file before its mode is set.
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits())
        .open(new)?;
    let mut file = beyond_standard_streams(file)?;
    // Before the contents: a file that a killed process leaves must not be open to others.
    give_attributes(&file)?;
    witness(path, WriteStep::Created);
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let _unlimited = UnlimitedFileSize::for_writing(size)?;
    file.write_all(bytes)?;
    witness(path, WriteStep::Written);
    file.sync_all()?;
    witness(path, WriteStep::Synced);
    Ok(())
}

/// Moves the file to a descriptor above those of the standard streams. Where the caller has closed
/// these, another thread of the host would print into the file.
fn beyond_standard_streams(file: File) -> io::Result<File> {
    match file.as_raw_fd() {
        0..=2 => Ok(fcntl_dupfd_cloexec(&file, 3)?.into()),
        _ => Ok(file),
    }
}

fn put_in_place(path: &Path, new: &Path, old: Option<&Old>) -> Result<(), ReplaceError> {
    match old {
        Some(old) if old.is_unchanged()? => Ok(fs::rename(new, path)?),
        Some(_) => Err(ReplaceError::ChangedMeanwhile),
        // A link is never made over a file. Both names are one file until the other is removed.
        None => match fs::hard_link(new, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(ReplaceError::ChangedMeanwhile)
            }
            made => {
                made?;
                remove_leftover(path);
                Ok(())
            }
        },
    }
}

/// Removes what a killed process left of a new file for `path`. The caller holds the lock.
pub(super) fn remove_leftover(path: &Path) {
    // Whatever is in the way of the next new file is told when that one is made.
    let _ = fs::remove_file(temporary(path));
}

/// Returns whether a killed process, or one that is just writing, left a new file for `path`.
pub(super) fn has_leftover(path: &Path) -> bool {
    temporary(path).symlink_metadata().is_ok()
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    fn no_witness(_: &Path, _: WriteStep) {}

    #[test]
    fn the_mode_does_not_depend_on_the_umask_or_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shadow");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        for mode in [0o600, 0o644] {
            let old = Old::new(&path, File::open(&path).unwrap()).unwrap();
            let own = Attributes::Own(mode);
            replace(&path, Some(&old), b"new", own, &no_witness).unwrap();
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
                mode
            );
            assert_eq!(fs::read(&path).unwrap(), b"new");
        }
    }

    #[test]
    fn a_link_in_the_temporary_files_place_is_replaced_and_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (path, victim) = (dir.path().join("shadow"), dir.path().join("victim"));
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, temporary(&path)).unwrap();
        replace(&path, None, b"new", Attributes::Own(0o600), &no_witness).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("folder");
        fs::create_dir(temporary(&path)).unwrap();
        assert!(replace(&path, None, b"new", Attributes::Own(0o600), &no_witness).is_err());
        assert!(!path.exists());
    }

    #[test]
    fn the_attributes_of_a_missing_file_are_kept_by_not_making_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shadow");
        let error = replace(&path, None, b"new", Attributes::Kept, &no_witness).unwrap_err();
        let error = error.about(&path).to_string();
        assert!(error.contains("No such file"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
