//! Opening a file only if nobody but its owner could have written it, or put another in its place.

pub mod folders;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use crate::words::BackendError;

/// Who besides the owner may do what with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Others may read it: configuration, passwd files.
    Public,
    /// The group may read it, others may not: shadow files.
    GroupReadable,
    /// Nobody else may read it: secrets.
    Private,
}

impl Access {
    /// Returns the mode bits that must not be set.
    fn forbidden(self) -> u32 {
        match self {
            Self::Public => 0o022,
            Self::GroupReadable => 0o027,
            Self::Private => 0o077,
        }
    }
}

/// Opens `path` for reading, if nobody else could have written it or put it there.
///
/// The file must be regular, owned by root or by the process's effective user, and not open to
/// others beyond `access`; the folders on the way to it must be nobody else's to write. Symbolic
/// links are followed: some distributions keep all of `/etc` as links.
///
/// # Errors
/// [`FileError`], which names the file or folder and what is wrong with it. Never blocks, whatever
/// stands at the path.
pub fn open(path: &Path, access: Access) -> Result<File, FileError> {
    folders::judge(path)?;
    open_anywhere(path, access)
}

/// Opens a program like [`open`]; there must be somebody who may execute it.
///
/// # Errors
/// As [`open`].
pub fn open_program(path: &Path) -> Result<File, FileError> {
    let fail = |fault| FileError {
        path: path.to_owned(),
        fault,
    };
    let file = open(path, Access::Public)?;
    let metadata = file.metadata().map_err(|error| fail(Fault::from(&error)))?;
    match metadata.mode() & 0o111 {
        0 => Err(fail(Fault::NotExecutable)),
        _ => Ok(file),
    }
}

/// Opens a file like [`open`], but whatever the folders are: for `/etc/passwd` and `/etc/shadow`,
/// which every program believes. Whoever can replace those is root already, and a refusal would
/// lock out the administrator who could mend the folders.
///
/// # Errors
/// As [`open`].
pub fn open_anywhere(path: &Path, access: Access) -> Result<File, FileError> {
    let fail = |fault| FileError {
        path: path.to_owned(),
        fault,
    };
    let file = OpenOptions::new()
        .read(true)
        // O_NONBLOCK: opening a FIFO must not wait for a writer (CVE-2024-22365).
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).bits())
        .open(path)
        .map_err(|error| fail(Fault::from(&error)))?;
    let metadata = file.metadata().map_err(|error| fail(Fault::from(&error)))?;
    if let Some(kind) = irregular(metadata.file_type()) {
        return Err(fail(Fault::NotAFile(kind)));
    }
    let owner = metadata.uid();
    if !is_trusted(owner) {
        return Err(fail(Fault::Owner(owner)));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & access.forbidden() != 0 {
        return Err(fail(Fault::Mode(mode, access)));
    }
    Ok(file)
}

/// Reads a whole file of at most `limit` bytes, opened as [`open`] does.
///
/// # Errors
/// As [`open`], and for a file that is larger or cannot be read.
pub fn read(path: &Path, access: Access, limit: u64) -> Result<Vec<u8>, FileError> {
    let fail = |fault| FileError {
        path: path.to_owned(),
        fault,
    };
    let file = open(path, access)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    // Room for all of it and what std looks for behind: one read for the file and one for its end,
    // instead of eight for a few lines, and no smaller buffers left behind with a secret in them.
    let room = usize::try_from(size.min(limit)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(room.saturating_add(64));
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| fail(Fault::from(&error)))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(fail(Fault::TooLarge(limit)));
    }
    Ok(bytes)
}

fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw()
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

/// A file that may not be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is none.
    Missing,
    /// The process may not read it.
    PermissionDenied,
    /// Something other than a regular file stands there.
    NotAFile(&'static str),
    /// It belongs to this user id.
    Owner(u32),
    /// Its mode opens it to others.
    Mode(u32, Access),
    /// Nobody may execute it.
    NotExecutable,
    /// It is a folder, and belongs to this user id.
    FolderOwner(u32),
    /// It is a folder, and its mode lets others replace what is in it.
    FolderMode(u32),
    /// It is larger than this many bytes.
    TooLarge(u64),
    /// Something else about the file, in the system's own words.
    Io(String),
    /// This process could not look, in the system's own words: too few descriptors, too little
    /// memory. That tells nothing about the file, and the caller of su can bring it about.
    Process(String),
}

/// What open(2) says about the file and not about the process that opens it.
const ABOUT_THE_FILE: [Errno; 5] = [
    Errno::ELOOP,
    Errno::ENAMETOOLONG,
    Errno::ENODEV,
    Errno::ENOTDIR,
    Errno::ENXIO,
];

impl From<&io::Error> for Fault {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            // Root may read every file: if it is refused, this process is confined, perhaps by a
            // profile that the caller of su chose.
            io::ErrorKind::PermissionDenied if !geteuid().is_root() => Self::PermissionDenied,
            _ if error
                .raw_os_error()
                .map(Errno::from_raw)
                .is_some_and(is_about_the_file) =>
            {
                Self::Io(error.to_string())
            }
            _ => Self::Process(error.to_string()),
        }
    }
}

fn is_about_the_file(errno: Errno) -> bool {
    ABOUT_THE_FILE.contains(&errno)
}

/// What a backend over the file answers: a fault of this process says nothing about its source.
impl From<FileError> for BackendError {
    fn from(error: FileError) -> Self {
        match error.fault {
            Fault::Process(_) => Self::Failed(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no such file"),
            Self::PermissionDenied => f.write_str("permission denied"),
            Self::NotAFile(kind) => write!(f, "{kind}, not a regular file"),
            Self::Owner(uid) => write!(f, "owned by user id {uid}; it must belong to root"),
            Self::Mode(mode, Access::Public) => {
                write!(f, "mode {mode:04o} lets others write it; use chmod go-w")
            }
            Self::Mode(mode, Access::GroupReadable) => {
                write!(f, "mode {mode:04o} opens it to others; use chmod 0640")
            }
            Self::Mode(mode, Access::Private) => {
                write!(f, "mode {mode:04o} opens it to others; use chmod 0600")
            }
            Self::NotExecutable => f.write_str("not executable; use chmod 0755"),
            Self::FolderOwner(uid) => {
                write!(
                    f,
                    "owned by user id {uid}, who can replace what is in it; it must belong to root"
                )
            }
            Self::FolderMode(mode) => {
                write!(
                    f,
                    "mode {mode:04o} lets others replace what is in it; use chmod go-w"
                )
            }
            Self::TooLarge(limit) => write!(f, "larger than {limit} bytes"),
            Self::Io(text) | Self::Process(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for FileError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    fn file_with_mode(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "text").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    fn fault(path: &Path, access: Access) -> Fault {
        read(path, access, 100).unwrap_err().fault
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        for mode in [0o664, 0o646, 0o666, 0o777] {
            let (_dir, path) = file_with_mode(mode);
            assert_eq!(
                fault(&path, Access::Public),
                Fault::Mode(mode, Access::Public)
            );
        }
        let (_dir, path) = file_with_mode(0o644);
        assert_eq!(read(&path, Access::Public, 100).unwrap(), b"text");
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        for (mode, access) in [(0o640, Access::Private), (0o644, Access::GroupReadable)] {
            let (_dir, path) = file_with_mode(mode);
            assert_eq!(fault(&path, access), Fault::Mode(mode, access));
        }
        let (_dir, path) = file_with_mode(0o640);
        assert!(open(&path, Access::GroupReadable).is_ok());
    }

    #[test]
    fn a_file_that_others_may_replace_is_refused_like_one_that_they_may_write() {
        let (dir, path) = file_with_mode(0o600);
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(fault(&path, Access::Private), Fault::FolderMode(0o777));
        // They may have removed it.
        assert_eq!(
            fault(&dir.path().join("none"), Access::Public),
            Fault::FolderMode(0o777)
        );
        assert!(open_anywhere(&path, Access::Private).is_ok());
    }

    #[test]
    fn a_program_is_judged_by_its_folders_and_must_be_one() {
        let (dir, path) = file_with_mode(0o644);
        assert_eq!(open_program(&path).unwrap_err().fault, Fault::NotExecutable);
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        assert!(open_program(&path).is_ok());
        fs::set_permissions(dir.path(), Permissions::from_mode(0o775)).unwrap();
        assert_eq!(
            open_program(&path).unwrap_err().fault,
            Fault::FolderMode(0o775)
        );
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(fault(&fifo, Access::Public), Fault::NotAFile("a FIFO"));
        assert_eq!(
            fault(dir.path(), Access::Public),
            Fault::NotAFile("a directory")
        );
        assert_eq!(
            fault(Path::new("/dev/zero"), Access::Public),
            Fault::NotAFile("a device")
        );
        assert_eq!(
            fault(&dir.path().join("none"), Access::Public),
            Fault::Missing
        );
    }

    #[test]
    fn want_of_descriptors_says_nothing_about_the_file() {
        let fault = |errno: Errno| Fault::from(&io::Error::from(errno));
        for errno in [
            Errno::EMFILE,
            Errno::ENFILE,
            Errno::ENOMEM,
            Errno::EINTR,
            Errno::EIO,
        ] {
            assert!(matches!(fault(errno), Fault::Process(_)), "{errno}");
        }
        for errno in ABOUT_THE_FILE {
            assert!(matches!(fault(errno), Fault::Io(_)), "{errno}");
        }
    }

    #[test]
    fn a_file_over_the_limit_is_refused_whole() {
        let (_dir, path) = file_with_mode(0o600);
        assert_eq!(
            read(&path, Access::Private, 3).unwrap_err().fault,
            Fault::TooLarge(3)
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
