//! Groups, as `group` has them.

use std::fmt;
use std::str::FromStr;

use crate::files::group_file::FileGroups;
use crate::words::{BackendError, number};

/// Maximum number of groups that backends are asked about.
pub const MAX_GROUPS: usize = 128;

/// Maximum length of all these groups together, in bytes: they fit into a line of the protocol with
/// the longest password.
pub const MAX_GROUP_BYTES: usize = 8 * 1024;

/// Maximum length of a group's name, in bytes.
const MAX_BYTES: usize = 256;

/// A group in the list `group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// By its name.
    Name(String),
    /// By its number.
    Id(u32),
}

impl Group {
    /// Returns whether the group file has the person in this group.
    ///
    /// # Errors
    /// If the file does not say it.
    pub fn is_among(&self, groups: &FileGroups) -> Result<bool, BackendError> {
        match self {
            Self::Name(name) => groups.has_name(name),
            Self::Id(id) => groups.has_id(*id),
        }
    }
}

impl FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // The highest number means "no group" to the kernel (setregid(2)).
            let id: Option<u32> = number(text.as_bytes());
            let id = id.filter(|id| *id != u32::MAX && id.to_string() == text);
            return id
                .map(Self::Id)
                .ok_or_else(|| format!("\"{text}\" is no group id: 0 to 4294967294"));
        }
        if text.is_empty() {
            return Err("the name is empty".to_owned());
        }
        if text.len() > MAX_BYTES {
            return Err(format!("a group's name has {MAX_BYTES} bytes at most"));
        }
        if text.contains(char::is_control) || text.trim() != text {
            return Err(format!(
                "{text:?} has a control character, or a blank at an end"
            ));
        }
        if text.contains(':') {
            return Err(format!("\"{text}\": no group's name has a ':'"));
        }
        if text.starts_with('!') {
            return Err(format!("\"{text}\": one \"!\" excludes, two mean nothing"));
        }
        Ok(Self::Name(text.to_owned()))
    }
}

/// Writes the group as it is in the file.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Id(id) => id.fmt(f),
        }
    }
}
