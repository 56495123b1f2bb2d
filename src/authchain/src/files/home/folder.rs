//! Opening a directory by its name in another.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use nix::NixPath;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// Opens a directory that is no symbolic link.
pub(super) fn open_folder<P: ?Sized + NixPath>(at: impl AsFd, path: &P) -> io::Result<File> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(File::from(openat(at, path, flags, Mode::empty())?))
}
