//! The folder of a person's second factors, in `state_dir`.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::ledger::Ledger;
use crate::words::Username;

/// The folder in `state_dir` that has a folder for each person.
const FACTORS: &str = "factors";

/// The folder of one person: root's alone. It need not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorFolder(PathBuf);

impl FactorFolder {
    /// Returns the folder of a person. Names that differ in `A` and `a` alone have the same,
    /// because some backends take them for the same person.
    pub fn of(state_dir: &Path, user: &Username) -> Self {
        let name = user.as_str().to_ascii_lowercase();
        Self(state_dir.join(FACTORS).join(name))
    }

    /// Returns the folder of a name as it is written, for what opens an account by itself.
    pub fn exactly(state_dir: &Path, user: &Username) -> Self {
        Self(state_dir.join(FACTORS).join(user.as_str()))
    }

    /// Returns the names of everybody who has a folder.
    ///
    /// # Errors
    /// When the folders cannot be listed.
    pub fn everybody(state_dir: &Path) -> io::Result<Vec<Username>> {
        let entries = match fs::read_dir(state_dir.join(FACTORS)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            names.extend(Username::parse(name.as_encoded_bytes()));
        }
        names.sort();
        Ok(names)
    }

    /// Returns the names of everybody who has a folder in which an enrolment may be: others, with
    /// capitals, have app passwords alone.
    ///
    /// # Errors
    /// As [`everybody`](Self::everybody).
    pub fn everybody_in_small_letters(state_dir: &Path) -> io::Result<Vec<Username>> {
        let mut names = Self::everybody(state_dir)?;
        names.retain(|name| Self::of(state_dir, name) == Self::exactly(state_dir, name));
        Ok(names)
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the person's ledger.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.0.clone())
    }

    /// Makes the folder and its ledger, where they are not there.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub fn make(&self) -> io::Result<()> {
        let factors = self.0.parent();
        let state_dir = factors.and_then(Path::parent);
        for (folder, mode) in [
            // The folder of authchain's own account files, which others may read.
            (state_dir, 0o755),
            (factors, 0o700),
            (Some(self.path()), 0o700),
        ] {
            let Some(folder) = folder else { continue };
            match DirBuilder::new().mode(mode).create(folder) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => {
                    made?;
                    // Whatever the caller's umask is.
                    fs::set_permissions(folder, Permissions::from_mode(mode))?;
                }
            }
            // Whoever has made the folder may have been killed before its name was on the disk.
            let parent = folder.parent().unwrap_or(Path::new("/"));
            File::open(parent)?.sync_all()?;
        }
        self.ledger().create().map_err(io::Error::other)
    }
}
