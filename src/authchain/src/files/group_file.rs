//! group(5): the groups that the file has one person in.

use std::path::{Path, PathBuf};

use super::passwd_files::passwd;
use crate::tools::trusted_file::{self, Access, FileError};
use crate::words::{BackendError, bare, number};

/// The group file of the system.
pub const SYSTEM_GROUP: &str = "/etc/group";

/// Maximum size of a group file, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// A group file, read into memory: a line of ten thousand members is not rare.
pub struct GroupFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// One line of a group file.
struct GroupEntry<'f> {
    name: &'f [u8],
    id: u32,
    members: Vec<&'f [u8]>,
}

/// The groups of one person by a group file, and the groups of which the file does not say it.
pub struct FileGroups {
    path: PathBuf,
    /// The id of the primary group, if the passwd file has the person.
    primary: Option<u32>,
    groups: Vec<(Vec<u8>, u32)>,
    doubts: Vec<Doubt>,
}

/// The reason why nobody can say whether the person is in some group.
struct Doubt {
    /// The name of the group; `None` if it may be any.
    name: Option<Vec<u8>>,
    /// The id of the group; `None` if it may be any.
    id: Option<u32>,
    why: String,
}

impl GroupFile {
    /// Reads the file at `path`. For the system's own, the folders are not checked (see
    /// [`trusted_file::open_anywhere`]).
    ///
    /// # Errors
    /// When the file may not be used, cannot be read, or is larger than 16 MiB.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let bytes = match path == Path::new(SYSTEM_GROUP) {
            true => trusted_file::read_anywhere(path, Access::Public, MAX_BYTES)?,
            false => trusted_file::read(path, Access::Public, MAX_BYTES)?,
        };
        Ok(Self {
            path: path.to_owned(),
            bytes,
        })
    }

    /// Returns the path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether the file has a group of this name, even on a line with a fault.
    pub fn has(&self, name: &str) -> bool {
        self.lines()
            .any(|(_, line)| name_on(line) == Some(name.as_bytes()))
    }

    /// Returns the lines that may be entries, with their numbers from 1: none that is blank, a
    /// comment, or one of the `+` and `-` lines by which the C library's compat mode includes NIS.
    /// As in the C library, blanks at the beginning do not count.
    fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let lines = self.bytes.split(|&byte| byte == b'\n');
        let lines = (1..).zip(lines.map(<[u8]>::trim_ascii_start));
        lines.filter(|(_, line)| !matches!(line.first(), None | Some(b'#' | b'+' | b'-')))
    }

    /// Returns why the file may have lost lines, if it may: then nobody is known not to be in a
    /// group.
    fn sign_of_a_cut(&self) -> Option<&'static str> {
        match self.bytes.last() {
            None => Some("the file is empty"),
            Some(b'\n') => None,
            Some(_) => Some("the file ends in the middle of a line: it may have been cut short"),
        }
    }
}

/// Returns the group's name on a line; `None` for a line without a colon, which is no entry.
fn name_on(line: &[u8]) -> Option<&[u8]> {
    let end = line.iter().position(|&byte| byte == b':')?;
    line.get(..end)
}

impl<'f> GroupEntry<'f> {
    /// Parses a line, which must have four fields.
    ///
    /// # Errors
    /// The fault of the line, for the log.
    fn parse(line: &'f [u8]) -> Result<Self, &'static str> {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b':').collect();
        let [name, _, id, members] = *fields.as_slice() else {
            return Err("it does not have four fields");
        };
        // As in the C library, blanks before a member do not count, and nor do empty members.
        let members = members.split(|&byte| byte == b',');
        let members = members.map(<[u8]>::trim_ascii_start);
        let members: Vec<&[u8]> = members.filter(|member| !member.is_empty()).collect();
        let is_odd = |byte: &u8| byte.is_ascii_whitespace() || byte.is_ascii_control();
        if members.iter().any(|member| member.iter().any(is_odd)) {
            return Err("a member has a blank or a control character");
        }
        // The highest number means "no group" to the kernel (setregid(2)).
        let id = number(id).filter(|&id| id != u32::MAX);
        Ok(Self {
            name,
            id: id.ok_or("the group id is not a number")?,
            members,
        })
    }
}

/// Returns the id of the primary group that the passwd file has for a name.
fn primary_group(passwd_file: &Path, name: &str) -> Result<Option<u32>, BackendError> {
    let mut found = passwd::find(passwd_file, Some(name), false)?;
    let line = found.take_entry(passwd_file);
    let line = line.map_err(BackendError::Unavailable)?;
    Ok(line.map(|line| line.gid()))
}

impl FileGroups {
    /// Finds the groups of the person named `name`, whose primary group stands in the passwd file
    /// at `passwd_file`. A second line of a group counts as well, as it does in the C library.
    ///
    /// `own_names` are the names that a backend has for the person. A group that names the person
    /// by one of them that is not `name`, or in other letters (`ALICE`), is a doubt.
    ///
    /// # Errors
    /// When the passwd file cannot be used, or the person's line in it is malformed.
    pub fn find(
        file: &GroupFile,
        passwd_file: &Path,
        name: &str,
        own_names: &[&str],
    ) -> Result<Self, BackendError> {
        let mut others = Vec::new();
        for own in own_names.iter().copied().filter(|own| *own != name) {
            others.push((own, primary_group(passwd_file, own)?));
        }
        let mut groups = Self {
            path: file.path.clone(),
            primary: primary_group(passwd_file, name)?,
            groups: Vec::new(),
            doubts: Vec::new(),
        };
        for (number, line) in file.lines() {
            groups.add_line(number, line, name, &others);
        }
        groups.doubts.extend(file.sign_of_a_cut().map(|why| Doubt {
            name: None,
            id: None,
            why: why.to_owned(),
        }));
        Ok(groups)
    }

    /// Adds a line. `others` are the person's other names, each with the primary group that it has.
    fn add_line(&mut self, number: u64, line: &[u8], name: &str, others: &[(&str, Option<u32>)]) {
        let Some(group) = name_on(line) else {
            return;
        };
        let entry = match GroupEntry::parse(line) {
            Ok(entry) => entry,
            Err(fault) => {
                self.doubts.push(Doubt {
                    name: Some(group.to_owned()),
                    id: None,
                    why: format!("line {number} is not valid: {fault}"),
                });
                return;
            }
        };
        let is_named = entry.members.contains(&name.as_bytes());
        if is_named || self.primary == Some(entry.id) {
            self.groups.push((entry.name.to_owned(), entry.id));
            return;
        }
        let is_similar = |member: &&[u8]| {
            let mut names = [name]
                .into_iter()
                .chain(others.iter().map(|(other, _)| *other));
            let member = String::from_utf8_lossy(member);
            names.any(|name| bare(&member).eq_ignore_ascii_case(bare(name)))
        };
        let by_primary = others
            .iter()
            .filter(|(_, primary)| *primary == Some(entry.id));
        let by_primary = by_primary.map(|(other, _)| other.as_bytes());
        let mut members = entry.members.iter().copied().chain(by_primary);
        if let Some(member) = members.find(is_similar) {
            let member = String::from_utf8_lossy(member);
            self.doubts.push(Doubt {
                name: Some(entry.name.to_owned()),
                id: Some(entry.id),
                why: format!("line {number}: \"{member}\" may be the same person"),
            });
        }
    }

    /// Returns whether the person is in the group of this name.
    ///
    /// # Errors
    /// If the file does not say it, with the reason.
    pub fn has_name(&self, name: &str) -> Result<bool, BackendError> {
        let name = name.as_bytes();
        let is_member = self.groups.iter().any(|(group, _)| group == name);
        self.answer(is_member, |doubt| {
            doubt.name.as_ref().is_none_or(|group| group == name)
        })
    }

    /// Returns whether the person is in the group of this id.
    ///
    /// # Errors
    /// If the file does not say it, with the reason.
    pub fn has_id(&self, id: u32) -> Result<bool, BackendError> {
        let is_member = self.primary == Some(id) || self.groups.iter().any(|(_, own)| *own == id);
        self.answer(is_member, |doubt| doubt.id.is_none_or(|group| group == id))
    }

    fn answer(
        &self,
        is_member: bool,
        concerns: impl Fn(&Doubt) -> bool,
    ) -> Result<bool, BackendError> {
        match self.doubts.iter().find(|doubt| concerns(doubt)) {
            Some(doubt) if !is_member => {
                let why = format!("{}: {}", self.path.display(), doubt.why);
                Err(BackendError::Unavailable(why))
            }
            _ => Ok(is_member),
        }
    }
}

#[cfg(test)]
mod tests;
