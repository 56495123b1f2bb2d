//! Looking for a name in a passwd or shadow file.

use std::fs::File;
use std::path::Path;

use super::super::password_hash::DummyHash;
use super::common_hash::CommonHash;
use super::lines::{Line, Lines, find};
use super::oddities::Oddities;
use crate::tools::trusted_file::{self, Access, FileError};

/// The passwd file of the system.
pub const SYSTEM_PASSWD: &str = "/etc/passwd";

/// The shadow file of the system.
pub const SYSTEM_SHADOW: &str = "/etc/shadow";

/// The entry of one name, and the faults that were found in the file.
pub struct Search<T> {
    /// The first well-formed entry of the name; `None` where there is none.
    pub entry: Option<T>,
    /// Lines that were skipped or ignored.
    pub oddities: Oddities,
    /// A dummy of the method and cost that most hashes of the file have; `None` without a hash.
    pub dummy_hash: Option<DummyHash>,
}

impl<T> Search<T> {
    /// Takes the entry out. It is an error if the only line of the name is malformed: nobody knows
    /// what it was meant to say, so the name must not count as unknown.
    ///
    /// # Errors
    /// The text names the file `path`, the line and its fault.
    pub fn take_entry(&mut self, path: &Path) -> Result<Option<T>, String> {
        match (self.entry.take(), self.oddities.unusable) {
            (None, Some((line, fault))) => Err(format!(
                "{}: line {line} is not valid: {fault}",
                path.display()
            )),
            (entry, _) => Ok(entry),
        }
    }
}

/// Returns whether a password field holds a password, even a locked or an empty one. An account
/// that never had a password has one of the marks `*`, `!`, `!!` and `!*`.
pub fn was_ever_a_password(field: &[u8]) -> bool {
    let marks = field.iter().take_while(|&&byte| byte == b'!').count();
    match field.get(marks..) {
        Some([]) => marks == 0,
        rest => rest != Some(b"*"),
    }
}

/// Opens a passwd or shadow file. For the system's own, the folders are not checked (see
/// [`trusted_file::open_anywhere`]).
///
/// # Errors
/// When the file may not be used or cannot be opened.
pub fn open(path: &Path, access: Access) -> Result<File, FileError> {
    if [SYSTEM_PASSWD, SYSTEM_SHADOW]
        .map(Path::new)
        .contains(&path)
    {
        return trusted_file::open_anywhere(path, access);
    }
    trusted_file::open(path, access)
}

/// Reads the file at `path` to its end, and parses the lines that begin with `name` and a colon.
/// Other lines are not parsed: a file may have a hundred thousand.
pub(super) fn search<T>(
    path: &Path,
    access: Access,
    name: Option<&str>,
    weak_hashes: bool,
    parse: fn(&[u8]) -> Result<T, &'static str>,
) -> Result<Search<T>, FileError> {
    let failed = |error| FileError::at(path, &error);
    let file = open(path, access)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut lines = Lines::new(file, size);
    let mut entry = None;
    let mut oddities = Oddities::default();
    let mut common = CommonHash::new(weak_hashes);
    while let Some((number, line)) = lines.next().map_err(failed)? {
        let line = match line {
            // The C library skips blanks at the beginning as well.
            Line::Text(line) => line.trim_ascii_start(),
            Line::TooLong(head) => {
                oddities.too_long.add(number);
                if name.is_some_and(|name| is_entry_of(head.trim_ascii_start(), name)) {
                    oddities.add_unusable(number, "it is too long");
                }
                continue;
            }
        };
        if is_comment(line) {
            continue;
        }
        let Some(password) = second_field(line) else {
            oddities.malformed.add(number);
            continue;
        };
        common.add(password);
        if !name.is_some_and(|name| is_entry_of(line, name)) {
            continue;
        }
        match parse(line) {
            Ok(_) if entry.is_some() => oddities.duplicates.add(number),
            Ok(parsed) => entry = Some(parsed),
            Err(fault) => oddities.add_unusable(number, fault),
        }
    }
    Ok(Search {
        entry,
        oddities,
        dummy_hash: common.dummy_hash(),
    })
}

/// Reads the file at `path` to its end, and passes on each line that may be an entry.
pub(super) fn each_line(
    path: &Path,
    access: Access,
    mut visit: impl FnMut(&[u8]),
) -> Result<(), FileError> {
    let failed = |error| FileError::at(path, &error);
    let file = open(path, access)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut lines = Lines::new(file, size);
    while let Some((_, line)) = lines.next().map_err(failed)? {
        if let Line::Text(line) = line {
            let line = line.trim_ascii_start();
            if !is_comment(line) {
                visit(line);
            }
        }
    }
    Ok(())
}

/// Returns whether a line is skipped silently: a blank line, a comment, or one of the `+` and `-`
/// lines by which the C library's compat mode includes NIS. Here, NIS is a backend.
fn is_comment(line: &[u8]) -> bool {
    matches!(line.first(), None | Some(b'#' | b'+' | b'-')) || line.trim_ascii().is_empty()
}

/// Returns whether a line's first field is `name`, byte for byte: names that differ in case alone
/// are different people.
pub fn is_entry_of(line: &[u8], name: &str) -> bool {
    line.strip_prefix(name.as_bytes())
        .is_some_and(|rest| rest.first() == Some(&b':'))
}

/// Returns the second field, in which both kinds of file have the password; `None` for a line
/// without a colon.
fn second_field(line: &[u8]) -> Option<&[u8]> {
    let name = find(b':', line)?;
    let rest = line.get(name.checked_add(1)?..)?;
    rest.get(..find(b':', rest).unwrap_or(rest.len()))
}
