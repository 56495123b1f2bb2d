//! The capabilities to keep the accounts of a source, as values: a backend has each of them, or
//! says why not. Only the command uses them; no login does.

mod rights;

pub use self::rights::AccountRights;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::tools::request::Context;
use crate::words::{BackendError, Username};

/// A source to which people can be added.
pub trait Register {
    /// Adds a person, who has no password yet.
    ///
    /// # Errors
    /// When the source could not be asked; nothing was added.
    fn register(
        &self,
        new: &NewPerson,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError>;
}

/// A source whose people's entries can be edited.
pub trait Edit {
    /// Returns why the source has no such field, or may not write it; `None` if it can.
    fn lacks(&self, field: Field) -> Option<&'static str>;

    /// Writes those fields of a person's entry that `changes` has.
    ///
    /// # Errors
    /// When the source could not be asked; nothing was changed.
    fn edit(
        &self,
        name: &Username,
        changes: &Changes,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError>;
}

/// A source from which people can be removed.
pub trait Remove {
    /// Removes a person.
    ///
    /// # Errors
    /// When the source could not be asked; nothing was removed.
    fn remove(
        &self,
        name: &Username,
        context: &Context<'_>,
    ) -> Result<AccountVerdict, BackendError>;
}

/// A source that can tell its people or groups one after the other.
pub trait ListEntries {
    /// Calls `hear` with each entry of the selection. Only with `Ok` were these all of them, but
    /// for those beyond the selection's own limit.
    ///
    /// # Errors
    /// When the source could not be asked, or its list ended too early.
    fn list(
        &self,
        selection: &Selection,
        context: &Context<'_>,
        hear: &mut dyn FnMut(Listed),
    ) -> Result<ListEnd, BackendError>;
}

/// A person that is to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// The login name.
    pub name: Username,
    /// The user id; `None` where the source has none, or chooses it.
    pub uid: Option<u32>,
    /// The id of the primary group.
    pub gid: Option<u32>,
    /// The full name and the like.
    pub gecos: String,
    /// The home directory.
    pub home: String,
    /// The login shell.
    pub shell: String,
    /// The mail address.
    pub mail: Option<String>,
}

/// A field of a person's entry that can be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The full name.
    Name,
    /// The mail address.
    Mail,
    /// The login shell.
    Shell,
    /// The lock.
    Lock,
}

impl Field {
    /// All fields.
    pub const ALL: [Self; 4] = [Self::Name, Self::Mail, Self::Shell, Self::Lock];
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Mail => "mail",
            Self::Shell => "shell",
            Self::Lock => "lock",
        })
    }
}

/// New values of a person's fields; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The full name.
    pub gecos: Option<String>,
    /// The mail address; an empty one takes it away.
    pub mail: Option<String>,
    /// The login shell.
    pub shell: Option<String>,
    /// True to lock the account, false to take the lock away.
    pub locked: Option<bool>,
}

/// The kinds of entries that can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// People.
    People,
    /// Groups.
    Groups,
}

/// The entries that are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Their kind.
    pub entries: Entries,
    /// A part of the name; empty for all.
    pub matching: String,
    /// Most entries that are wanted; `None` for all.
    pub most: Option<u64>,
}

/// A person of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPerson {
    /// The login name.
    pub name: String,
    /// The user id, where the source has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The id of the primary group, where the source has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The full name and the like.
    #[serde(default)]
    pub gecos: String,
    /// The home directory.
    #[serde(default)]
    pub home: String,
    /// The login shell.
    #[serde(default)]
    pub shell: String,
    /// The mail address, where the source has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
}

/// A group of a list. A group whose members do not fit into one line comes in several, one after
/// the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedGroup {
    /// The name.
    pub name: String,
    /// The id, where the source has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The login names of members.
    #[serde(default)]
    pub members: Vec<String>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A person.
    Person(ListedPerson),
    /// A group.
    Group(ListedGroup),
}

impl Listed {
    /// Returns the texts of the entry.
    pub(super) fn texts(&self) -> impl Iterator<Item = &String> {
        let (texts, more) = match self {
            Self::Person(person) => {
                let texts = [&person.name, &person.gecos, &person.home, &person.shell];
                (texts.to_vec(), person.mail.as_slice())
            }
            Self::Group(group) => (vec![&group.name], group.members.as_slice()),
        };
        texts.into_iter().chain(more)
    }
}

/// The end of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListEnd {
    /// The number of entries that came before.
    pub count: u64,
    /// True if there are more than were wanted.
    pub more: bool,
}

/// The answer of a source that was asked to change an account.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountVerdict {
    /// It is done.
    Done,
    /// It was not done, for a reason that the administrator is told.
    Refused(String),
    /// The source does not know the name.
    Unknown,
    /// The source was told to do it, and it could not be found out whether it did; with the reason.
    Unsure(String),
}

/// The reasons for which a backend does not keep accounts, or not in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CannotKeep {
    /// The settings do not let the directory be written: `accounts = "read"`.
    ReadOnly,
    /// The backend has no login of its own, and so no rights.
    NoLogin,
    /// The files are the system's own, which other programs keep.
    SystemFiles,
    /// The backend's type has no way to do it, for this reason.
    NotSupported(&'static str),
}

impl fmt::Display for CannotKeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly => "bind_dn may not write: accounts = \"read\"",
            Self::NoLogin => "no bind_dn: authchain has no login of its own there",
            Self::SystemFiles => {
                "the system's own accounts are kept by useradd, usermod, passwd and userdel"
            }
            Self::NotSupported(why) => why,
        })
    }
}
