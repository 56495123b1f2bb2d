//! Groups, and groups in groups.
//!
//! Only what others say of a person counts. Whoever may write an entry of their own, as many
//! directories let everybody, could else put themselves in: by `memberOf`, by the number of a
//! primary group, or by writing members into their entry so that it looks like a group.

use std::collections::BTreeSet;

use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::filter::GroupFilter;
use authchain::config::settings::ldap::group::AllowedGroup;
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
    base: Dn,
    /// Those named by their DN that lie elsewhere.
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

    fn is_nothing(&self) -> bool {
        self.names.is_empty() && self.dns.is_empty()
    }

    /// Returns whether a group is one of these. A name only counts below the groups' base:
    /// elsewhere, others may create groups of any name.
    fn has(&self, dn: &Dn, name: Option<&str>) -> bool {
        let is_below = dn.is_under(&self.base);
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
    /// Those in which people must be.
    pub(super) allowed: Vec<AllowedGroup>,
    /// Where groups are.
    pub(super) base: Dn,
    /// Fits groups only.
    pub(super) filter: GroupFilter,
    /// Whether somebody is in the group whose number their own entry has.
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
        let mut filters = vec![self.filter.and(&direct(person, self.counts_primary))];
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
            filters = levels.map(|members| self.filter.and(&members)).collect();
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
                base: dn.as_str(),
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
mod tests {
    use super::*;

    fn wanted(groups: &[&str]) -> Wanted {
        Wanted::new(&LdapSettings {
            base: Dn::parse("dc=x").unwrap(),
            group_base: Dn::parse("ou=groups,dc=x"),
            allow_groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
            ..LdapSettings::default()
        })
    }

    #[test]
    fn a_name_counts_below_the_groups_base_only_and_a_dn_anywhere() {
        let by_name = wanted(&["Staff"]);
        let below = Dn::parse("cn=staff,ou=groups,dc=x").unwrap();
        let elsewhere = Dn::parse("cn=staff,ou=people,dc=x").unwrap();
        assert!(by_name.has(&below, Some("staff")));
        assert!(!by_name.has(&elsewhere, Some("staff")));
        assert!(wanted(&["CN=Staff, ou=people,dc=x"]).has(&elsewhere, None));
    }

    fn group(dn: &str, names: &[&str], classes: &[&str]) -> Entry {
        let names = names.iter().map(|name| ("cn", *name));
        let classes = classes.iter().map(|class| (CLASS, *class));
        Entry::made_of(dn, &names.chain(classes).collect::<Vec<_>>())
    }

    const ALICE: &str = "uid=alice,ou=people,dc=x";

    #[test]
    fn a_group_is_walked_through_once_however_often_it_comes() {
        let wanted = wanted(&["never"]);
        let mut walk = Walk::new(&wanted, Dn::parse(ALICE));
        let one = group("cn=a,ou=groups,dc=x", &["a", "b"], &["groupOfNames"]);
        walk.note_all(&[one.clone(), one]);
        walk.note(&group("CN=A,ou=groups,dc=x", &[], &["groupOfNames"]));
        assert_eq!(walk.level.len(), 1);
        assert!(!walk.has_arrived);
    }

    #[test]
    fn no_entry_of_a_person_or_below_their_own_is_a_group() {
        let settings = LdapSettings {
            group_base: Dn::parse("dc=x"),
            allow_groups: ["admins", ALICE].map(|group| group.parse().unwrap()).into(),
            ..LdapSettings::default()
        };
        let wanted = Wanted::new(&settings);
        let arrives = |dn: &str, classes: &[&str]| {
            let mut walk = Walk::new(&wanted, Dn::parse(ALICE));
            walk.note(&group(dn, &["admins"], classes));
            assert!(
                walk.has_arrived || walk.level.is_empty(),
                "{dn} {classes:?}"
            );
            (walk.has_arrived, walk.unclear.is_some())
        };
        let elsewhere = "cn=admins,ou=groups,dc=x";
        assert_eq!(arrives(elsewhere, &["top", "groupOfNames"]), (true, false));
        assert_eq!(arrives(elsewhere, &["posixGroup", "group"]), (true, false));
        for person in ["inetOrgPerson", "posixaccount", "USER"] {
            let classes = ["groupOfNames", "posixGroup", person];
            assert_eq!(arrives(elsewhere, &classes), (false, false), "{person}");
        }
        for own in [ALICE, "cn=admins,UID=Alice,ou=people,dc=x"] {
            assert_eq!(arrives(own, &["groupOfNames"]), (false, false), "{own}");
        }
        assert_eq!(arrives(elsewhere, &[]), (false, true), "it may be a person");
    }

    #[test]
    fn a_number_of_ones_own_counts_only_where_that_is_said() {
        let mut person = Person::made_of(ALICE, "alice");
        person.user.gid = Some(27);
        assert!(!direct(&person, false).contains("gidNumber"));
        assert!(direct(&person, true).contains("(gidNumber=27)"));
    }
}
