//! One file of a ledger. Its successors have the numbers after it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::counted::Counted;
use super::error::LedgerError;
use super::record::{Record, parse_all};
use crate::files::file_size::UnlimitedFileSize;
use crate::files::new_file::NewFile;
use crate::tools::random::random_bytes;
use crate::tools::trusted_file::{self, Access, FileFault};
use crate::words;

/// The space that is set aside for a file, in bytes: 1,024 records.
const ROOM: u64 = 1 << 16;

/// Maximum size of a file, in bytes. A file is succeeded long before.
const MAX_SIZE: u64 = 1 << 20;

/// The beginning of the files' names; the number follows.
const NAME: &str = "ledger.";

/// A file of a ledger, open to be read and appended to.
pub(super) struct Generation {
    number: u64,
    path: PathBuf,
    reader: File,
    writer: File,
}

impl Generation {
    /// Opens the file with the highest number in `folder`; `None` if another process has just
    /// removed it, because it has a successor.
    ///
    /// # Errors
    /// [`LedgerError::Missing`] if there is no file, and if one cannot be opened or may be
    /// somebody else's.
    pub(super) fn newest(folder: &Path) -> Result<Option<Self>, LedgerError> {
        let mut number = numbers(folder)?.into_iter().max();
        if number.is_none() {
            // A file may take another's place while the folder is read.
            number = numbers(folder)?.into_iter().max();
        }
        let number = number.ok_or_else(|| LedgerError::Missing(folder.to_owned()))?;
        Self::numbered(folder, number)
    }

    /// Opens the file with this number; `None` if there is none.
    pub(super) fn numbered(folder: &Path, number: u64) -> Result<Option<Self>, LedgerError> {
        let path = folder.join(name_of(number));
        let reader = match trusted_file::open(&path, Access::Private) {
            Err(error) if error.fault == FileFault::Missing => return Ok(None),
            reader => reader?,
        };
        // Nobody can have replaced the file: its folders were judged.
        let writer = OpenOptions::new()
            .append(true)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits())
            .open(&path);
        let writer = match writer {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            writer => writer.map_err(|error| LedgerError::at(&path, &error))?,
        };
        Ok(Some(Self {
            number,
            path,
            reader,
            writer,
        }))
    }

    /// Appends a record, and waits until it is on the disk if it is to be `durable`.
    pub(super) fn append(&self, record: Record, durable: bool) -> Result<(), LedgerError> {
        let trouble = |error| LedgerError::at(&self.path, &error);
        let _unlimited = UnlimitedFileSize::for_writing(MAX_SIZE).map_err(trouble)?;
        let bytes = record.to_bytes();
        // One write: the kernel puts it behind all others, and does not mix it with them.
        let written = (&self.writer).write(&bytes).map_err(trouble)?;
        if written != bytes.len() {
            return Err(trouble(ErrorKind::WriteZero.into()));
        }
        match durable {
            true => self.writer.sync_data().map_err(trouble),
            false => Ok(()),
        }
    }

    /// Returns whether no other file has a higher number.
    pub(super) fn is_newest(&self) -> Result<bool, LedgerError> {
        let newest = numbers(self.folder())?.into_iter().max();
        Ok(newest.is_none_or(|newest| newest <= self.number))
    }

    /// Returns the records of the file as it is now.
    pub(super) fn records(&self) -> Result<Vec<Record>, LedgerError> {
        let trouble = |error| LedgerError::at(&self.path, &error);
        (&self.reader).rewind().map_err(trouble)?;
        let mut bytes = Vec::new();
        let mut limited = (&self.reader).take(MAX_SIZE);
        limited.read_to_end(&mut bytes).map_err(trouble)?;
        if u64::try_from(bytes.len()).unwrap_or(MAX_SIZE) >= MAX_SIZE {
            return Err(trouble(ErrorKind::FileTooLarge.into()));
        }
        parse_all(&bytes)
    }

    /// Removes the drafts of the file that comes after this one.
    pub(super) fn remove_drafts(&self) {
        NewFile::remove_left_over(self.folder(), &name_of(self.number.saturating_add(1)));
    }

    /// Makes a draft of the file that comes after this one.
    pub(super) fn draft_of_successor(&self) -> Result<NewFile, LedgerError> {
        draft(self.folder(), self.number.saturating_add(1))
    }

    /// Makes the file that comes after this one. Another process may do so at the same time.
    pub(super) fn make_successor(
        &self,
        draft: NewFile,
        summary: &[Counted],
    ) -> Result<(), LedgerError> {
        let number = self.number.saturating_add(1);
        become_ledger(draft, self.folder(), number, summary)?;
        // Another process may have removed the draft before it had its name.
        if !self.is_newest()? {
            remove_old_files(self.folder(), number);
        }
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

/// Makes the first file in `folder`, unless there is one.
pub(super) fn make_first(folder: &Path) -> Result<(), LedgerError> {
    if !numbers(folder)?.is_empty() {
        return Ok(());
    }
    NewFile::remove_left_over(folder, &name_of(1));
    become_ledger(draft(folder, 1)?, folder, 1, &[])
}

/// Makes a draft of the file with this number. It has its room, whatever becomes of the disk.
fn draft(folder: &Path, number: u64) -> Result<NewFile, LedgerError> {
    let trouble = |error| LedgerError::at(folder, &error);
    let draft = NewFile::create(folder, &name_of(number)).map_err(trouble)?;
    draft.set_room_aside(ROOM).map_err(trouble)?;
    Ok(draft)
}

/// Writes the summary into the draft, which becomes the file with this number, unless another
/// process was faster.
fn become_ledger(
    draft: NewFile,
    folder: &Path,
    number: u64,
    summary: &[Counted],
) -> Result<(), LedgerError> {
    let trouble = |error| LedgerError::at(folder, &error);
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

/// Removes the files before the one with this number, and the drafts that killed processes have
/// left of it or of those before.
fn remove_old_files(folder: &Path, number: u64) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_str().unwrap_or_default();
        let is_old = match name.strip_prefix('.') {
            Some(draft) => number_of(draft).is_some_and(|of| of <= number),
            None => number_of(name).is_some_and(|of| of < number),
        };
        if is_old {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Returns the numbers of the files in `folder`; none if there is no folder.
fn numbers(folder: &Path) -> Result<Vec<u64>, LedgerError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| LedgerError::at(folder, &error))?,
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| LedgerError::at(folder, &error))?;
        numbers.extend(entry.file_name().to_str().and_then(number_of));
    }
    Ok(numbers)
}

/// Returns the number in the name of a file, or of a draft without its first dot.
fn number_of(name: &str) -> Option<u64> {
    let number = name.strip_prefix(NAME)?.split('.').next()?;
    words::number(number.as_bytes())
}

fn name_of(number: u64) -> String {
    format!("{NAME}{number}")
}
