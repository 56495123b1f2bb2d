//! Files that everybody may read and that are replaced as a whole, under a lock of their folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::edit::EditError;
use super::edit::lock::{LOCK_WAIT, Lock};
use super::new_file::NewFile;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::trusted_file::folders;

/// The beginning of the names of files that have not got their name yet, and of the lock.
const STEM: &str = "authchain-sync";

/// A folder of published files, which nobody else changes meanwhile.
pub struct PublishedFolder {
    folder: PathBuf,
    _lock: Lock,
}

impl PublishedFolder {
    /// Takes the lock of the folder, in which nobody else may be able to write.
    ///
    /// # Errors
    /// When others could write there, or another process holds the lock.
    pub fn open(folder: &Path) -> Result<Self, EditError> {
        let lock = folder.join(format!(".{STEM}.lock"));
        let judged = folders::judge(&lock);
        judged.map_err(|error| EditError::File(error.to_string()))?;
        Ok(Self {
            folder: folder.to_owned(),
            _lock: Lock::take(&lock, &Deadline::after(system_clock, LOCK_WAIT))?,
        })
    }

    /// Replaces the file `name` unless it has these contents already. Returns whether it had not.
    ///
    /// # Errors
    /// When the file cannot be written; the old one is as it was.
    pub fn publish(&self, name: &str, contents: &[u8]) -> Result<bool, EditError> {
        let path = self.folder.join(name);
        if fs::read(&path).is_ok_and(|old| old == contents) {
            return Ok(false);
        }
        let published = self.replace(name, contents);
        published
            .map(|()| true)
            .map_err(|error| EditError::File(format!("{}: {error}", path.display())))
    }

    fn replace(&self, name: &str, contents: &[u8]) -> io::Result<()> {
        let stem = format!("{STEM}-{name}");
        NewFile::remove_left_over(&self.folder, &stem);
        let new = NewFile::create(&self.folder, &stem)?;
        new.let_all_read()?;
        new.write(contents)?;
        new.replace(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn folder(mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        folder
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_only_if_it_is_another() {
        let dir = folder(0o755);
        let published = PublishedFolder::open(dir.path()).unwrap();
        let inode = || fs::metadata(dir.path().join("passwd")).unwrap().ino();
        assert_eq!(published.publish("passwd", b"a"), Ok(true));
        let first = inode();
        assert_eq!(published.publish("passwd", b"a"), Ok(false));
        assert_eq!(inode(), first);
        assert_eq!(published.publish("passwd", b"b"), Ok(true));
        assert_eq!(fs::read(dir.path().join("passwd")).unwrap(), b"b");
        let mode = fs::metadata(dir.path().join("passwd")).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o644);
        let names = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(names, 2, "the file and the lock");
    }

    #[test]
    fn a_folder_in_which_others_may_write_is_refused() {
        let dir = folder(0o777);
        assert!(PublishedFolder::open(dir.path()).is_err());
    }
}
