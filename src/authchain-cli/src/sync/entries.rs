//! The entries of passwd and group files.

use std::fs;
use std::path::Path;

use authchain::files::edit::EditError;
use authchain::files::passwd_files::passwd::each_entry;
use authchain::words::User;

use crate::terminal::Failure;

/// Reads the entries of a passwd file.
pub(super) fn read_people(path: &Path, mut hear: impl FnMut(User)) -> Result<(), Failure> {
    let read = each_entry(path, |entry| hear(entry.to_user("")));
    read.map_err(|error| EditError::File(error.to_string()).into())
}

/// Reads the names and group ids of a group file.
pub(super) fn read_groups(
    path: &Path,
    mut hear: impl FnMut(&str, Option<u32>),
) -> Result<(), Failure> {
    let bytes = fs::read(path);
    let bytes = bytes.map_err(|e| Failure::trouble(format!("{}: {e}", path.display())))?;
    for line in String::from_utf8_lossy(&bytes).lines() {
        let mut fields = line.trim_start().split(':');
        let (name, gid) = (fields.next(), fields.nth(1));
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            hear(name, gid.and_then(|gid| gid.parse().ok()));
        }
    }
    Ok(())
}
