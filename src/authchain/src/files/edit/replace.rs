//! Replaces a file atomically and durably.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::{getegid, geteuid};

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

/// Replaces the file at `path` by one with `bytes`, `mode`, and the process's user and group.
///
/// The caller holds the lock. A file that a killed process left under the temporary name is
/// removed.
pub(super) fn replace(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    witness: Witness<'_>,
) -> io::Result<()> {
    let new = temporary(path);
    let written = write_new(path, &new, bytes, mode, witness);
    if written.is_err() {
        let _ = fs::remove_file(&new);
        return written;
    }
    fs::rename(&new, path)?;
    witness(path, WriteStep::Renamed);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    witness(path, WriteStep::Done);
    Ok(())
}

fn write_new(
    path: &Path,
    new: &Path,
    bytes: &[u8],
    mode: u32,
    witness: Witness<'_>,
) -> io::Result<()> {
    match fs::remove_file(new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        // Nobody else may read the file before its mode is set.
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits())
        .open(new)?;
    witness(path, WriteStep::Created);
    file.write_all(bytes)?;
    witness(path, WriteStep::Written);
    fchown(&file, Some(geteuid().as_raw()), Some(getegid().as_raw()))?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    witness(path, WriteStep::Synced);
    Ok(())
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_witness(_: &Path, _: WriteStep) {}

    #[test]
    fn the_mode_does_not_depend_on_the_umask_or_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shadow");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        for mode in [0o600, 0o644] {
            replace(&path, b"new", mode, &no_witness).unwrap();
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
        replace(&path, b"new", 0o600, &no_witness).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("folder");
        fs::create_dir(temporary(&path)).unwrap();
        assert!(replace(&path, b"new", 0o600, &no_witness).is_err());
        assert!(!path.exists());
    }
}
