//! A person's ledger.

use std::path::PathBuf;

use super::counted::Counted;
use super::error::LedgerError;
use super::folder::LedgerFolder;
use super::generation::Generation;
use super::history::History;
use super::record::{Record, RecordId};
use crate::files::new_file::NewFile;

/// The number of records after which a file is succeeded by a shorter one: each login reads all of
/// them, and there is room for eight times as many.
const MANY_RECORDS: usize = 128;

/// Maximum number of files that one call goes through. A file is succeeded after hundreds of
/// claims, so that a second one is rare.
const MAX_FILES: usize = 8;

/// The moment by which a record has to be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Before anybody acts on it: otherwise a power failure could undo it.
    Durable,
    /// At any time: if the machine loses it, somebody gains an attempt.
    Kept,
}

/// The ledger of one person, in a folder of its own that only root can enter.
#[derive(Debug, Clone)]
pub struct Ledger {
    folder: PathBuf,
}

/// A ledger whose newest file is open, for questions that follow each other at once.
pub struct OpenLedger {
    folder: LedgerFolder,
    file: Generation,
}

/// The place of a record that was appended.
struct Place {
    /// The history up to the record, and with it.
    history: History,
    /// True if the record counts.
    counts: bool,
    /// The number of all records of the file.
    length: usize,
}

impl Ledger {
    /// Returns the ledger in this folder, which need not be there yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Makes the ledger, if there is none. The folder must exist.
    ///
    /// # Errors
    /// When the file cannot be made, or there is no room for it.
    pub fn create(&self) -> Result<(), LedgerError> {
        LedgerFolder::open(&self.folder)?.make_first()
    }

    /// Opens the ledger.
    ///
    /// # Errors
    /// When there is none, or it may be somebody else's.
    pub fn open(&self) -> Result<OpenLedger, LedgerError> {
        let folder = LedgerFolder::open(&self.folder)?;
        let file = newest(&folder)?;
        Ok(OpenLedger { folder, file })
    }

    /// Returns what the ledger says now.
    ///
    /// # Errors
    /// As [`OpenLedger::history`].
    pub fn history(&self) -> Result<History, LedgerError> {
        self.open()?.history()
    }

    /// Appends a record.
    ///
    /// # Errors
    /// As [`OpenLedger::count`].
    pub fn count(
        &self,
        counted: Counted,
        durability: Durability,
    ) -> Result<(History, bool), LedgerError> {
        self.open()?.count(counted, durability)
    }
}

impl OpenLedger {
    /// Returns what the ledger says now.
    ///
    /// # Errors
    /// When there is no ledger, or it cannot be read.
    pub fn history(&mut self) -> Result<History, LedgerError> {
        for _ in 0..MAX_FILES {
            self.file.read_on()?;
            if self.file.is_newest(&self.folder)? {
                return Ok(up_to_seal(&self.file.records));
            }
            self.file = newest(&self.folder)?;
        }
        Err(LedgerError::Restless)
    }

    /// Appends a record, and returns the history with it, and whether it counts: a code that
    /// another record claims before it does not.
    ///
    /// # Errors
    /// When the record may not be in the file: then nothing may be done that it was to count.
    pub fn count(
        &mut self,
        counted: Counted,
        durability: Durability,
    ) -> Result<(History, bool), LedgerError> {
        let durable = durability == Durability::Durable;
        for _ in 0..MAX_FILES {
            let id = self.file.append(counted, durable)?;
            self.file.read_on()?;
            if self.is_out_of_date()? {
                self.file = newest(&self.folder)?;
                continue;
            }
            let Some(place) = place_of(id, &self.file.records) else {
                if !self.file.has(Counted::Sealed) {
                    return Err(LedgerError::Vanished(self.folder.path().to_owned()));
                }
                self.succeed(None)?;
                continue;
            };
            if durable {
                self.keep_name()?;
            }
            let summary = place.history.summary().len();
            if place.length >= MANY_RECORDS.max(summary.saturating_mul(2)) {
                // The record counts, whether or not the file can be succeeded now.
                let _ = self.seal();
            }
            return Ok((place.history, place.counts));
        }
        Err(LedgerError::Restless)
    }

    /// Returns whether the file has no seal, and a successor or another file under its name:
    /// nothing in it counts. A process that had been stopped since long before has made it under a
    /// number that was free again, or root has restored another file in its place.
    fn is_out_of_date(&mut self) -> Result<bool, LedgerError> {
        if self.file.has(Counted::Sealed) || self.file.is_newest(&self.folder)? {
            return Ok(false);
        }
        // It may have been sealed since it was read.
        self.file.read_on()?;
        Ok(!self.file.has(Counted::Sealed))
    }

    /// Waits until the name of the file is on the disk, unless a record says that it is: the
    /// process that has made the file may have been stopped or killed before it waited, and with
    /// the name everything in the file would be lost in a power failure.
    fn keep_name(&self) -> Result<(), LedgerError> {
        if !self.file.has(Counted::Named) {
            self.folder.flush()?;
            // Without the record, the next process waits as well.
            let _ = self.file.append(Counted::Named, false);
        }
        Ok(())
    }

    /// Ends the file and makes its successor. Without room for a successor, it goes on.
    fn seal(&mut self) -> Result<(), LedgerError> {
        let draft = self.file.draft_of_successor(&self.folder)?;
        self.file.append(Counted::Sealed, true)?;
        self.file.read_on()?;
        self.succeed(Some(draft))
    }

    /// Makes the successor of the file, in which there is a seal, and goes over to it.
    fn succeed(&mut self, draft: Option<NewFile>) -> Result<(), LedgerError> {
        let (file, folder) = (&self.file, &self.folder);
        let draft = match draft {
            Some(draft) => draft,
            None => file.draft_of_successor(folder).or_else(|_| {
                // Drafts of processes that were killed may have the last room of a full disk.
                file.remove_drafts(folder);
                file.draft_of_successor(folder)
            })?,
        };
        file.make_successor(folder, draft, &up_to_seal(&file.records).summary())?;
        self.file = newest(&self.folder)?;
        Ok(())
    }
}

/// Opens the newest file in a folder.
fn newest(folder: &LedgerFolder) -> Result<Generation, LedgerError> {
    for _ in 0..MAX_FILES {
        if let Some(file) = Generation::newest(folder)? {
            return Ok(file);
        }
    }
    Err(LedgerError::Restless)
}

/// Returns where the record with this number stands; `None` if it stands behind the seal, where
/// nothing counts.
fn place_of(id: RecordId, records: &[Record]) -> Option<Place> {
    let mut history = History::default();
    for record in records {
        if record.counted == Counted::Sealed {
            return None;
        }
        let counts = history.add(record.counted);
        if record.id == id {
            return Some(Place {
                history,
                counts,
                length: records.len(),
            });
        }
    }
    None
}

/// Returns what the records before the seal say.
fn up_to_seal(records: &[Record]) -> History {
    let mut history = History::default();
    let open = records.iter().map(|record| record.counted);
    for counted in open.take_while(|counted| *counted != Counted::Sealed) {
        history.add(counted);
    }
    history
}
