//! The groups of a person by the group file, which is read when a rule first asks for one.

use std::cell::OnceCell;
use std::path::Path;

use authchain::config::Config;
use authchain::config::rules::Group;
use authchain::files::group_file::{FileGroups, GroupFile};
use authchain::words::{BackendError, Username};

use crate::setup::config_failure;
use crate::terminal::Failure;

/// The groups of one person by the group file.
pub(super) struct GroupsByFile<'c> {
    name: &'c Username,
    group_file: &'c Path,
    passwd_file: &'c Path,
    found: OnceCell<Result<FileGroups, BackendError>>,
}

impl<'c> GroupsByFile<'c> {
    /// Prepares the lookup, and refuses rules that name groups which only the file could have.
    pub(super) fn new(config: &'c Config<'_>, name: &'c Username) -> Result<Self, Failure> {
        let groups = Self {
            name,
            group_file: &config.settings.group_file,
            passwd_file: &config.settings.passwd_file,
            found: OnceCell::new(),
        };
        if config.rules.need_group_file() {
            let file = GroupFile::read(groups.group_file);
            let file = file.map_err(|error| Failure::trouble(error.to_string()))?;
            let fault = config.check_groups(&file).into_iter().next();
            fault.map_or(Ok(()), |fault| Err(config_failure(&fault)))?;
        }
        Ok(groups)
    }

    /// Returns the path of the group file.
    pub(super) fn path(&self) -> &Path {
        self.group_file
    }

    /// Returns whether the person is in the group.
    pub(super) fn has(&self, group: &Group) -> Result<bool, BackendError> {
        let found = self.found.get_or_init(|| {
            let file = GroupFile::read(self.group_file)?;
            FileGroups::find(&file, self.passwd_file, self.name.as_str(), None)
        });
        match found {
            Ok(groups) => group.is_among(groups),
            Err(error) => Err(error.clone()),
        }
    }
}
