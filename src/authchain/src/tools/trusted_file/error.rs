//! The reasons why a file may not be used.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::geteuid;

use crate::words::BackendError;

/// The access to a file that users other than its owner may have.
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
    pub(super) fn forbidden(self) -> u32 {
        match self {
            Self::Public => 0o022,
            Self::GroupReadable => 0o027,
            Self::Private => 0o077,
        }
    }
}

/// A file that may not be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// The fault.
    pub fault: FileFault,
}

impl FileError {
    /// Builds an error about the file at `path`.
    pub fn at(path: &Path, fault: impl Into<FileFault>) -> Self {
        Self {
            path: path.to_owned(),
            fault: fault.into(),
        }
    }
}

/// A fault of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// The file does not exist.
    Missing,
    /// The process may not read it.
    PermissionDenied,
    /// It is of this kind, not a regular file.
    NotAFile(&'static str),
    /// It belongs to this user id.
    Owner(u32),
    /// Its mode gives others more than this access.
    Mode(u32, Access),
    /// Nobody may execute it.
    NotExecutable,
    /// It is a folder, and belongs to this user id.
    FolderOwner(u32),
    /// It is a folder, and its mode lets others replace what is in it.
    FolderMode(u32),
    /// It is larger than this many bytes.
    TooLarge(u64),
    /// Another fault of the file, in the system's words.
    Io(String),
    /// A fault of this process, in the system's words: no descriptor or memory is left. It tells
    /// nothing about the file, and the caller of su can cause it.
    Process(String),
}

/// The errors of open(2) that are about the file, and not about the process that opens it.
const ABOUT_THE_FILE: [Errno; 5] = [
    Errno::ELOOP,
    Errno::ENAMETOOLONG,
    Errno::ENODEV,
    Errno::ENOTDIR,
    Errno::ENXIO,
];

impl From<&io::Error> for FileFault {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            // Root may read every file: if it is refused, this process is confined, perhaps by a
            // profile that the caller of su chose.
            io::ErrorKind::PermissionDenied if !geteuid().is_root() => Self::PermissionDenied,
            _ => {
                let errno = error.raw_os_error().map(Errno::from_raw);
                match errno.is_some_and(|errno| ABOUT_THE_FILE.contains(&errno)) {
                    true => Self::Io(error.to_string()),
                    false => Self::Process(error.to_string()),
                }
            }
        }
    }
}

/// Converts to the error of the backend that needs the file: a fault of this process is *failed*, a
/// fault of the file *unavailable*.
impl From<FileError> for BackendError {
    fn from(error: FileError) -> Self {
        match error.fault {
            FileFault::Process(_) => Self::Failed(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.fault)
    }
}

impl fmt::Display for FileFault {
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

    #[test]
    fn a_lack_of_descriptors_is_no_fault_of_the_file() {
        let fault = |errno: Errno| FileFault::from(&io::Error::from(errno));
        for errno in [
            Errno::EMFILE,
            Errno::ENFILE,
            Errno::ENOMEM,
            Errno::EINTR,
            Errno::EIO,
        ] {
            assert!(matches!(fault(errno), FileFault::Process(_)), "{errno}");
        }
        for errno in ABOUT_THE_FILE {
            assert!(matches!(fault(errno), FileFault::Io(_)), "{errno}");
        }
    }
}
