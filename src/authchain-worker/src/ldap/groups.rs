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
use ldap3::ldap_escape;

use super::entry::{Entry, hidden};
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

/// The groups of which a person must be in one.
pub(super) struct Wanted {
    names: Vec<String>,
    dns: Vec<Dn>,
    base: Dn,
    /// The groups that are named by a DN outside of `base`.
    elsewhere: Vec<Dn>,
}

impl Wanted {
    pub(super) fn new(settings: &LdapSettings) -> Self {
        let mut wanted = Self {
            names: Vec::new(),
            dns: Vec::new(),
            base: settings.group_base().clone(),
            elsewhere: Vec::new(),
        };
        for group in &settings.allow_groups {
            match group {
                AllowedGroup::Name(name) => wanted.names.push(name.to_lowercase()),
                AllowedGroup::Dn(dn) => wanted.dns.push(dn.clone()),
            }
        }
        let elsewhere = wanted.dns.iter().filter(|dn| !dn.is_under(&wanted.base));
        wanted.elsewhere = elsewhere.cloned().collect();
        wanted
    }

    /// Returns whether a group is a wanted one. A name only counts below the groups' base:
    /// elsewhere, others may create groups of any name.
    fn has(&self, dn: &Dn, name: Option<&str>) -> bool {
        let is_below = dn.is_under(&self.base);
        let name = name.map(str::to_lowercase);
        let is_named = name.is_some_and(|name| self.names.contains(&name));
        self.dns.contains(dn) || (is_below && is_named)
    }

    /// Returns filters of the groups that have a wanted name.
    fn named(&self) -> impl Iterator<Item = String> {
        self.names.chunks(BATCH).map(|names| {
            let names = names
                .iter()
                .map(|name| format!("(cn={})", ldap_escape(name)));
            format!("(|{})", names.collect::<String>())
        })
    }
}

/// The groups of a directory, and those in which people must be.
pub(super) struct Groups {
    wanted: Wanted,
    /// `allow_groups`.
    pub(super) allowed: Vec<AllowedGroup>,
    /// The base of the search for groups.
    pub(super) base: Dn,
    /// The filter that matches groups only.
    pub(super) filter: GroupFilter,
    membership: Membership,
}

impl Groups {
    pub(super) fn new(settings: &LdapSettings) -> Self {
        Self {
            wanted: Wanted::new(settings),
            allowed: settings.allow_groups.clone(),
            base: settings.group_base().clone(),
            filter: settings.group_filter.clone(),
            membership: Membership::new(settings),
        }
    }

    /// Returns whether the person is in a wanted group, directly or through others.
    ///
    /// The search goes level by level from the person upwards and visits each group once, so that
    /// it also ends if groups are members of each other.
    pub(super) async fn is_in_a_wanted_group(
        &self,
        session: &mut Session,
        person: &Person,
    ) -> Result<bool, Failure> {
        if self.allowed.is_empty() {
            return Ok(true);
        }
        let mut walk = Walk::new(&self.wanted, Dn::parse(&person.dn));
        let mut filters = vec![self.membership.of_person(person)];
        for _ in 0..DEPTH {
            for filter in &filters {
                self.search_groups(session, filter, &mut walk).await?;
                if walk.is_in_wanted {
                    return Ok(true);
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
        // A group that was not seen may be a wanted one.
        match walk.gap.or((!filters.is_empty()).then_some(end)) {
            Some(why) => Err(unseen(&why)),
            None => Ok(false),
        }
    }

    /// Searches below the base for the groups that fit `filter`, and outside of the base for the
    /// wanted groups among them. If the server does not return all groups, searches for the wanted
    /// groups alone.
    async fn search_groups(
        &self,
        session: &mut Session,
        filter: &str,
        walk: &mut Walk<'_>,
    ) -> Result<(), Failure> {
        let base = self.base.as_str();
        let search = Search {
            step: STEP,
            base,
            scope: Scope::Sub,
            filter: &self.filter.and(filter),
            attributes: &["cn", CLASS],
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
        let dns = match is_whole {
            true => &self.wanted.elsewhere,
            false => &self.wanted.dns,
        };
        for dn in dns {
            let search = Search {
                base: dn.as_str(),
                scope: Scope::Base,
                ..search
            };
            walk.note_all(&session.search(search).await?);
        }
        for named in self.wanted.named().filter(|_| !is_whole) {
            let filter = &self.filter.and(&format!("{named}{filter}"));
            walk.note_all(&session.search(Search { filter, ..search }).await?);
        }
        Ok(())
    }
}

/// A walk from a person up through their groups.
struct Walk<'w> {
    wanted: &'w Wanted,
    /// The DN of the person.
    own: Option<Dn>,
    seen: BTreeSet<Dn>,
    /// The groups whose parent groups have not been asked for.
    level: Vec<String>,
    /// A group whose object class cannot be read: it may be a person.
    unclear: Option<String>,
    /// The reason why groups may be missing, for the log.
    gap: Option<String>,
    is_in_wanted: bool,
}

impl<'w> Walk<'w> {
    fn new(wanted: &'w Wanted, own: Option<Dn>) -> Self {
        Self {
            wanted,
            own,
            seen: BTreeSet::new(),
            level: Vec::new(),
            unclear: None,
            gap: None,
            is_in_wanted: false,
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
        // A group may have several names, one of them only in its DN.
        let of_dn = [None, dn.first_value("cn")];
        self.is_in_wanted |=
            (group.texts("cn").map(Some).chain(of_dn)).any(|name| self.wanted.has(&dn, name));
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
