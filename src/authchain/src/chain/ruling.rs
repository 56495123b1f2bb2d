//! The rules of the configuration (`[[rule]]`), and the groups of people that they ask about.
//!
//! A rule is chosen twice: before a backend is asked, by what this machine knows, and after one has
//! answered, by its groups, too. The second choice only takes away.

use std::path::PathBuf;
use std::rc::Rc;

use crate::config::rules::{
    Demand, FirstChoice, Group, LoginFacts, MachineGroups, Rules, SecondChoice,
};
use crate::config::settings::WhenUnavailable;
use crate::tools::request::Context;
use crate::words::{BackendError, User, Username};

/// The rules, the files that tell the groups of people, and the settings at the top of the file
/// that hold where no rule says otherwise.
#[derive(Default)]
pub struct Ruling {
    /// The rules, in the order of the file.
    pub rules: Rc<Rules>,
    /// The group(5) file.
    pub group_file: PathBuf,
    /// The passwd(5) file, which tells the primary group.
    pub passwd_file: PathBuf,
    /// The answer about an account of a directory that does not answer.
    pub account_when_unavailable: WhenUnavailable,
    /// The second factors at the top of the file.
    pub demand: Demand,
    /// True if home directories are made where no rule says it.
    pub make_home: bool,
    /// The folders in which home directories are made.
    pub home_dirs: Vec<PathBuf>,
}

/// A person as the backends see them.
#[derive(Clone, Copy)]
pub(super) enum BackendView<'a> {
    /// One knows the name, and this is the person.
    Found(&'a User),
    /// None knows the name.
    Unknown,
    /// One that may know the name does not answer.
    NoAnswer,
}

impl Ruling {
    /// Chooses the rule by what this machine knows.
    ///
    /// # Errors
    /// When it cannot be found out whether the person is in a group that decides.
    pub(super) fn choose(
        &self,
        user: &Username,
        context: &Context<'_>,
    ) -> Result<FirstChoice<'_>, BackendError> {
        let file = self.machine_groups(user, &[]);
        self.rules
            .first_choice(&facts(user, context), |group| file.has(group))
    }

    /// Chooses the rule by what this machine and the backends know.
    ///
    /// # Errors
    /// As for [`choose`](Self::choose).
    pub(super) fn choose_again(
        &self,
        user: &Username,
        person: BackendView<'_>,
        context: &Context<'_>,
    ) -> Result<SecondChoice<'_>, BackendError> {
        let own_names = person.own_names();
        let login = facts(user, context).known_as(&own_names);
        let file = self.machine_groups(user, &own_names);
        let in_file = |group: &Group| file.has(group);
        self.rules
            .second_choice(&login, in_file, |group| person.is_in(group))
    }

    fn machine_groups<'a>(
        &'a self,
        user: &'a Username,
        own_names: &'a [&'a str],
    ) -> MachineGroups<'a> {
        MachineGroups::new(
            &self.group_file,
            &self.passwd_file,
            user.as_str(),
            own_names,
        )
    }
}

fn facts<'a>(user: &'a Username, context: &'a Context<'_>) -> LoginFacts<'a> {
    LoginFacts::new(context.service, user.as_str(), context.rhost, context.tty)
}

impl<'a> BackendView<'a> {
    /// Returns the person's names in the backend.
    fn own_names(self) -> Vec<&'a str> {
        match self {
            Self::Found(person) => person.own_names().collect(),
            Self::Unknown | Self::NoAnswer => Vec::new(),
        }
    }

    /// Returns whether the backend has the person in the group; `None` if the backend finds that
    /// unclear.
    ///
    /// # Errors
    /// If it has not been found out.
    fn is_in(self, group: &Group) -> Result<Option<bool>, BackendError> {
        let person = match self {
            Self::Unknown => return Ok(Some(false)),
            Self::Found(person) => Some(person),
            Self::NoAnswer => None,
        };
        let name = group.to_string();
        match person.and_then(|person| Some((person, person.groups.as_ref()?))) {
            Some((_, groups)) if groups.contains(&name) => Ok(Some(true)),
            Some((person, _)) if person.unclear_groups.contains(&name) => Ok(None),
            Some(_) => Ok(Some(false)),
            None => {
                let why = format!("nobody says who is in the group {group}");
                Err(BackendError::Unavailable(why))
            }
        }
    }
}
