//! The people and groups of a directory, told page by page.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use authchain::backends::accounts::{ListEnd, Listed, ListedGroup, ListedPerson, Selection};
use authchain::backends::protocol::{AccountEnd, RefusalReason, WireVerdict};
use authchain::config::settings::ldap::Scope;
use authchain::words::number;
use ldap3::ldap_escape;

use super::entry_name::{named, note_on_nameless};
use crate::answer::Answer;
use crate::dialogue::Dialogue;
use crate::ldap::directory::Directory;
use crate::ldap::entry::{Entry, Single};
use crate::ldap::flavour::{Flavour, Generic};
use crate::ldap::session::{Search, Session};
use crate::net::failure::Failure;

/// Most bytes of the names of members in one line: with every character escaped, they still fit.
const MEMBERS: usize = 8 * 1024;

const PEOPLE: &str = "list of people";

const GROUPS: &str = "list of groups";

/// The entries that were told.
pub(super) struct Telling<'d> {
    dialogue: &'d Dialogue<'d>,
    count: Cell<u64>,
}

impl<'d> Telling<'d> {
    pub(super) fn begin(dialogue: &'d Dialogue<'d>) -> Self {
        Self {
            dialogue,
            count: Cell::new(0),
        }
    }

    /// Returns whether any entry was told.
    pub(super) fn has_begun(&self) -> bool {
        self.count.get() > 0
    }

    async fn tell(&self, entry: Listed) {
        self.count.set(self.count.get().saturating_add(1));
        self.dialogue.listed(entry).await;
    }

    fn end(&self, more: bool) -> Answer {
        let count = self.count.get();
        WireVerdict::Carried(AccountEnd::Listed(ListEnd { count, more })).into()
    }
}

impl Directory {
    /// Lists the people whom `user_filter` finds below the base.
    pub(super) async fn list_people(
        &self,
        session: &mut Session,
        selection: &Selection,
        telling: &Telling<'_>,
    ) -> Result<Answer, Failure> {
        let people = &self.people;
        if people.filter.as_str().contains(":=%u") {
            let why = "user_filter compares names by a matching rule, which finds no parts of them";
            return Ok(Answer::refused(RefusalReason::NotSupported, why));
        }
        let attributes = [people.attributes.names(), vec!["mail"]].concat();
        let filter = people.filter.fill(&part(&selection.matching));
        let search = Search {
            step: PEOPLE,
            base: people.base.as_str(),
            scope: people.scope,
            filter: &filter,
            attributes: &attributes,
            limit: 0,
            setting: (!people.are_whole).then_some("user_filter"),
        };
        let most = selection.most.unwrap_or(u64::MAX);
        let (mut nameless, mut cookie) = (0_usize, Vec::new());
        loop {
            let page = session.page(&search, cookie).await?;
            for entry in &page.entries {
                let Some(person) = self.listed(entry) else {
                    nameless = nameless.saturating_add(1);
                    continue;
                };
                if telling.count.get() == most {
                    return Ok(telling.end(true));
                }
                telling.tell(Listed::Person(person)).await;
            }
            cookie = page.cookie;
            if cookie.is_empty() {
                return Ok(telling.end(false).with_note(note_on_nameless(nameless)));
            }
        }
    }

    /// Returns a person as the entry describes them; `None` for an entry without a name, or with
    /// several of which the DN has none.
    fn listed(&self, entry: &Entry) -> Option<ListedPerson> {
        let attributes = &self.people.attributes;
        let text = |attribute: &str| entry.text(attribute).unwrap_or_default().to_owned();
        // A user id that is there twice, or is none, counts as missing: nobody gets files by it.
        let uid = attributes.uid.as_ref();
        let uid = uid.map(|uid| entry.single(uid.as_str(), |text| number(text.as_bytes())));
        Some(ListedPerson {
            name: self.name_of(entry)?,
            uid: match uid {
                Some(Single::Value(uid)) => Some(uid),
                _ => None,
            },
            gid: entry.number(attributes.gid.as_str()),
            gecos: text(attributes.gecos.as_str()),
            home: text(attributes.home.as_str()),
            shell: text(attributes.shell.as_str()),
            mail: entry.text("mail").map(str::to_owned),
        })
    }

    /// Returns the name of a person's entry.
    fn name_of(&self, entry: &Entry) -> Option<String> {
        named(entry, self.people.attributes.name.as_str())
    }

    /// Lists the groups that `group_filter` finds below `group_base`, with those members whose
    /// entries are people.
    pub(super) async fn list_groups(
        &self,
        session: &mut Session,
        selection: &Selection,
        telling: &Telling<'_>,
    ) -> Result<Answer, Failure> {
        let Flavour::Generic(generic) = &self.flavour else {
            let why = "authchain lists no groups of a domain";
            return Ok(Answer::refused(RefusalReason::NotSupported, why));
        };
        let names = match generic.groups.membership.by_dn().next() {
            Some(_) => self.names(session).await?,
            None => BTreeMap::new(),
        };
        let Generic { groups, .. } = &**generic;
        let attributes: Vec<&str> = ["cn", "gidNumber"]
            .into_iter()
            .chain(groups.membership.by_name())
            .chain(groups.membership.by_dn())
            .collect();
        let filter = groups
            .filter
            .and(&format!("(cn={})", part(&selection.matching)));
        let search = Search {
            step: GROUPS,
            base: groups.base.as_str(),
            scope: Scope::Sub,
            filter: &filter,
            attributes: &attributes,
            limit: 0,
            setting: Some("group_filter"),
        };
        let most = selection.most.unwrap_or(u64::MAX);
        let (mut told, mut strangers, mut cookie) = (0_u64, 0_usize, Vec::new());
        loop {
            let page = session.page(&search, cookie).await?;
            for entry in &page.entries {
                let Some(name) = named(entry, "cn") else {
                    continue;
                };
                if told == most {
                    return Ok(telling.end(true));
                }
                told = told.saturating_add(1);
                let (members, unknown) = members(generic, entry, &names);
                strangers = strangers.saturating_add(unknown);
                tell_group(telling, &name, entry.number("gidNumber"), members).await;
            }
            cookie = page.cookie;
            if cookie.is_empty() {
                let note = (strangers > 0).then(|| {
                    format!("{strangers} members of groups are no people, and are left out")
                });
                return Ok(telling.end(false).with_note(note));
            }
        }
    }

    /// Returns the names of all people by the DNs of their entries, in lower case.
    async fn names(&self, session: &mut Session) -> Result<BTreeMap<String, String>, Failure> {
        let people = &self.people;
        let filter = people.filter.fill("*");
        let search = Search {
            step: PEOPLE,
            base: people.base.as_str(),
            scope: people.scope,
            filter: &filter,
            attributes: &[people.attributes.name.as_str()],
            limit: 0,
            setting: Some("user_filter"),
        };
        let (mut names, mut cookie) = (BTreeMap::new(), Vec::new());
        loop {
            let page = session.page(&search, cookie).await?;
            let named = page.entries.iter();
            let named = named.filter_map(|entry| Some((key(&entry.dn), self.name_of(entry)?)));
            names.extend(named);
            cookie = page.cookie;
            if cookie.is_empty() {
                return Ok(names);
            }
        }
    }
}

/// Returns the value of a filter that finds names with this part, or all of them.
fn part(matching: &str) -> String {
    match matching {
        "" => "*".to_owned(),
        matching => format!("*{}*", ldap_escape(matching)),
    }
}

/// Returns a DN as servers compare it, as far as they write it in one way.
fn key(dn: &str) -> String {
    dn.to_lowercase()
}

/// Returns the login names of a group's members, and the number of members that are no people.
fn members(
    generic: &Generic,
    entry: &Entry,
    names: &BTreeMap<String, String>,
) -> (BTreeSet<String>, usize) {
    let membership = &generic.groups.membership;
    let by_name = membership.by_name().into_iter();
    let by_name = by_name.flat_map(|attribute| entry.texts(attribute));
    let mut found: BTreeSet<String> = by_name.map(str::to_owned).collect();
    let mut unknown = 0_usize;
    for dn in membership
        .by_dn()
        .flat_map(|attribute| entry.texts(attribute))
    {
        match names.get(&key(dn)) {
            Some(name) => {
                found.insert(name.clone());
            }
            None => unknown = unknown.saturating_add(1),
        }
    }
    (found, unknown)
}

/// Tells a group, in as many lines as its members take.
async fn tell_group(
    telling: &Telling<'_>,
    name: &str,
    gid: Option<u32>,
    members: BTreeSet<String>,
) {
    let line = |members| {
        Listed::Group(ListedGroup {
            name: name.to_owned(),
            gid,
            members,
        })
    };
    let (mut waiting, mut bytes) = (Vec::new(), 0_usize);
    for member in members {
        if bytes.saturating_add(member.len()) > MEMBERS && !waiting.is_empty() {
            telling.tell(line(std::mem::take(&mut waiting))).await;
            bytes = 0;
        }
        bytes = bytes.saturating_add(member.len());
        waiting.push(member);
    }
    telling.tell(line(waiting)).await;
}
