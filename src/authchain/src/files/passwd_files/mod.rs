//! passwd(5) and shadow(5).
//!
//! Every search reads its file once from beginning to end, whether or not the name is in it: a
//! second entry of the same name has to be noticed, and a name that is known must not answer
//! sooner than one that is not. Nothing is kept in memory but a buffer and the entry asked for.

pub mod ageing;
mod lines;
pub mod oddities;
pub mod passwd;
mod prevailing;
pub mod shadow;

use std::path::Path;

use lines::{Line, Lines};
use oddities::Oddities;

use crate::tools::trusted_file::{self, Access, Fault, FileError};

/// The entry of one name, and what was odd about the file.
pub struct Search<T> {
    /// The first well-formed entry of the name; `None` where there is none.
    pub entry: Option<T>,
    /// Lines that were skipped or ignored.
    pub oddities: Oddities,
}

/// Reads the file at `path` through, and parses the lines that begin with `name` and a colon.
///
/// `every` sees each line that could be an entry, so it should be quick.
fn search<T>(
    path: &Path,
    access: Access,
    name: Option<&str>,
    parse: fn(&[u8]) -> Result<T, &'static str>,
    mut every: impl FnMut(&[u8]),
) -> Result<Search<T>, FileError> {
    let failed = |error| FileError {
        path: path.to_owned(),
        fault: Fault::from(&error),
    };
    let mut lines = Lines::new(trusted_file::open(path, access)?);
    let mut entry = None;
    let mut oddities = Oddities::default();
    while let Some((number, line)) = lines.next().map_err(failed)? {
        let Line::Text(line) = line else {
            oddities.too_long.add(number);
            continue;
        };
        if is_comment(line) {
            continue;
        }
        if !line.contains(&b':') {
            oddities.malformed.add(number);
            continue;
        }
        every(line);
        if !name.is_some_and(|name| is_entry_of(line, name)) {
            continue;
        }
        match parse(line) {
            Ok(_) if entry.is_some() => oddities.duplicates.add(number),
            Ok(parsed) => entry = Some(parsed),
            Err(fault) => oddities.add_unusable(number, fault),
        }
    }
    Ok(Search { entry, oddities })
}

/// Lines that are no entry and no mistake: blank ones, comments, and the `+` and `-` lines by which
/// the C library's compat mode includes NIS, which is a backend of its own here.
fn is_comment(line: &[u8]) -> bool {
    matches!(line.first(), None | Some(b'#' | b'+' | b'-')) || line.trim_ascii().is_empty()
}

/// Whether the line's first field is `name`, byte for byte: names that differ in case alone are
/// different people.
fn is_entry_of(line: &[u8], name: &str) -> bool {
    line.strip_prefix(name.as_bytes())
        .is_some_and(|rest| rest.first() == Some(&b':'))
}

/// The fields of a line, if there are exactly `N`.
fn fields<const N: usize>(line: &[u8]) -> Option<[&[u8]; N]> {
    let fields: Vec<&[u8]> = line.split(|&byte| byte == b':').collect();
    fields.try_into().ok()
}
