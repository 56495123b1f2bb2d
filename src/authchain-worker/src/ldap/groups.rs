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
use super::person::Person;
use super::session::{Search, Session};
use crate::net::failure::Failure;

/// The deepest nesting of groups that is followed.
const DEPTH: usize = 16;

/// The most groups that one search may return: nobody is in more at one level.
const LIMIT: i32 = 200;

/// The most groups that are looked at in all.
const MAX_GROUPS: usize = 1000;

/// The most groups whose parent groups are asked for in one filter.
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
    /// True if the gidNumber of a person's own entry makes them a member.
    counts_primary: bool,
}

impl Groups {
    pub(super) fn new(settings: &LdapSettings) -> Self {
        Self {
            wanted: Wanted::new(settings),
            allowed: settings.allow_groups.clone(),
            base: settings.group_base().clone(),
            filter: settings.group_filter.clone(),
            counts_primary: settings.allow_primary_group,
        }
    }

    /// Returns whether the person is in a wanted group, directly or through others.
    ///
    /// Level by level from the person upwards, each group once, so that groups that are members of
    /// each other end it too.
    pub(super) async fn is_in_a_wanted_group(
        &self,
        session: &mut Session,
        person: &Person,
    ) -> Result<bool, Failure> {
        if self.allowed.is_empty() {
            return Ok(true);
        }
        let mut walk = Walk::new(&self.wanted, Dn::parse(&person.dn));
        let mut filters = vec![self.filter.and(&direct(person, self.counts_primary))];
        for _ in 0..DEPTH {
            for filter in &filters {
                let (groups, is_cut) = self.search_groups(session, filter).await?;
                groups.iter().for_each(|group| walk.note(group));
                walk.is_cut |= is_cut;
                if walk.has_arrived {
                    return Ok(true);
                }
            }
            if walk.seen.len() > MAX_GROUPS {
                break;
            }
            let level = std::mem::take(&mut walk.level);
            let batches = level.chunks(BATCH).map(members);
            filters = batches.map(|members| self.filter.and(&members)).collect();
            if filters.is_empty() {
                break;
            }
        }
        match walk.unclear {
            Some(dn) => Err(hidden(STEP, &dn, CLASS)),
            // A group that was not seen may be a wanted one.
            None if walk.is_cut || !filters.is_empty() => {
                let text = "more groups, or deeper ones, than are looked at";
                Err(Failure::settings(STEP, text))
            }
            None => Ok(false),
        }
    }

    /// Searches for the groups below the base, and for the wanted ones elsewhere; returns them, and
    /// whether there are more.
    async fn search_groups(
        &self,
        session: &mut Session,
        filter: &str,
    ) -> Result<(Vec<Entry>, bool), Failure> {
        let base = self.base.as_str();
        let search = Search {
            step: STEP,
            base,
            scope: Scope::Sub,
            filter,
            attributes: &["cn", CLASS],
            limit: LIMIT,
        };
        let hits = session.search(search).await?;
        if hits.is_missing {
            let text = format!("group_base {base} does not exist");
            return Err(Failure::configuration_error(STEP, &text));
        }
        let mut groups = hits.entries;
        for dn in &self.wanted.elsewhere {
            let search = Search {
                base: dn.as_str(),
                scope: Scope::Base,
                ..search
            };
            groups.extend(session.search(search).await?.entries);
        }
        Ok((groups, hits.is_cut))
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
    /// True if there were more groups than were returned.
    is_cut: bool,
    has_arrived: bool,
}

impl<'w> Walk<'w> {
    fn new(wanted: &'w Wanted, own: Option<Dn>) -> Self {
        Self {
            wanted,
            own,
            seen: BTreeSet::new(),
            level: Vec::new(),
            unclear: None,
            is_cut: false,
            has_arrived: false,
        }
    }

    /// Notes a group, unless it is a person's entry, or lies below the one of the person, who may
    /// have made it.
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
        self.has_arrived |=
            (group.texts("cn").map(Some).chain(of_dn)).any(|name| self.wanted.has(&dn, name));
        if self.seen.insert(dn) {
            self.level.push(group.dn.clone());
        }
    }
}

/// Returns whether an entry is a person's.
pub(super) fn is_person(entry: &Entry) -> bool {
    let is_one = |class: &str| (PEOPLE.iter()).any(|person| person.eq_ignore_ascii_case(class));
    entry.texts(CLASS).any(is_one)
}

/// Returns the filter of the groups that a person is in: by DN, by name, and by number where that
/// counts.
fn direct(person: &Person, counts_primary: bool) -> String {
    let (dn, name) = (ldap_escape(&person.dn), ldap_escape(&person.user.name));
    let number = person.user.gid.filter(|_| counts_primary);
    let primary = number.map_or_else(String::new, |gid| format!("(gidNumber={gid})"));
    format!(
        "(|(member={dn})(uniqueMember={dn})(&(objectClass=posixGroup)(|(memberUid={name}){primary})))"
    )
}

/// Returns the filter of the groups that have one of `groups` as a member.
fn members(groups: &[String]) -> String {
    let parts = groups.iter().map(|dn| {
        let dn = ldap_escape(dn);
        format!("(member={dn})(uniqueMember={dn})")
    });
    format!("(|{})", parts.collect::<String>())
}

#[cfg(test)]
mod tests;
