//! The folder in which the files of a ledger lie.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, SeekFrom, fstat, openat, seek, statat, unlinkat};
use rustix::io::Errno;

use super::counted::Counted;
use super::error::LedgerError;
use super::record::Record;
use crate::files::new_file::NewFile;
use crate::tools::random::random_bytes;
use crate::tools::trusted_file::{self, Access, FileFault};
use crate::words;

/// The space that is set aside for a file, in bytes: 1,024 records.
const ROOM: u64 = 1 << 16;

/// The beginning of the files' names; the number follows.
const NAME: &str = "ledger.";

/// The room for the entries of a folder that are read at once, in bytes.
const ENTRIES: usize = 1024;

/// The folder of a ledger: judged once. Its files are then opened by its descriptor.
pub(super) struct LedgerFolder {
    path: PathBuf,
    file: File,
}

impl LedgerFolder {
    /// Opens the folder.
    ///
    /// # Errors
    /// [`LedgerError::Missing`] if it is not there, and if others could replace a file in it.
    pub(super) fn open(path: &Path) -> Result<Self, LedgerError> {
        match trusted_file::open_folder(path) {
            Err(error) if error.fault == FileFault::Missing => {
                Err(LedgerError::Missing(path.to_owned()))
            }
            file => Ok(Self {
                path: path.to_owned(),
                file: file?,
            }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn path_of(&self, number: u64) -> PathBuf {
        self.path.join(name_of(number))
    }

    /// Makes the first file, unless there is one.
    pub(super) fn make_first(&self) -> Result<(), LedgerError> {
        if self.newest()?.is_some() {
            return Ok(());
        }
        self.remove_drafts(1);
        self.add(self.draft(1)?, 1, &[])
    }

    /// Opens the file with this number to be read and appended to; `None` if there is none.
    pub(super) fn open_file(&self, number: u64) -> Result<Option<File>, LedgerError> {
        let path = self.path_of(number);
        let flags = OFlags::RDWR
            | OFlags::APPEND
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::NOCTTY
            | OFlags::CLOEXEC;
        let file = match openat(&self.file, name_of(number), flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            file => File::from(file.map_err(|errno| LedgerError::at(&path, &errno.into()))?),
        };
        trusted_file::check(&file, &path, Access::Private)?;
        Ok(Some(file))
    }

    /// Returns whether the file with this number is this one, by its inode.
    pub(super) fn has(&self, file: &File, number: u64) -> Result<bool, LedgerError> {
        let trouble = |errno: Errno| LedgerError::at(&self.path_of(number), &errno.into());
        let open = fstat(file).map_err(trouble)?;
        match statat(&self.file, name_of(number), AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(false),
            named => {
                let named = named.map_err(trouble)?;
                Ok((named.st_dev, named.st_ino) == (open.st_dev, open.st_ino))
            }
        }
    }

    /// Returns the highest number of a file; `None` if there is no file.
    pub(super) fn newest(&self) -> Result<Option<u64>, LedgerError> {
        let mut newest = None;
        self.for_each(|name| newest = newest.max(number_of(name)))
            .map_err(|error| LedgerError::at(&self.path, &error))?;
        Ok(newest)
    }

    /// Removes the files before the one with this number, and the drafts that killed processes have
    /// left of it or of those before.
    pub(super) fn remove_old_files(&self, number: u64) {
        let mut old = Vec::new();
        let _ = self.for_each(|name| {
            let is_old = match name.strip_prefix('.') {
                Some(draft) => number_of(draft).is_some_and(|of| of <= number),
                None => number_of(name).is_some_and(|of| of < number),
            };
            old.extend(is_old.then(|| name.to_owned()));
        });
        for name in old {
            let _ = unlinkat(&self.file, name, AtFlags::empty());
        }
    }

    /// Removes the drafts of the file with this number.
    pub(super) fn remove_drafts(&self, number: u64) {
        NewFile::remove_left_over(&self.path, &name_of(number));
    }

    /// Makes a draft of the file with this number. It has its room, whatever becomes of the disk.
    pub(super) fn draft(&self, number: u64) -> Result<NewFile, LedgerError> {
        let trouble = |error| LedgerError::at(&self.path, &error);
        let draft = NewFile::create(&self.path, &name_of(number)).map_err(trouble)?;
        draft.set_room_aside(ROOM).map_err(trouble)?;
        Ok(draft)
    }

    /// Writes the summary into the draft, which becomes the file with this number, unless another
    /// process was faster.
    pub(super) fn add(
        &self,
        draft: NewFile,
        number: u64,
        summary: &[Counted],
    ) -> Result<(), LedgerError> {
        let trouble = |error| LedgerError::at(&self.path, &error);
        let mut bytes = Vec::new();
        for counted in summary {
            let id = random_bytes().map_err(trouble)?;
            let record = Record {
                counted: *counted,
                id,
            };
            bytes.extend(record.to_bytes());
        }
        draft.write(&bytes).map_err(trouble)?;
        match draft.appear_as(&name_of(number)) {
            // Another process has removed the draft: it makes the file, or has made it.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            made => made.map(|_| ()).map_err(trouble),
        }
    }

    /// Waits until the names in the folder are on the disk.
    pub(super) fn flush(&self) -> Result<(), LedgerError> {
        let flushed = self.file.sync_all();
        flushed.map_err(|error| LedgerError::at(&self.path, &error))
    }

    /// Calls `take` with each name in the folder.
    fn for_each(&self, mut take: impl FnMut(&str)) -> io::Result<()> {
        seek(&self.file, SeekFrom::Start(0))?;
        let mut room = [const { MaybeUninit::uninit() }; ENTRIES];
        let mut entries = RawDir::new(&self.file, &mut room);
        while let Some(entry) = entries.next() {
            take(entry?.file_name().to_str().unwrap_or_default());
        }
        Ok(())
    }
}

/// Returns the number in the name of a file, or of a draft without its first dot.
fn number_of(name: &str) -> Option<u64> {
    let number = name.strip_prefix(NAME)?.split('.').next()?;
    words::number(number.as_bytes())
}

fn name_of(number: u64) -> String {
    format!("{NAME}{number}")
}
