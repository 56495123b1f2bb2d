//! Files that everybody may read and that are replaced as a whole, under a lock of their folder.

use std::fs;
use std::io::{self, ErrorKind};
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

    /// Replaces the files that have other contents, in this order, once all of them are on disk.
    /// Returns whether there were any.
    ///
    /// # Errors
    /// When a file cannot be written; the old ones are as they were. When one cannot get its name
    /// after all, those before it are new.
    pub fn publish(&self, files: &[(&str, String)]) -> Result<bool, EditError> {
        let mut ready = Vec::new();
        for (name, contents) in files {
            let path = self.folder.join(name);
            if fs::read(&path).is_ok_and(|old| old == contents.as_bytes()) {
                continue;
            }
            let new = self.write(name, contents.as_bytes());
            ready.push((name, new.map_err(|error| fault(&path, &error))?));
        }
        let is_any = !ready.is_empty();
        for (name, new) in ready {
            let replaced = new.replace(name);
            replaced.map_err(|error| fault(&self.folder.join(name), &error))?;
        }
        Ok(is_any)
    }

    fn write(&self, name: &str, contents: &[u8]) -> io::Result<NewFile> {
        let stem = format!("{STEM}-{name}");
        NewFile::remove_left_over(&self.folder, &stem);
        if self.folder.join(name).is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let new = NewFile::create(&self.folder, &stem)?;
        new.let_all_read()?;
        new.write(contents)?;
        Ok(new)
    }
}

fn fault(path: &Path, error: &io::Error) -> EditError {
    EditError::File(format!("{}: {error}", path.display()))
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
        let publish = |text: &str| published.publish(&[("passwd", text.to_owned())]);
        assert_eq!(publish("a"), Ok(true));
        let first = inode();
        assert_eq!(publish("a"), Ok(false));
        assert_eq!(inode(), first);
        assert_eq!(publish("b"), Ok(true));
        assert_eq!(fs::read(dir.path().join("passwd")).unwrap(), b"b");
        let mode = fs::metadata(dir.path().join("passwd")).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o644);
        let names = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(names, 2, "the file and the lock");
    }

    #[test]
    fn no_file_is_replaced_where_one_cannot_be() {
        let dir = folder(0o755);
        fs::write(dir.path().join("group"), "old").unwrap();
        fs::create_dir(dir.path().join("passwd")).unwrap();
        let published = PublishedFolder::open(dir.path()).unwrap();
        let files = ["group", "passwd"].map(|name| (name, "new".to_owned()));
        assert!(published.publish(&files).is_err());
        assert_eq!(fs::read(dir.path().join("group")).unwrap(), b"old");
    }

    #[test]
    fn a_folder_in_which_others_may_write_is_refused() {
        let dir = folder(0o777);
        assert!(PublishedFolder::open(dir.path()).is_err());
    }
}
