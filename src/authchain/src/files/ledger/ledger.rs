//! A person's ledger.

use std::path::PathBuf;

use super::counted::Counted;
use super::error::LedgerError;
use super::generation::{Generation, make_first};
use super::history::History;
use super::record::{Record, RecordId};
use crate::files::new_file::NewFile;
use crate::tools::random::random_bytes;

/// The number of records after which a file is succeeded by a shorter one: each claim reads all of
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
        make_first(&self.folder)
    }

    /// Returns what the ledger says now.
    ///
    /// # Errors
    /// When there is no ledger, or it cannot be read.
    pub fn history(&self) -> Result<History, LedgerError> {
        for _ in 0..MAX_FILES {
            if let Some(generation) = Generation::newest(&self.folder)? {
                let records = generation.records()?;
                if is_current(&generation, &records)? {
                    return Ok(up_to_seal(&records));
                }
            }
        }
        Err(LedgerError::Restless)
    }

    /// Appends a record, and returns the history with it, and whether it counts: a code that
    /// another record claims before it does not.
    ///
    /// # Errors
    /// When the record may not be in the file: then nothing may be done that it was to count.
    pub fn count(
        &self,
        counted: Counted,
        durability: Durability,
    ) -> Result<(History, bool), LedgerError> {
        let durable = durability == Durability::Durable;
        for _ in 0..MAX_FILES {
            let Some(generation) = Generation::newest(&self.folder)? else {
                continue;
            };
            let id = random_bytes().map_err(|error| LedgerError::at(&self.folder, &error))?;
            generation.append(Record { counted, id }, durable)?;
            let mut records = generation.records()?;
            if !is_current(&generation, &records)? {
                // Sealed since it was read, or a file that has come back.
                records = generation.records()?;
                if !is_sealed(&records) {
                    continue;
                }
            }
            if let Some(place) = place_of(id, &records) {
                let summary = place.history.summary().len();
                if place.length >= MANY_RECORDS.max(summary.saturating_mul(2)) {
                    // The record counts, whether or not the file can be succeeded now.
                    let _ = self.seal();
                }
                return Ok((place.history, place.counts));
            }
            if records
                .iter()
                .all(|record| record.counted != Counted::Sealed)
            {
                return Err(LedgerError::Vanished(self.folder.clone()));
            }
            self.succeed(&generation, &records, None)?;
        }
        Err(LedgerError::Restless)
    }

    /// Ends the file and makes its successor. Without room for a successor, it goes on.
    fn seal(&self) -> Result<(), LedgerError> {
        let Some(generation) = Generation::newest(&self.folder)? else {
            return Ok(());
        };
        let draft = generation.draft_of_successor()?;
        let id = random_bytes().map_err(|error| LedgerError::at(&self.folder, &error))?;
        let counted = Counted::Sealed;
        generation.append(Record { counted, id }, true)?;
        let records = generation.records()?;
        self.succeed(&generation, &records, Some(draft))
    }

    /// Makes the successor of a file with these records, one of which is a seal.
    fn succeed(
        &self,
        generation: &Generation,
        records: &[Record],
        draft: Option<NewFile>,
    ) -> Result<(), LedgerError> {
        let draft = match draft {
            Some(draft) => draft,
            None => generation.draft_of_successor().or_else(|_| {
                // Drafts of processes that were killed may have the last room of a full disk.
                generation.remove_drafts();
                generation.draft_of_successor()
            })?,
        };
        generation.make_successor(draft, &up_to_seal(records).summary())
    }
}

/// Returns whether these records are those of the newest file. A file that has a successor is
/// sealed. One that has a successor and no seal was made by a process that had been stopped since
/// long before, under a number that had been free again: nothing in it counts.
fn is_current(generation: &Generation, records: &[Record]) -> Result<bool, LedgerError> {
    Ok(is_sealed(records) || generation.is_newest()?)
}

fn is_sealed(records: &[Record]) -> bool {
    records
        .iter()
        .any(|record| record.counted == Counted::Sealed)
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
