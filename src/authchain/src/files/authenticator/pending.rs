//! The file of an authenticator that is not in force yet.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::authenticator_file::{self, Authenticator};
use crate::tools::trusted_file::FileError;

/// The name of the file in a person's folder.
const NAME: &str = "totp.pending";

/// An authenticator whose person has not shown yet that they have the secret. No login reads it.
pub struct PendingAuthenticator {
    /// The secret, and what else is to be kept.
    pub authenticator: Authenticator,
    /// When it was made.
    pub since: SystemTime,
}

impl PendingAuthenticator {
    /// Reads the file in a person's folder; `None` if there is none.
    ///
    /// # Errors
    /// When the file cannot be read, may be somebody else's, or has a fault.
    pub fn read(folder: &Path) -> Result<Option<Self>, FileError> {
        let Some(authenticator) = Authenticator::read_named(NAME, folder)? else {
            return Ok(None);
        };
        let path = folder.join(NAME);
        let since = fs::metadata(&path).and_then(|metadata| metadata.modified());
        Ok(Some(Self {
            authenticator,
            since: since.map_err(|error| FileError::at(&path, &error))?,
        }))
    }

    /// Writes the file into a person's folder, in place of one that is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(authenticator: &Authenticator, folder: &Path) -> io::Result<()> {
        authenticator.write_over_named(NAME, folder)
    }

    /// Removes the file from a person's folder, and returns whether there was one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(folder: &Path) -> io::Result<bool> {
        authenticator_file::remove(&folder.join(NAME))
    }
}
