//! Tasks about the accounts of a source, which only the command gives to a worker.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer, ser};

use super::wire_words::ENTRIES;
use super::{Operation, ProtocolError, quote};
use crate::backends::accounts::{Changes, NewPerson, Selection};
use crate::words::Username;

/// A task, and the time for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTask {
    /// The work that is to be done.
    pub work: AccountWork,
    /// Milliseconds until the verdict is due.
    pub budget_ms: u64,
}

/// The work of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountWork {
    /// Adds a person.
    Register(NewPerson),
    /// Edits the entry of a person.
    Edit(Username, Changes),
    /// Removes a person.
    Remove(Username),
    /// Lists people or groups.
    List(Selection),
    /// Describes the settings of a plugin.
    Describe,
}

impl AccountTask {
    /// Returns the operation, which is the name of the member that holds the task.
    pub fn operation(&self) -> Operation {
        match self.work {
            AccountWork::Register(_) => Operation::Register,
            AccountWork::Edit(..) => Operation::Edit,
            AccountWork::Remove(_) => Operation::Remove,
            AccountWork::List(_) => Operation::List,
            AccountWork::Describe => Operation::Describe,
        }
    }
}

/// An object with one member, which is named after the operation.
pub(super) struct AccountTaskLine<'a>(pub(super) &'a AccountTask);

impl Serialize for AccountTaskLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = AccountTaskMembers::of(self.0).map_err(ser::Error::custom)?;
        serializer.collect_map([(self.0.operation().word(), members)])
    }
}

/// A task without its operation, as JSON; it borrows when written and owns when read.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct AccountTaskMembers<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gecos: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    home: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shell: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mail: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locked: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entries: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    matching: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    most: Option<u64>,
    #[serde(default)]
    budget_ms: u64,
}

impl<'a> AccountTaskMembers<'a> {
    fn of(task: &'a AccountTask) -> Result<Self, ProtocolError> {
        let text = |text: &'a Option<String>| text.as_deref().map(Cow::from);
        let members = Self {
            budget_ms: task.budget_ms,
            ..Self::default()
        };
        Ok(match &task.work {
            AccountWork::Register(new) => Self {
                user: Some(Cow::from(new.name.as_str())),
                uid: new.uid,
                gid: new.gid,
                gecos: Some(Cow::from(&new.gecos)),
                home: Some(Cow::from(&new.home)),
                shell: Some(Cow::from(&new.shell)),
                mail: text(&new.mail),
                ..members
            },
            AccountWork::Edit(name, changes) => Self {
                user: Some(Cow::from(name.as_str())),
                gecos: text(&changes.gecos),
                mail: text(&changes.mail),
                shell: text(&changes.shell),
                locked: changes.locked,
                ..members
            },
            AccountWork::Remove(name) => Self {
                user: Some(Cow::from(name.as_str())),
                ..members
            },
            AccountWork::List(selection) => Self {
                entries: Some(Cow::from(ENTRIES.word(&selection.entries)?)),
                matching: Some(Cow::from(&selection.matching)).filter(|part| !part.is_empty()),
                most: selection.most,
                ..members
            },
            AccountWork::Describe => members,
        })
    }
}

impl AccountTaskMembers<'static> {
    pub(super) fn into_task(self, operation: Operation) -> Result<AccountTask, ProtocolError> {
        let texts = [
            &self.user,
            &self.gecos,
            &self.home,
            &self.shell,
            &self.mail,
            &self.matching,
        ];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Err(ProtocolError::Nul);
        }
        let budget_ms = self.budget_ms;
        let work = match operation {
            Operation::Register => AccountWork::Register(self.into_person()?),
            Operation::Edit => AccountWork::Edit(
                self.name()?,
                Changes {
                    gecos: self.gecos.map(Cow::into_owned),
                    mail: self.mail.map(Cow::into_owned),
                    shell: self.shell.map(Cow::into_owned),
                    locked: self.locked,
                },
            ),
            Operation::Remove => AccountWork::Remove(self.name()?),
            Operation::List => AccountWork::List(Selection {
                entries: ENTRIES.meaning(&required("entries", self.entries)?)?,
                matching: self.matching.unwrap_or_default().into_owned(),
                most: self.most,
            }),
            Operation::Describe => AccountWork::Describe,
            _ => return Err(ProtocolError::NoMessage),
        };
        Ok(AccountTask { work, budget_ms })
    }

    fn into_person(self) -> Result<NewPerson, ProtocolError> {
        Ok(NewPerson {
            name: self.name()?,
            uid: self.uid,
            gid: self.gid,
            gecos: required("gecos", self.gecos)?,
            home: required("home", self.home)?,
            shell: required("shell", self.shell)?,
            mail: self.mail.map(Cow::into_owned),
        })
    }

    fn name(&self) -> Result<Username, ProtocolError> {
        let name = self.user.as_deref();
        let name = name.ok_or(ProtocolError::Missing("user"))?;
        Username::parse(name.as_bytes()).map_err(|_| ProtocolError::Value("user", quote(name)))
    }
}

fn required(member: &'static str, text: Option<Cow<'_, str>>) -> Result<String, ProtocolError> {
    text.map(Cow::into_owned)
        .ok_or(ProtocolError::Missing(member))
}
