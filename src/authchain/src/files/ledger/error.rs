//! The reasons why nothing can be counted.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::tools::trusted_file::FileError;
use crate::words::BackendError;

/// A ledger that cannot be used. Whoever needed it must refuse.
#[derive(Debug, PartialEq, Eq)]
pub enum LedgerError {
    /// There is no ledger in this folder, although there should be one.
    Missing(PathBuf),
    /// A file could not be read or written, in words.
    Io(String),
    /// The file has records that only a newer version understands.
    Newer,
    /// A record that was written to the ledger in this folder is not there.
    Vanished(PathBuf),
    /// The file was succeeded by another too often during one call.
    Restless,
}

impl LedgerError {
    /// Returns the error of a step with the file at `path`.
    pub(super) fn at(path: &Path, error: &io::Error) -> Self {
        Self::Io(format!("{}: {error}", path.display()))
    }
}

impl From<FileError> for LedgerError {
    fn from(error: FileError) -> Self {
        Self::Io(error.to_string())
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(folder) => write!(f, "{}: there is no ledger", folder.display()),
            Self::Io(words) => f.write_str(words),
            Self::Newer => f.write_str("the ledger was written by a newer version of authchain"),
            Self::Vanished(folder) => {
                write!(f, "{}: a record was written and is gone", folder.display())
            }
            Self::Restless => f.write_str("the ledger was replaced again and again"),
        }
    }
}

impl std::error::Error for LedgerError {}

/// Converts to *failed*: nobody can tell an outage from a limit that the caller of su has set.
impl From<LedgerError> for BackendError {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error.to_string())
    }
}
