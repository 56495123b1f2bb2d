//! The groups of a person, nested ones included.
//!
//! Only what others write about a person counts. Many directories let people write their own
//! entries, by which they could put themselves into groups: with `memberOf`, with the number of a
//! primary group, or with members that make their entry look like a group.

use std::collections::BTreeSet;

use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::filter::GroupFilter;
use authchain::config::settings::ldap::group::AllowedGroup;
use authchain::config::settings::ldap::{LdapSettings, Scope};
use authchain::words::number;
use ldap3::ldap_escape;

use super::entry::{Entry, hidden};
use super::group_query::{AskedGroup, GroupQuery, WantedGroup};
use super::membership::Membership;
use super::person::Person;
use super::session::{Hits, Search, Session};
use crate::net::failure::Failure;

/// The deepest nesting of groups that is followed.
const DEPTH: usize = 16;

/// The most groups that one search may return.
const LIMIT: i32 = 1000;

/// The most groups that are looked at in all.
const MAX_GROUPS: usize = 1000;

/// The most groups that are named in one filter.
const BATCH: usize = 32;

const STEP: &str = "group search";

pub(super) const CLASS: &str = "objectClass";

/// The group id of a posixGroup (RFC 2307).
const NUMBER: &str = "gidNumber";

/// The object classes of people, whose entries are never groups: those of the core schemas, of RFC
/// 2307 and of Active Directory. A person who may write their entry can add object classes that
/// make a group, but cannot remove the structural one (RFC 4512 §2.4.2).
const PEOPLE: [&str; 7] = [
    "person",
    "organizationalPerson",
    "inetOrgPerson",
    "residentialPerson",
    "account",
    "posixAccount",
    "user",
];

/// The groups of a directory.
pub(super) struct Groups {
    /// `allow_groups`.
    pub(super) allowed: Vec<AllowedGroup>,
    /// `allow_groups`, as they are looked for.
    wanted: Vec<WantedGroup>,
    /// The base of the search for groups.
    pub(super) base: Dn,
    /// True if the settings name the base. Names and numbers of groups count nowhere else.
    has_base: bool,
    /// The filter that matches groups only.
    pub(super) filter: GroupFilter,
    membership: Membership,
}

impl Groups {
    pub(super) fn new(settings: &LdapSettings) -> Self {
        Self {
            allowed: settings.allow_groups.clone(),
            wanted: (settings.allow_groups.iter().cloned())
                .map(WantedGroup::from)
                .collect(),
            base: settings.group_base().clone(),
            has_base: (settings.group_base.as_ref()).is_some_and(|base| !base.is_empty()),
            filter: settings.group_filter.clone(),
            membership: Membership::new(settings),
        }
    }

    /// Returns the query for a person's groups.
    pub(super) fn query<'q>(&'q self, asked: &'q [AskedGroup]) -> GroupQuery<'q> {
        GroupQuery::new(&self.wanted, asked)
    }

    /// Returns the group that a rule asks about: a decimal number is a `gidNumber`.
    ///
    /// # Errors
    /// When the settings do not say where such a group would be.
    pub(super) fn wanted(&self, text: &str) -> Result<WantedGroup, String> {
        let group = match number(text.as_bytes()) {
            Some(number) => WantedGroup::Number(number),
            None => text.parse::<AllowedGroup>()?.into(),
        };
        match group {
            WantedGroup::Dn(_) => Ok(group),
            _ if self.has_base => Ok(group),
            _ => Err("group_base is not set".to_owned()),
        }
    }

    /// Finds out in which of the wanted groups the person is, directly or through others.
    ///
    /// The search goes level by level from the person upwards and visits each group once, so that
    /// it also ends if groups are members of each other.
    ///
    /// # Errors
    /// When not all groups could be seen, and one that was not may be a wanted one.
    pub(super) async fn look_up(
        &self,
        session: &mut Session,
        person: &Person,
        query: &mut GroupQuery<'_>,
    ) -> Result<(), Failure> {
        if query.is_done() {
            return Ok(());
        }
        let mut walk = Walk::new(query, &self.base, Dn::parse(&person.dn));
        let mut filters = vec![self.membership.of_person(person)];
        for _ in 0..DEPTH {
            for filter in &filters {
                self.search_groups(session, filter, &mut walk).await?;
                if walk.query.is_done() {
                    return Ok(());
                }
            }
            let level = std::mem::take(&mut walk.level);
            let batches = level.chunks(BATCH);
            filters = batches
                .filter_map(|batch| self.membership.of_groups(batch))
                .collect();
            if filters.is_empty() || walk.seen.len() > MAX_GROUPS {
                break;
            }
        }
        if let Some(dn) = walk.unclear {
            return Err(hidden(STEP, &dn, CLASS));
        }
        let end = match walk.seen.len() > MAX_GROUPS {
            true => format!("there are more than {MAX_GROUPS}"),
            false => format!("some are nested deeper than {DEPTH}"),
        };
        match walk.gap.or((!filters.is_empty()).then_some(end)) {
            Some(why) => Err(unseen(&why)),
            None => Ok(()),
        }
    }

    /// Searches below the base for the groups that fit `filter`, and outside of the base for the
    /// wanted groups among them. If the server does not return all groups, searches for the wanted
    /// groups alone.
    async fn search_groups(
        &self,
        session: &mut Session,
        filter: &str,
        walk: &mut Walk<'_, '_>,
    ) -> Result<(), Failure> {
        let base = self.base.as_str();
        let search = Search {
            step: STEP,
            base,
            scope: Scope::Sub,
            filter: &self.filter.and(filter),
            attributes: &["cn", NUMBER, CLASS],
            limit: LIMIT,
            setting: Some("group_members"),
        };
        let hits = session.search(search).await?;
        if hits.is_missing {
            let text = format!("group_base {base} does not exist");
            return Err(Failure::configuration_error(STEP, &text));
        }
        walk.note_all(&hits);
        let is_whole = hits.gap().is_none();
        for dn in walk.query.wanted().filter_map(WantedGroup::dn) {
            if is_whole && dn.is_under(&self.base) {
                continue;
            }
            let search = Search {
                base: dn.as_str(),
                scope: Scope::Base,
                ..search
            };
            walk.note_all(&session.search(search).await?);
        }
        if !is_whole {
            let named: Vec<String> = walk.query.wanted().filter_map(filter_of).collect();
            for named in named.chunks(BATCH) {
                let filter = &self.filter.and(&format!("(|{}){filter}", named.concat()));
                walk.note_all(&session.search(Search { filter, ..search }).await?);
            }
        }
        Ok(())
    }
}

/// Returns the filter of the groups that are called or numbered as the wanted one.
fn filter_of(wanted: &WantedGroup) -> Option<String> {
    match wanted {
        WantedGroup::Name(name) => Some(format!("(cn={})", ldap_escape(name))),
        WantedGroup::Number(number) => Some(format!("({NUMBER}={number})")),
        WantedGroup::Dn(_) | WantedGroup::Sid(_) => None,
    }
}

/// A walk from a person up through their groups.
struct Walk<'w, 'q> {
    query: &'w mut GroupQuery<'q>,
    /// The base of groups.
    base: &'w Dn,
    /// The DN of the person.
    own: Option<Dn>,
    seen: BTreeSet<Dn>,
    /// The groups whose parent groups have not been asked for.
    level: Vec<String>,
    /// A group whose object class cannot be read: it may be a person.
    unclear: Option<String>,
    /// The reason why groups may be missing, for the log.
    gap: Option<String>,
}

impl<'w, 'q> Walk<'w, 'q> {
    fn new(query: &'w mut GroupQuery<'q>, base: &'w Dn, own: Option<Dn>) -> Self {
        Self {
            query,
            base,
            own,
            seen: BTreeSet::new(),
            level: Vec::new(),
            unclear: None,
            gap: None,
        }
    }

    /// Notes the groups that a search found, and whether there may be more.
    fn note_all(&mut self, hits: &Hits) {
        hits.entries.iter().for_each(|group| self.note(group));
        self.gap = self.gap.take().or_else(|| hits.gap());
    }

    /// Notes a group, unless it is a person's entry, or lies below the entry of this person, who
    /// may have created it.
    fn note(&mut self, group: &Entry) {
        let Some(dn) = Dn::parse(&group.dn).filter(|dn| !dn.is_empty()) else {
            return;
        };
        let is_own = (self.own.as_ref()).is_none_or(|own| dn.is_under(own));
        if is_own || is_person(group) {
            return;
        }
        if group.texts(CLASS).next().is_none() {
            self.unclear = Some(group.dn.clone());
            return;
        }
        // A group may have several names, one of them only in its DN. Names and numbers count below
        // the base only: elsewhere, others may create groups that have them.
        let is_below = dn.is_under(self.base);
        let names = (group.texts("cn").chain(dn.first_value("cn"))).map(str::to_lowercase);
        let names: BTreeSet<String> = names.collect();
        let numbers = || group.texts(NUMBER).map(|text| number(text.as_bytes()));
        self.query.note(|wanted| match wanted {
            WantedGroup::Name(name) => is_below && names.contains(&name.to_lowercase()),
            WantedGroup::Number(wanted) => {
                is_below && numbers().any(|number| number == Some(*wanted))
            }
            WantedGroup::Dn(wanted) => *wanted == dn,
            WantedGroup::Sid(_) => false,
        });
        if self.seen.insert(dn) {
            self.level.push(group.dn.clone());
        }
    }
}

/// Returns the failure to see all groups.
pub(super) fn unseen(why: &str) -> Failure {
    Failure::settings(STEP, format!("not all groups were seen: {why}"))
}

/// Returns whether an entry is a person's.
pub(super) fn is_person(entry: &Entry) -> bool {
    let is_one = |class: &str| (PEOPLE.iter()).any(|person| person.eq_ignore_ascii_case(class));
    entry.texts(CLASS).any(is_one)
}

#[cfg(test)]
mod tests;
