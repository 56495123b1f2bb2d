//! The contents of a passwd file and of its shadow file.

use std::fmt;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::super::passwd_files::open;
use super::attributes::Old;
use super::error::EditError;
use super::shadow_line::ShadowLine;
use super::table::Table;
use crate::tools::trusted_file::{Access, FileError, FileFault};
use crate::words::Username;

/// Maximum size of a file that is edited, in bytes: some hundred thousand accounts.
const MAX_BYTES: u64 = 64 << 20;

/// The lines of a passwd file and of its shadow file.
#[derive(Clone)]
pub(super) struct Tables {
    pub(super) passwd: Table,
    pub(super) shadow: Table,
    /// False if there was no shadow file when it was read.
    pub(super) has_shadow_file: bool,
}

/// The files that were read; `None` for a file that is missing.
pub(super) struct OldFiles {
    pub(super) passwd: Option<Old>,
    pub(super) shadow: Option<Old>,
}

impl Tables {
    /// Reads both files; a missing file has no lines.
    pub(super) fn read(passwd: &Path, shadow: &Path) -> Result<(Self, OldFiles), EditError> {
        let (passwd, old_passwd) = read(passwd, Access::Public)?;
        let (shadow, old_shadow) = read(shadow, Access::GroupReadable)?;
        let tables = Self {
            passwd,
            shadow,
            has_shadow_file: old_shadow.is_some(),
        };
        let old = OldFiles {
            passwd: old_passwd,
            shadow: old_shadow,
        };
        Ok((tables, old))
    }

    /// Returns the user ids in the passwd file, `+5` among them: the C library takes it for 5, so
    /// nobody else may have that id.
    pub(super) fn uids(&self) -> Vec<u32> {
        let uid = |fields: Vec<&[u8]>| std::str::from_utf8(fields.get(2)?).ok()?.parse().ok();
        self.passwd.entries().filter_map(uid).collect()
    }

    /// Refuses a name that is not in the passwd file.
    pub(super) fn check_known(&self, name: &Username) -> Result<(), EditError> {
        match self.passwd.fields(name.as_str())? {
            Some(_) => Ok(()),
            None => Err(EditError::Refused(format!("{name} has no account here"))),
        }
    }

    /// Returns the account's shadow line. A missing line counts as a locked password that was never
    /// set, unless the hash is in the passwd file, as on old systems.
    pub(super) fn shadow_line(&self, name: &Username) -> Result<ShadowLine, EditError> {
        self.check_known(name)?;
        if let Some(fields) = self.shadow.fields(name.as_str())? {
            return ShadowLine::parse(&fields);
        }
        let fields = self.passwd.fields(name.as_str())?.unwrap_or_default();
        let inline = match fields.get(1) {
            None | Some(&(b"x" | b"")) => b"!",
            Some(&hash) => hash,
        };
        ShadowLine::parse(&[name.as_str().as_bytes(), inline])
    }

    /// Writes `x` into the password field of the passwd line: the password is in the shadow file.
    pub(super) fn move_password_to_shadow(&mut self, name: &Username) -> Result<(), EditError> {
        self.put_into_passwd(name, b"x")
    }

    /// Writes `field` into the password field of the passwd line.
    pub(super) fn put_into_passwd(
        &mut self,
        name: &Username,
        field: &[u8],
    ) -> Result<(), EditError> {
        let Some(mut fields) = self.passwd.fields(name.as_str())? else {
            return Ok(());
        };
        if let Some(password) = fields.get_mut(1) {
            *password = field;
        }
        let line = fields.join(&b':');
        self.passwd.put(name.as_str(), line)
    }

    /// Writes texts into fields of the passwd line, each with its place and name.
    pub(super) fn put_passwd_fields<const N: usize>(
        &mut self,
        name: &Username,
        texts: [(usize, &'static str, Option<&str>); N],
    ) -> Result<(), EditError> {
        let Some(mut fields) = self.passwd.fields(name.as_str())? else {
            return Ok(());
        };
        for (place, field, text) in texts {
            let Some(text) = text else { continue };
            if is_unusable(text) {
                return Err(EditError::UnusableField(field));
            }
            let there = fields.get_mut(place).ok_or_else(|| {
                EditError::Refused(format!("the line of {name} does not have seven fields"))
            })?;
            *there = text.as_bytes();
        }
        let line = fields.join(&b':');
        self.passwd.put(name.as_str(), line)
    }
}

/// Returns whether a text would break the file if it were a field.
pub(super) fn is_unusable(text: &str) -> bool {
    text.chars().any(|c| c == ':' || c.is_control())
}

/// Reads a file, which is opened as a login opens it.
fn read(path: &Path, access: Access) -> Result<(Table, Option<Old>), EditError> {
    let about = |error: &dyn fmt::Display| EditError::File(format!("{}: {error}", path.display()));
    let file = match open(path, access) {
        Ok(file) => file,
        Err(FileError {
            fault: FileFault::Missing,
            ..
        }) => return Ok((Table::parse(b""), None)),
        Err(error) => return Err(EditError::File(error.to_string())),
    };
    let old = Old::new(path, file).map_err(|error| about(&error))?;
    if old.size() > MAX_BYTES {
        return Err(about(&"it is too large"));
    }
    // Room for the whole file and for the read with which std finds its end, so that the buffer
    // does not grow and leave copies of the hashes in its former memory.
    let room = usize::try_from(old.size()).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room.saturating_add(64)));
    let mut file = old.file();
    file.read_to_end(&mut bytes)
        .map_err(|error| about(&error))?;
    Ok((Table::parse(&bytes), Some(old)))
}
