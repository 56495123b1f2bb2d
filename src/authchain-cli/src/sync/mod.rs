//! `authchain sync`: the people and groups of a directory, as files for the name service.
//!
//! | file | holds |
//! |---|---|
//! | [`entries`] | the entries of passwd and group files |
//! | [`local`] | the names and ids that this machine has itself |
//! | [`subordinate`] | ids that the accounts of this machine use in containers |
//! | [`privileged`] | names of groups that mean rights on machines |
//! | [`owners`] | the owner of each id, so that no file changes hands |
//! | [`person_line`] | lines of passwd(5) |
//! | [`people`] | the people of a list, and who of them gets a line |
//! | [`groups`] | lines of group(5) |
//! | [`loss`] | the refusal of a list from which too many are missing |
//! | [`text`] | texts that may be fields of such a line |

mod entries;
mod groups;
pub(crate) mod local;
mod loss;
mod owners;
mod people;
mod person_line;
mod privileged;
mod subordinate;
pub(crate) mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use authchain::backends::accounts::{Entries, Listed, Selection};
use authchain::files::group_file::SYSTEM_GROUP;
use authchain::files::published::PublishedFolder;
use authchain::files::same_file::is_same_file;
use clap::Args;

use crate::named_backend::NamedBackend;
use crate::terminal::{Exit, Failure, Terminal, clean};
use groups::{ListedGroups, SyncedGroups};
use local::LocalNames;
use owners::{AllOwners, OWNERS};
use people::{ListedPeople, SyncedPeople};

/// Write the people and groups of a backend into files for the name service
///
/// The files are passwd and group as libnss-extrausers reads them, without any password. Each is
/// replaced as a whole. People and groups whose names or ids this machine has itself, or keeps for
/// itself, are left out, with a line each.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain sync corp --to /var/lib/extrausers --dry-run
  systemctl enable --now authchain-sync@corp.timer

Exit codes:
  0  the files are as the backend has it
  1  somebody was left out; or too many would go, and nothing was changed
  2  the backend could not be asked, or a file not be written; nothing was changed")]
pub(crate) struct Sync {
    /// The backend
    backend: String,

    /// The folder of the files
    #[arg(long, value_name = "DIR")]
    to: PathBuf,

    /// Write the files even if more than a tenth of people or groups would go, or ids change hands
    #[arg(long)]
    force: bool,

    /// Take a group of this name although it means rights on many machines, such as docker
    #[arg(long, value_name = "NAME")]
    allow_group: Vec<String>,

    /// Say what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Sync {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let backend = NamedBackend::open(config, &self.backend)?;
        self.refuse_files_of_others(&backend)?;
        let folder = match self.dry_run {
            true => None,
            false => Some(PublishedFolder::open(&self.to)?),
        };
        let local = LocalNames::read(&backend)?.allowing(&self.allow_group);
        let old = person_line::old(&self.to.join("passwd"), &local)?;
        let before: Vec<String> = old.keys().cloned().collect();
        let groups_before = groups::old(&self.to.join("group"))?;
        let mut owners = AllOwners::read(&self.to)?;
        let mut listed = ListedPeople::new(&local);
        backend.list(&everything(Entries::People), &mut |entry| {
            if let Listed::Person(person) = entry {
                listed.add(&person);
            }
        })?;
        let people = listed.settle(old, &mut owners.people, self.force);
        let groups = self.groups(&backend, &local, &people, &mut owners)?;
        let is_whole = tell_who_is_left_out(&people, groups.as_ref(), terminal);
        let gone: Vec<&String> = before.iter().filter(|name| !people.has(name)).collect();
        let gone_groups = groups.iter().flat_map(|groups| groups.gone(&groups_before));
        let gone_groups: Vec<&String> = gone_groups.collect();
        if !self.force {
            loss::refuse("people", &gone, before.len())?;
            loss::refuse("groups", &gone_groups, groups_before.len())?;
        }
        let new = people
            .names()
            .filter(|name| before.binary_search(name).is_err())
            .count();
        terminal.print(format_args!(
            "{} people: {new} new, {} gone, {} left out; {} groups: {} gone",
            people.count(),
            gone.len(),
            people.refused.len(),
            groups.as_ref().map_or(0, SyncedGroups::count),
            gone_groups.len(),
        ));
        if let Some(folder) = folder {
            // Nobody has an id before its owner is known, or a primary group before it is there.
            let mut files = vec![(OWNERS, owners.file())];
            files.extend(groups.iter().map(|groups| ("group", groups.file())));
            files.push(("passwd", people.file()));
            folder.publish(&files)?;
        }
        Ok(match is_whole {
            true => Exit::Success,
            false => Exit::Negative,
        })
    }

    /// Returns the groups of the backend; `None` where it lists none.
    fn groups(
        &self,
        backend: &NamedBackend,
        local: &LocalNames,
        people: &SyncedPeople,
        owners: &mut AllOwners,
    ) -> Result<Option<SyncedGroups>, Failure> {
        if backend.backend.list(Entries::Groups).is_err() {
            return Ok(None);
        }
        let names: BTreeSet<&str> = people.names().map(String::as_str).collect();
        let mut groups = ListedGroups::default();
        backend.list(&everything(Entries::Groups), &mut |entry| {
            if let Listed::Group(group) = entry {
                groups.add(group, local, &names);
            }
        })?;
        Ok(Some(groups.settle(&mut owners.groups, self.force)))
    }

    /// Refuses a folder whose files are the system's, or those of a backend.
    fn refuse_files_of_others(&self, backend: &NamedBackend) -> Result<(), Failure> {
        let (passwd, group) = (self.to.join("passwd"), self.to.join("group"));
        let groups = [&backend.settings.group_file, &PathBuf::from(SYSTEM_GROUP)];
        let others = backend.passwd_files.iter();
        let others = others.map(|other| (&passwd, other, "accounts"));
        let mut others = others.chain(groups.map(|other| (&group, other, "groups")));
        match others.find(|(own, other, _)| is_same_file(own, other)) {
            Some((_, other, what)) => Err(Failure::refused(format!(
                "{} has {what} of its own; choose another folder",
                other.display()
            ))),
            None => Ok(()),
        }
    }
}

/// Tells whose entries get no line, or only that of the last run. Returns whether there are none.
fn tell_who_is_left_out(
    people: &SyncedPeople,
    groups: Option<&SyncedGroups>,
    terminal: &mut Terminal,
) -> bool {
    let groups = groups.into_iter().flat_map(|groups| &groups.refused);
    let lines = people.refused.iter().chain(&people.kept).chain(groups);
    let mut is_whole = true;
    for line in lines {
        terminal.print_message(clean(line));
        is_whole = false;
    }
    is_whole
}

fn everything(entries: Entries) -> Selection {
    Selection {
        entries,
        matching: String::new(),
        most: None,
    }
}
