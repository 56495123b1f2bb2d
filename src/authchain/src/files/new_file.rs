//! A file that is written under a name of its own, and then appears whole under another.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use super::file_size::UnlimitedFileSize;
use crate::tools::random::random_bytes;

/// A file that only its owner may read, and that nobody knows yet. It is removed when the value is
/// dropped, unless it has got its name.
pub(in crate::files) struct NewFile {
    folder: PathBuf,
    path: PathBuf,
    file: File,
}

impl NewFile {
    /// Makes an empty file in `folder`. Its name begins with a dot and `stem`, so that a file that
    /// a killed process has left is known.
    pub(in crate::files) fn create(folder: &Path, stem: &str) -> io::Result<Self> {
        let random = u64::from_le_bytes(random_bytes()?);
        let path = folder.join(format!(".{stem}.{random:016x}"));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits())
            .open(&path)?;
        let new = Self {
            folder: folder.to_owned(),
            path,
            file,
        };
        // Whatever the caller's umask is.
        new.file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(new)
    }

    /// Removes files that killed processes have left in `folder` before they had their name.
    pub(in crate::files) fn remove_left_over(folder: &Path, stem: &str) {
        let beginning = format!(".{stem}.");
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name
                .to_str()
                .is_some_and(|name| name.starts_with(&beginning))
            {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Lets everybody read the file.
    #[cfg(feature = "manage")]
    pub(in crate::files) fn let_all_read(&self) -> io::Result<()> {
        self.file.set_permissions(Permissions::from_mode(0o644))
    }

    /// Sets `bytes` of the disk aside for the file, where the file system can.
    pub(in crate::files) fn set_room_aside(&self, bytes: u64) -> io::Result<()> {
        let _unlimited = UnlimitedFileSize::for_writing(bytes)?;
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, 0, bytes) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            set_aside => Ok(set_aside?),
        }
    }

    /// Writes the contents, and waits until they are on the disk.
    pub(in crate::files) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let _unlimited = UnlimitedFileSize::for_writing(size)?;
        (&self.file).write_all(bytes)?;
        self.file.sync_all()
    }

    /// Gives the file its name if no other file has it, and returns whether it has got it.
    pub(in crate::files) fn appear_as(self, name: &str) -> io::Result<bool> {
        let is_ours = match fs::hard_link(&self.path, self.folder.join(name)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
            made => made.map(|()| true)?,
        };
        self.flush_folder()?;
        Ok(is_ours)
    }

    /// Gives the file its name, in place of the file that had it.
    pub(in crate::files) fn replace(self, name: &str) -> io::Result<()> {
        fs::rename(&self.path, self.folder.join(name))?;
        self.flush_folder()
    }

    fn flush_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
