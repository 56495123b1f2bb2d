//! The groups of a person, nested ones included.
//!
//! Only what others write about a person counts. Many directories let people write their own
//! entries, by which they could put themselves into groups: with `memberOf`, with the number of a
//! primary group, or with members that make their entry look like a group.

use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::filter::GroupFilter;
use authchain::config::settings::ldap::group::AllowedGroup;
use authchain::config::settings::ldap::{LdapSettings, Scope};
use authchain::words::number;
use ldap3::ldap_escape;

use super::entry::hidden;
use super::group_query::{AskedGroup, GroupQuery, WantedGroup};
use super::group_walk::{CLASS, NUMBER, Walk};
use super::membership::Membership;
use super::person::Person;
use super::session::{Search, Session};
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
    pub(super) membership: Membership,
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
    /// For rules, the first walk finds all groups that the person may be in. Only if a wanted one
    /// among them may be there for something that the person has written, a second walk leaves that
    /// out.
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
        let (own, doubts) = (Dn::parse(&person.dn), self.membership.doubts(person));
        if query.is_for_rules() && !doubts.is_empty() {
            query.note_possible(|wanted| match wanted {
                WantedGroup::Number(number) => doubts.number == Some(*number),
                _ => false,
            });
            let filter = self.membership.of_person_at_most(person);
            let walk = Walk::new(query, &self.base, own.clone()).with_doubts(doubts);
            self.climb(session, filter, walk).await?;
            if !query.is_unclear() {
                return Ok(());
            }
        }
        let filter = self.membership.of_person(person);
        let walk = Walk::new(query, &self.base, own);
        self.climb(session, filter, walk).await
    }

    /// Searches level by level from the groups that fit `filter` upwards. Each group is visited
    /// once, so that the walk also ends if groups are members of each other.
    async fn climb(
        &self,
        session: &mut Session,
        filter: String,
        mut walk: Walk<'_, '_>,
    ) -> Result<(), Failure> {
        let mut filters = vec![filter];
        for _ in 0..DEPTH {
            for filter in &filters {
                self.search_groups(session, filter, &mut walk).await?;
                if walk.query.is_done() {
                    return Ok(());
                }
            }
            let level = walk.next_level();
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
pub(super) fn filter_of(wanted: &WantedGroup) -> Option<String> {
    match wanted {
        WantedGroup::Name(name) => Some(format!("(cn={})", ldap_escape(name))),
        WantedGroup::Number(number) => Some(format!("({NUMBER}={number})")),
        WantedGroup::Dn(_) | WantedGroup::Sid(_) => None,
    }
}

/// Returns the failure to see all groups.
pub(super) fn unseen(why: &str) -> Failure {
    Failure::settings(STEP, format!("not all groups were seen: {why}"))
}

#[cfg(test)]
mod tests;
