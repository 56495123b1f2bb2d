//! Groups, and groups in groups.

use std::collections::BTreeSet;

use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::{LdapSettings, Scope};
use ldap3::ldap_escape;

use super::Prepared;
use super::entry::Entry;
use super::person::{MEMBER_OF, Person};
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

/// How many bytes of group names go into an answer.
const MAX_NAMES: usize = 8 * 1024;

const STEP: &str = "group search";

/// The groups of which a person must be in one.
pub(super) struct Wanted {
    names: Vec<String>,
    dns: Vec<Dn>,
    base: Option<Dn>,
}

impl Wanted {
    pub(super) fn new(settings: &LdapSettings) -> Self {
        let (dns, names): (Vec<_>, Vec<_>) =
            (settings.allow_groups.iter()).partition(|group| group.contains('='));
        Self {
            names: names.into_iter().map(|name| name.to_lowercase()).collect(),
            dns: dns.into_iter().filter_map(|dn| Dn::parse(dn)).collect(),
            base: Dn::parse(settings.group_base()),
        }
    }

    fn is_nothing(&self) -> bool {
        self.names.is_empty() && self.dns.is_empty()
    }

    /// Whether a group is one of these. A name only counts below the groups' base: elsewhere,
    /// others may create groups of any name.
    fn has(&self, dn: &Dn, name: Option<&str>) -> bool {
        let is_below = self.base.as_ref().is_some_and(|base| dn.is_under(base));
        let name = name.map(str::to_lowercase);
        let is_named = name.is_some_and(|name| self.names.contains(&name));
        self.dns.contains(dn) || (is_below && is_named)
    }
}

impl Prepared {
    /// The names of the groups the entry itself says it is in.
    pub(super) fn group_names(&self, entry: &Entry) -> Vec<String> {
        let mut room = MAX_NAMES;
        let dns = entry.texts(MEMBER_OF).filter_map(Dn::parse);
        let names = dns.filter_map(|dn| dn.first_value("cn").map(str::to_owned));
        let fits = |name: &String| match room.checked_sub(name.len()) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        };
        names.take_while(fits).collect()
    }

    /// Whether the person is in a wanted group, directly or through others.
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
        let mut walk = Walk::new(&self.wanted);
        for dn in person.entry.texts(MEMBER_OF) {
            walk.note(dn, None);
        }
        let mut filters = vec![direct(person)];
        for _ in 0..DEPTH {
            for filter in &filters {
                if walk.has_arrived {
                    return Ok(true);
                }
                walk.note_all(&self.search_groups(session, filter).await?);
            }
            if walk.has_arrived || walk.seen.len() > MAX_GROUPS {
                break;
            }
            let level = std::mem::take(&mut walk.level);
            filters = level.chunks(BATCH).map(members).collect();
            if filters.is_empty() {
                break;
            }
        }
        Ok(walk.has_arrived)
    }

    async fn search_groups(
        &self,
        session: &mut Session,
        filter: &str,
    ) -> Result<Vec<Entry>, Failure> {
        let search = Search {
            step: STEP,
            base: self.settings.group_base(),
            scope: Scope::Sub,
            filter,
            attributes: &["cn"],
            limit: LIMIT,
        };
        let hits = session.search(search).await?;
        if hits.is_missing {
            let base = self.settings.group_base();
            let text = format!("configuration error: group_base {base} does not exist");
            return Err(Failure::settings(STEP, text));
        }
        Ok(hits.entries)
    }
}

/// A walk up the groups.
struct Walk<'w> {
    wanted: &'w Wanted,
    seen: BTreeSet<Dn>,
    /// Those whose own groups have not been asked for.
    level: Vec<String>,
    has_arrived: bool,
}

impl<'w> Walk<'w> {
    fn new(wanted: &'w Wanted) -> Self {
        Self {
            wanted,
            seen: BTreeSet::new(),
            level: Vec::new(),
            has_arrived: false,
        }
    }

    fn note_all(&mut self, groups: &[Entry]) {
        for group in groups {
            let names: Vec<&str> = group.texts("cn").collect();
            for name in names {
                self.note(&group.dn, Some(name));
            }
            self.note(&group.dn, None);
        }
    }

    /// A group, and one of its names, or the one in its DN.
    fn note(&mut self, text: &str, name: Option<&str>) {
        let Some(dn) = Dn::parse(text).filter(|dn| !dn.is_empty()) else {
            return;
        };
        let own = dn.first_value("cn").map(str::to_owned);
        self.has_arrived |= self.wanted.has(&dn, name.or(own.as_deref()));
        if self.seen.insert(dn) {
            self.level.push(text.to_owned());
        }
    }
}

/// The groups a person is in: by DN, by name, and by number.
fn direct(person: &Person) -> String {
    let (dn, name) = (ldap_escape(&person.dn), ldap_escape(&person.user.name));
    let number = person.user.gid;
    let primary = number.map_or_else(String::new, |gid| format!("(gidNumber={gid})"));
    format!(
        "(|(member={dn})(uniqueMember={dn})(&(objectClass=posixGroup)(|(memberUid={name}){primary})))"
    )
}

/// The groups that have one of `groups` as a member.
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
            base: "dc=x".to_owned(),
            group_base: Some("ou=groups,dc=x".to_owned()),
            allow_groups: groups.iter().map(|group| (*group).to_owned()).collect(),
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

    #[test]
    fn a_group_is_walked_through_once_however_often_it_comes() {
        let wanted = wanted(&["never"]);
        let mut walk = Walk::new(&wanted);
        let group = Entry::made_of("cn=a,ou=groups,dc=x", &[("cn", "a"), ("cn", "b")]);
        walk.note_all(&[group.clone(), group]);
        walk.note("CN=A,ou=groups,dc=x", None);
        assert_eq!(walk.level.len(), 1);
        assert!(!walk.has_arrived);
    }
}
