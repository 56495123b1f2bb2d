//! One file of a ledger. Its successors have the numbers after it.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::counted::Counted;
use super::error::LedgerError;
use super::folder::LedgerFolder;
use super::record::{Record, RecordId, parse_all};
use crate::files::file_size::UnlimitedFileSize;
use crate::files::new_file::NewFile;
use crate::tools::random::random_bytes;

/// Maximum size of a file, in bytes. A file is succeeded long before.
const MAX_SIZE: usize = 1 << 20;

/// The bytes that are read at once: the whole of most files.
const CHUNK: usize = 1 << 13;

/// A file of a ledger, open to be read and appended to.
pub(super) struct Generation {
    number: u64,
    path: PathBuf,
    file: File,
    /// The bytes of the file that were read.
    bytes: Vec<u8>,
    /// The number of these bytes up to the end of the last record.
    parsed: usize,
    /// The records in these bytes.
    pub(super) records: Vec<Record>,
}

impl Generation {
    /// Opens the file with the highest number in `folder`; `None` if another process has just
    /// removed it, because it has a successor.
    ///
    /// # Errors
    /// [`LedgerError::Missing`] if there is no file, and if one cannot be opened or may be
    /// somebody else's.
    pub(super) fn newest(folder: &LedgerFolder) -> Result<Option<Self>, LedgerError> {
        let mut number = folder.newest()?;
        if number.is_none() {
            // A file may take another's place while the folder is read.
            number = folder.newest()?;
        }
        let number = number.ok_or_else(|| LedgerError::Missing(folder.path().to_owned()))?;
        Self::numbered(folder, number)
    }

    /// Opens the file with this number; `None` if there is none.
    pub(super) fn numbered(
        folder: &LedgerFolder,
        number: u64,
    ) -> Result<Option<Self>, LedgerError> {
        let file = folder.open_file(number)?;
        Ok(file.map(|file| Self {
            number,
            path: folder.path_of(number),
            file,
            bytes: Vec::new(),
            parsed: 0,
            records: Vec::new(),
        }))
    }

    /// Appends a record, waits until it is on the disk if it is to be `durable`, and returns its
    /// number.
    pub(super) fn append(&self, counted: Counted, durable: bool) -> Result<RecordId, LedgerError> {
        let trouble = |error| LedgerError::at(&self.path, &error);
        let id = random_bytes().map_err(trouble)?;
        let bytes = Record { counted, id }.to_bytes();
        let _unlimited = UnlimitedFileSize::for_writing(MAX_SIZE as u64).map_err(trouble)?;
        // One write: the kernel puts it behind all others, and does not mix it with them.
        let written = (&self.file).write(&bytes).map_err(trouble)?;
        if written != bytes.len() {
            return Err(trouble(ErrorKind::WriteZero.into()));
        }
        if durable {
            self.file.sync_data().map_err(trouble)?;
        }
        Ok(id)
    }

    /// Reads the records that were added since the file was last read. Those before never change.
    pub(super) fn read_on(&mut self) -> Result<(), LedgerError> {
        let read = read_behind(&self.file, &mut self.bytes);
        read.map_err(|error| LedgerError::at(&self.path, &error))?;
        let new = self.bytes.get(self.parsed..).unwrap_or_default();
        let (records, length) = parse_all(new)?;
        self.records.extend(records);
        self.parsed = self.parsed.saturating_add(length);
        Ok(())
    }

    /// Returns whether one of the records that were read counts this.
    pub(super) fn has(&self, counted: Counted) -> bool {
        self.records.iter().any(|record| record.counted == counted)
    }

    /// Returns whether the file has the highest number in its folder, and still its name: root may
    /// have restored another file under it.
    pub(super) fn is_newest(&self, folder: &LedgerFolder) -> Result<bool, LedgerError> {
        Ok(folder.newest()? == Some(self.number) && folder.has(&self.file, self.number)?)
    }

    /// Makes a draft of the file that comes after this one.
    pub(super) fn draft_of_successor(&self, folder: &LedgerFolder) -> Result<NewFile, LedgerError> {
        folder.draft(self.number.saturating_add(1))
    }

    /// Removes the drafts of the file that comes after this one.
    pub(super) fn remove_drafts(&self, folder: &LedgerFolder) {
        folder.remove_drafts(self.number.saturating_add(1));
    }

    /// Makes the file that comes after this one. Another process may do so at the same time.
    pub(super) fn make_successor(
        &self,
        folder: &LedgerFolder,
        draft: NewFile,
        summary: &[Counted],
    ) -> Result<(), LedgerError> {
        let number = self.number.saturating_add(1);
        folder.add(draft, number, summary)?;
        // Another process may have removed the draft before it had its name.
        if folder.newest()? != Some(self.number) {
            folder.remove_old_files(number);
        }
        Ok(())
    }
}

/// Reads the bytes that stand in the file behind those in `bytes`.
fn read_behind(file: &File, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; CHUNK];
    loop {
        let offset = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let count = file.read_at(&mut chunk, offset)?;
        match chunk.get(..count).unwrap_or_default() {
            [] => return Ok(()),
            _ if bytes.len() >= MAX_SIZE => return Err(ErrorKind::FileTooLarge.into()),
            new => bytes.extend(new),
        }
    }
}
