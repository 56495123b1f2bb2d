//! Opening a file only if nobody but its trusted owner could have written or replaced it.

mod error;
pub mod folders;

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;

pub use error::{Access, FileError, FileFault};
use folders::is_trusted;

/// Opens `path` for reading, if no untrusted user could have written or replaced the file.
///
/// The file must be regular, owned by root or by the process's effective user, and not open to
/// others beyond `access`; the folders on its path must pass [`folders::judge`]. Symbolic links are
/// followed: some distributions keep all of `/etc` as links.
///
/// # Errors
/// [`FileError`], which names the file or folder and its fault. The function never blocks, even if
/// there is a FIFO or a device at the path.
pub fn open(path: &Path, access: Access) -> Result<File, FileError> {
    folders::judge(path)?;
    open_anywhere(path, access)
}

/// Opens a program like [`open`]; at least one of its execute bits must be set.
///
/// # Errors
/// As [`open`].
pub fn open_program(path: &Path) -> Result<File, FileError> {
    let file = open(path, Access::Public)?;
    let metadata = file
        .metadata()
        .map_err(|error| FileError::at(path, &error))?;
    match metadata.mode() & 0o111 {
        0 => Err(FileError::at(path, FileFault::NotExecutable)),
        _ => Ok(file),
    }
}

/// Opens a file like [`open`], without a check of the folders on its path: for `/etc/passwd` and
/// `/etc/shadow`, which every program trusts. A user who can replace those is as good as root
/// already, and a refusal would lock out the administrator who could mend the folders.
///
/// # Errors
/// As [`open`].
pub fn open_anywhere(path: &Path, access: Access) -> Result<File, FileError> {
    let file = OpenOptions::new()
        .read(true)
        // O_NONBLOCK: opening a FIFO must not wait for a writer (CVE-2024-22365).
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).bits())
        .open(path)
        .map_err(|error| FileError::at(path, &error))?;
    check(&file, path, access)?;
    Ok(file)
}

/// Opens a folder, if no untrusted user could replace it, or a file in it.
///
/// # Errors
/// As [`open`].
pub fn open_folder(path: &Path) -> Result<File, FileError> {
    folders::judge(path)?;
    let folder = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_DIRECTORY | OFlag::O_CLOEXEC).bits())
        .open(path)
        .map_err(|error| FileError::at(path, &error))?;
    let metadata = folder
        .metadata()
        .map_err(|error| FileError::at(path, &error))?;
    folders::check(path, &metadata)?;
    Ok(folder)
}

/// Checks a file that was opened in a folder of [`open_folder`]: its kind, its owner and its mode.
///
/// # Errors
/// As [`open`].
pub fn check(file: &File, path: &Path, access: Access) -> Result<(), FileError> {
    let metadata = file
        .metadata()
        .map_err(|error| FileError::at(path, &error))?;
    if let Some(kind) = irregular(metadata.file_type()) {
        return Err(FileError::at(path, FileFault::NotAFile(kind)));
    }
    let owner = metadata.uid();
    if !is_trusted(owner) {
        return Err(FileError::at(path, FileFault::Owner(owner)));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & access.forbidden() != 0 {
        return Err(FileError::at(path, FileFault::Mode(mode, access)));
    }
    Ok(())
}

/// Reads a whole file of at most `limit` bytes, opened as [`open`] does.
///
/// # Errors
/// As [`open`], and for a file that is larger or cannot be read.
pub fn read(path: &Path, access: Access, limit: u64) -> Result<Vec<u8>, FileError> {
    contents(open(path, access)?, path, limit)
}

/// Reads a whole file like [`read`], opened as [`open_anywhere`] does.
///
/// # Errors
/// As [`read`].
pub fn read_anywhere(path: &Path, access: Access, limit: u64) -> Result<Vec<u8>, FileError> {
    contents(open_anywhere(path, access)?, path, limit)
}

fn contents(file: File, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    // Room for the whole file and for the read with which std finds its end. A buffer that grows
    // would need eight reads for a few lines, and leave copies of a secret in its former memory.
    let room = usize::try_from(size.min(limit)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(room.saturating_add(64));
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| FileError::at(path, &error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(FileError::at(path, FileFault::TooLarge(limit)));
    }
    Ok(bytes)
}

fn irregular(kind: std::fs::FileType) -> Option<&'static str> {
    if kind.is_file() {
        return None;
    }
    Some(if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    fn file_with_mode(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "text").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    fn fault(path: &Path, access: Access) -> FileFault {
        read(path, access, 100).unwrap_err().fault
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        for mode in [0o664, 0o646, 0o666, 0o777] {
            let (_dir, path) = file_with_mode(mode);
            assert_eq!(
                fault(&path, Access::Public),
                FileFault::Mode(mode, Access::Public)
            );
        }
        let (_dir, path) = file_with_mode(0o644);
        assert_eq!(read(&path, Access::Public, 100).unwrap(), b"text");
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        for (mode, access) in [(0o640, Access::Private), (0o644, Access::GroupReadable)] {
            let (_dir, path) = file_with_mode(mode);
            assert_eq!(fault(&path, access), FileFault::Mode(mode, access));
        }
        let (_dir, path) = file_with_mode(0o640);
        assert!(open(&path, Access::GroupReadable).is_ok());
    }

    #[test]
    fn a_file_that_others_may_replace_is_refused_like_one_that_they_may_write() {
        let (dir, path) = file_with_mode(0o600);
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(fault(&path, Access::Private), FileFault::FolderMode(0o777));
        // Others may have removed the file.
        assert_eq!(
            fault(&dir.path().join("none"), Access::Public),
            FileFault::FolderMode(0o777)
        );
        assert!(open_anywhere(&path, Access::Private).is_ok());
    }

    #[test]
    fn a_program_must_be_executable_and_its_folders_trusted() {
        let (dir, path) = file_with_mode(0o644);
        assert_eq!(
            open_program(&path).unwrap_err().fault,
            FileFault::NotExecutable
        );
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        assert!(open_program(&path).is_ok());
        fs::set_permissions(dir.path(), Permissions::from_mode(0o775)).unwrap();
        assert_eq!(
            open_program(&path).unwrap_err().fault,
            FileFault::FolderMode(0o775)
        );
    }

    #[test]
    fn a_folder_a_fifo_or_a_device_is_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(fault(&fifo, Access::Public), FileFault::NotAFile("a FIFO"));
        assert_eq!(
            fault(dir.path(), Access::Public),
            FileFault::NotAFile("a directory")
        );
        assert_eq!(
            fault(Path::new("/dev/zero"), Access::Public),
            FileFault::NotAFile("a device")
        );
        assert_eq!(
            fault(&dir.path().join("none"), Access::Public),
            FileFault::Missing
        );
    }

    #[test]
    fn a_file_over_the_limit_is_refused_whole() {
        let (_dir, path) = file_with_mode(0o600);
        assert_eq!(
            read(&path, Access::Private, 3).unwrap_err().fault,
            FileFault::TooLarge(3)
        );
        assert_eq!(read(&path, Access::Private, 4).unwrap(), b"text");
    }

    #[test]
    fn the_message_names_the_file_and_the_remedy() {
        let (_dir, path) = file_with_mode(0o666);
        let error = open(&path, Access::Public).unwrap_err().to_string();
        assert!(
            error.ends_with("file: mode 0666 lets others write it; use chmod go-w"),
            "{error}"
        );
    }
}
