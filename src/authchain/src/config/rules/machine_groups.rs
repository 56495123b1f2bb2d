//! The groups of a person by this machine's files, which are read when a rule first asks.

use std::cell::OnceCell;
use std::path::Path;

use super::group::Group;
use crate::files::group_file::{FileGroups, GroupFile};
use crate::words::BackendError;

/// The groups of one person by the group file and the passwd file.
pub struct MachineGroups<'a> {
    group_file: &'a Path,
    passwd_file: &'a Path,
    name: &'a str,
    own_names: &'a [&'a str],
    found: OnceCell<Result<FileGroups, BackendError>>,
}

impl<'a> MachineGroups<'a> {
    /// Prepares the lookup of the person named `name`; `own_names` are as for [`FileGroups::find`].
    pub fn new(
        group_file: &'a Path,
        passwd_file: &'a Path,
        name: &'a str,
        own_names: &'a [&'a str],
    ) -> Self {
        Self {
            group_file,
            passwd_file,
            name,
            own_names,
            found: OnceCell::new(),
        }
    }

    /// Returns whether the person is in the group.
    ///
    /// # Errors
    /// If the files cannot be used, or do not say it.
    pub fn has(&self, group: &Group) -> Result<bool, BackendError> {
        match self.found.get_or_init(|| self.read()) {
            Ok(groups) => group.is_among(groups),
            Err(error) => Err(error.clone()),
        }
    }

    fn read(&self) -> Result<FileGroups, BackendError> {
        let file = GroupFile::read(self.group_file)?;
        FileGroups::find(&file, self.passwd_file, self.name, self.own_names)
    }
}
