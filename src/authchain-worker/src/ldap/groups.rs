//! Groups, and groups in groups.
//!
//! Only what others say of a person counts. Whoever may write an entry of their own, as many
//! directories let everybody, could else put themselves in: by `memberOf`, by the number of a
//! primary group, or by writing members into their entry so that it looks like a group.

use std::collections::BTreeSet;

use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::syntax::fill;
use authchain::config::settings::ldap::{LdapSettings, Scope};
use authchain::tools::journal::quoted;
use ldap3::ldap_escape;

use super::entry::Entry;
use super::person::Person;
use super::session::{Search, Session};
use crate::net::failure::Failure;

/// How many groups lie in each other at most.
const DEPTH: usize = 16;

/// How many groups one search may bring: no one is in more at one level.
const LIMIT: i32 = 200;

/// How many groups are looked at in all.
const MAX_GROUPS: usize = 1000;

/// How many groups' members are asked for in one filter.
const BATCH: usize = 32;

const STEP: &str = "group search";

pub(super) const CLASS: &str = "objectClass";

/// Object classes of people, whose entries are no groups whatever else is in them: those of the
/// core schemas, of RFC 2307 and of Active Directory. Some that make a group, or let any attribute
/// in, can be added to an entry by whoever may write it; these cannot be taken away from one that
/// has them by nature.
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
    base: Option<Dn>,
    /// Those named by their DN that lie elsewhere, as they are written.
    elsewhere: Vec<String>,
}

impl Wanted {
    pub(super) fn new(settings: &LdapSettings) -> Self {
        let (dns, names): (Vec<_>, Vec<_>) =
            (settings.allow_groups.iter()).partition(|group| group.contains('='));
        let base = Dn::parse(settings.group_base());
        let is_elsewhere = |dn: &&String| {
            Dn::parse(dn).is_some_and(|dn| !base.as_ref().is_some_and(|base| dn.is_under(base)))
        };
        Self {
            names: names.into_iter().map(|name| name.to_lowercase()).collect(),
            elsewhere: dns.iter().copied().filter(is_elsewhere).cloned().collect(),
            dns: dns.into_iter().filter_map(|dn| Dn::parse(dn)).collect(),
            base,
        }
    }

    fn is_nothing(&self) -> bool {
        self.names.is_empty() && self.dns.is_empty()
    }

    /// Returns whether a group is one of these. A name only counts below the groups' base:
    /// elsewhere, others may create groups of any name.
    fn has(&self, dn: &Dn, name: Option<&str>) -> bool {
        let is_below = self.base.as_ref().is_some_and(|base| dn.is_under(base));
        let name = name.map(str::to_lowercase);
        let is_named = name.is_some_and(|name| self.names.contains(&name));
        self.dns.contains(dn) || (is_below && is_named)
    }

    /// Returns whether a group with several names, of which one may only be in its DN, is one of
    /// these.
    fn has_one_called<'n>(&self, dn: &'n Dn, names: impl Iterator<Item = &'n str>) -> bool {
        let mut names = names.map(Some).chain([None, dn.first_value("cn")]);
        names.any(|name| self.has(dn, name))
    }
}

/// The groups of a directory, and those among them in which people must be.
pub(super) struct Groups {
    wanted: Wanted,
    /// Those in which people must be, as the settings write them.
    pub(super) allowed: Vec<String>,
    /// Where groups are.
    pub(super) base: String,
    /// What fits groups only.
    filter: String,
    /// Whether somebody is in the group whose number their own entry has.
    counts_primary: bool,
}

impl Groups {
    pub(super) fn new(settings: &LdapSettings) -> Self {
        Self {
            wanted: Wanted::new(settings),
            allowed: settings.allow_groups.clone(),
            base: settings.group_base().to_owned(),
            filter: settings.group_filter.clone(),
            counts_primary: settings.allow_primary_group,
        }
    }

    /// Returns whether the person is in a wanted group, directly or through others.
    ///
    /// Level by level from the person upwards, each group once, so that groups that lie in each
    /// other in a circle end it like any others.
    pub(super) async fn is_in_a_wanted_group(
        &self,
        session: &mut Session,
        person: &Person,
    ) -> Result<bool, Failure> {
        if self.wanted.is_nothing() {
            return Ok(true);
        }
        let mut walk = Walk::new(&self.wanted, Dn::parse(&person.dn));
        let mut filters = vec![self.group_filter(&direct(person, self.counts_primary))?];
        for _ in 0..DEPTH {
            for filter in &filters {
                let (groups, is_cut) = self.search_groups(session, filter).await?;
                walk.note_all(&groups);
                walk.is_cut |= is_cut;
                if walk.has_arrived {
                    return Ok(true);
                }
            }
            if walk.seen.len() > MAX_GROUPS {
                break;
            }
            let level = std::mem::take(&mut walk.level);
            let levels = level.chunks(BATCH).map(members);
            filters = levels
                .map(|members| self.group_filter(&members))
                .collect::<Result<_, _>>()?;
            if filters.is_empty() {
                break;
            }
        }
        match walk.unclear {
            Some(dn) => Err(hidden(&dn)),
            // Whether one of the others is wanted, nobody knows.
            None if walk.is_cut || !filters.is_empty() => Err(too_many()),
            None => Ok(false),
        }
    }

    /// Returns the filter of what is a group and fits `filter`.
    ///
    /// # Errors
    /// For a filter of the settings that is none; they have been checked.
    pub(super) fn group_filter(&self, filter: &str) -> Result<String, Failure> {
        let groups = fill(&self.filter, |_| None);
        let groups = groups.map_err(|_| Failure::settings(STEP, "group_filter"))?;
        Ok(format!("(&{groups}{filter})"))
    }

    /// Searches for the groups below the groups' base that fit, and those of the wanted ones that
    /// lie elsewhere; returns them, and whether there are more.
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
            let text = format!("configuration error: group_base {base} does not exist");
            return Err(Failure::settings(STEP, text));
        }
        let mut groups = hits.entries;
        for dn in &self.wanted.elsewhere {
            let search = Search {
                base: dn,
                scope: Scope::Base,
                ..search
            };
            groups.extend(session.search(search).await?.entries);
        }
        Ok((groups, hits.is_cut))
    }
}

fn too_many() -> Failure {
    Failure::settings(STEP, "more groups, or deeper ones, than are looked at")
}

/// Returns the failure at a group that may be a person: nobody can tell whether it counts.
fn hidden(dn: &str) -> Failure {
    let dn = quoted(dn);
    let text = format!("configuration error: {CLASS} of {dn} cannot be read; may bind_dn?");
    Failure::settings(STEP, text)
}

/// A walk up the groups.
struct Walk<'w> {
    wanted: &'w Wanted,
    /// Whose groups they are.
    own: Option<Dn>,
    seen: BTreeSet<Dn>,
    /// Those whose own groups have not been asked for.
    level: Vec<String>,
    /// One that does not show what it is.
    unclear: Option<String>,
    /// There were more than were seen.
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

    fn note_all(&mut self, groups: &[Entry]) {
        for group in groups {
            self.note(group);
        }
    }

    /// Notes a group, unless it is a person, or lies where the person it is about may have put it.
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
        self.has_arrived |= self.wanted.has_one_called(&dn, group.texts("cn"));
        if self.seen.insert(dn) {
            self.level.push(group.dn.clone());
        }
    }
}

/// Returns whether an entry is that of a person.
pub(super) fn is_person(entry: &Entry) -> bool {
    let is_one = |class: &str| (PEOPLE.iter()).any(|person| person.eq_ignore_ascii_case(class));
    entry.texts(CLASS).any(is_one)
}

/// Returns the filter of the groups a person is in: by DN, by name, and where that counts by
/// number.
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
