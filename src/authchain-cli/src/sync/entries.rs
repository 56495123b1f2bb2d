//! The names and user ids in a passwd file.

use std::path::Path;

use authchain::files::edit::EditError;
use authchain::files::passwd_files::passwd::each_entry;

use crate::terminal::Failure;

/// Reads the passwd entries of a file; a missing file has none.
pub(super) fn read_entries(path: &Path, mut hear: impl FnMut(&str, u32)) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    let read = each_entry(path, |entry| {
        let user = entry.to_user("");
        hear(&user.name, entry.uid());
    });
    read.map_err(|error| EditError::File(error.to_string()).into())
}
