//! Examines the base, a search for a name that nobody has, and the entries of people.

use std::time::Duration;

use ldap3::{LdapResult, SearchResult, ldap_escape};

use super::root::Root;
use super::{Directory, Search, ServerExamination};
use crate::examination::Remark;
use crate::ldap::codes::{self, describe};
use crate::ldap::entry::Entry;
use crate::ldap::typed_name::Login;

/// The time that a search may take longer than reading one entry. On loopback, a search through
/// 100,000 entries takes 60 to 100 ms without an index, and less than one with it.
const SLOW: Duration = Duration::from_millis(50);

/// The most people that are looked at.
const SAMPLE: i32 = 10;

impl Directory {
    /// Examines the base; returns the time that it takes to read one entry.
    pub(super) async fn base(
        &self,
        server: &mut ServerExamination<'_>,
        root: &Root,
    ) -> Option<Duration> {
        let search = Search::entry("base", self.people.base.as_str(), &["1.1"]);
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let mut reading = Duration::ZERO;
        let found = steps.step("base", asking, |found, took| {
            reading = took;
            self.lenient(self.judge_base(found, root))
        });
        found.await.map(|_| reading)
    }

    fn judge_base(&self, SearchResult(entries, result): &SearchResult, root: &Root) -> Remark {
        let (base, who) = (self.people.base.as_str(), self.who());
        match (result.rc, entries.len()) {
            (codes::SUCCESS, 1..) => Remark::fine(base),
            (codes::SUCCESS, 0) => Remark::warning(format!(
                "{base} is there, but no permission: {who} may not read it; \
                 look at the server's access rules"
            )),
            (codes::NO_SUCH_OBJECT, _) => Remark::error(format!(
                "{base} does not exist, or {who} may not know that it does; {}; look at base",
                root.contexts()
            )),
            (codes::INSUFFICIENT_ACCESS, _) => Remark::error(format!(
                "no permission: {who} may not read {base}: {}; look at the server's access rules",
                describe(result)
            )),
            (codes::REFERRAL, _) => Remark::error(format!(
                "{base} is on another server, and referrals are not followed; \
                 look at base and uris"
            )),
            _ => Remark::error(format!("{base}: {}; look at base", describe(result))),
        }
    }

    /// Examines the search that a login begins with, for `name`, which nobody has.
    pub(super) async fn unknown_name(
        &self,
        server: &mut ServerExamination<'_>,
        name: &str,
        reading: Duration,
    ) -> Option<()> {
        let filter = self.people.filter.fill(&ldap_escape(name));
        let template = self.people.dn_of(&Login::plain(name));
        let search = Search {
            step: "search",
            limit: 2,
            ..self.search_for_people(&filter, template.as_deref(), &["1.1"])
        };
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let found = steps.step("search", asking, |found, took| {
            self.lenient(judge_search("user_filter", name, found, took, reading))
        });
        found.await?;
        self.unknown_alias(server, name, reading).await
    }

    /// Examines the search for an alias that nobody has, where there are aliases.
    async fn unknown_alias(
        &self,
        server: &mut ServerExamination<'_>,
        name: &str,
        reading: Duration,
    ) -> Option<()> {
        let address = format!("{name}@example.invalid");
        let filters = [name, &address].map(|alias| self.people.alias_filter(alias));
        for filter in filters.iter().flatten() {
            let search = Search {
                step: "alias",
                limit: 2,
                ..self.search_for_people(filter, None, &["1.1"])
            };
            let (steps, asking) = (server.steps, server.ask(self, &search));
            let found = steps.step("alias", asking, |found, took| {
                judge_search("aliases", filter, found, took, reading)
            });
            found.await?;
        }
        Some(())
    }

    /// Examines whether people's entries show the attributes that a login needs.
    pub(super) async fn people(&self, server: &mut ServerExamination<'_>) -> Option<()> {
        let filter = self.people.filter.fill("*");
        let attributes = self.named_attributes();
        let search = Search {
            step: "people",
            limit: SAMPLE,
            ..self.search_for_people(&filter, None, &attributes)
        };
        // Samba ignores the size limit, and may be configured as a generic directory.
        server.session.limit_to_first_page(SAMPLE);
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let found = steps.step("people", asking, |SearchResult(entries, result), _| {
            let entries = entries.iter().cloned().filter_map(Entry::of);
            self.lenient(self.judge_people(&entries.collect::<Vec<_>>(), result))
        });
        found.await.map(|_| ())
    }

    fn judge_people(&self, entries: &[Entry], result: &LdapResult) -> Remark {
        let who = self.who();
        let is_answer = matches!(result.rc, codes::SUCCESS | codes::SIZE_LIMIT);
        if !is_answer {
            return Remark::note(format!("nobody could be looked at: {}", describe(result)));
        }
        if entries.is_empty() {
            return Remark::error(format!(
                "nobody fits user_filter below base as far as {who} may see; look at user_filter, \
                 and at what the server lets {who} read"
            ));
        }
        let is_missing = |name: &&&str| !entries.iter().any(|entry| entry.text(name).is_some());
        let attributes = self.named_attributes();
        let missing: Vec<&str> = attributes.iter().filter(is_missing).copied().collect();
        let people = if entries.len() == 1 {
            "person"
        } else {
            "people"
        };
        let seen = format!("{} {people} looked at", entries.len());
        if missing.contains(&self.people.attributes.name.as_str()) {
            let name = self.people.attributes.name.as_str();
            return Remark::error(format!(
                "{seen}, and none shows {name}, the login name: {who} may not read it, or \
                 user_attr is another attribute"
            ));
        }
        if missing.is_empty() {
            return Remark::fine(format!("{seen}; everything that is needed can be read"));
        }
        Remark::warning(format!(
            "{seen}, and none shows {}: {who} may not read that, or it is called otherwise here \
             (the keys that end in _attr)",
            missing.join(", ")
        ))
    }

    /// Lowers a fault to a note where people bind as themselves: an anonymous client need not see
    /// what a login will see.
    pub(super) fn lenient(&self, remark: Remark) -> Remark {
        match self.connector.binds_as_the_person() {
            true => Remark {
                severity: remark
                    .severity
                    .min(authchain::backends::protocol::Severity::Note),
                ..remark
            },
            false => remark,
        }
    }

    pub(super) fn search_for_people<'a>(
        &'a self,
        filter: &'a str,
        template: Option<&'a str>,
        attributes: &'a [&'a str],
    ) -> Search<'a> {
        let one = template.map(|dn| Search::entry("search", dn, attributes));
        Search {
            filter,
            ..one.unwrap_or(Search {
                step: "search",
                base: self.people.base.as_str(),
                scope: self.people.scope,
                filter,
                attributes,
                limit: SAMPLE,
                setting: None,
            })
        }
    }

    /// Returns the attributes that the settings name and a login needs.
    fn named_attributes(&self) -> Vec<&str> {
        let mut needed = self.people.attributes.names();
        needed.pop();
        needed
    }
}

/// Judges a search for a name that nobody has. It is slow if it took much longer than `reading` one
/// entry. `key` is the setting that names the attributes.
fn judge_search(
    key: &str,
    name: &str,
    SearchResult(entries, result): &SearchResult,
    took: Duration,
    reading: Duration,
) -> Remark {
    match result.rc {
        codes::SUCCESS if !entries.is_empty() => Remark::note(format!("somebody is called {name}")),
        codes::SUCCESS | codes::NO_SUCH_OBJECT if took > reading.saturating_add(SLOW) => {
            Remark::warning(format!(
                "slow: more than {} ms longer than reading one entry; are the attributes in {key} \
                 unindexed?",
                SLOW.as_millis()
            ))
        }
        codes::SUCCESS | codes::NO_SUCH_OBJECT => Remark::fine("nobody has a name that nobody has"),
        codes::TIME_LIMIT | codes::SIZE_LIMIT | codes::ADMIN_LIMIT | codes::UNWILLING => {
            Remark::error(format!(
                "the server gives up: {}; the attributes in {key} are unindexed: give them an index \
                 for equality",
                describe(result)
            ))
        }
        _ => Remark::error(format!("{}; look at {key}", describe(result))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::backends::protocol::Severity;

    fn result(rc: u32) -> SearchResult {
        let result = LdapResult {
            rc,
            matched: String::new(),
            text: String::new(),
            refs: Vec::new(),
            ctrls: Vec::new(),
        };
        SearchResult(Vec::new(), result)
    }

    #[test]
    fn a_search_is_slow_in_comparison_with_reading_one_entry() {
        let judged = |rc, took, usual| {
            let [took, usual] = [took, usual].map(Duration::from_millis);
            judge_search("user_filter", "x", &result(rc), took, usual).severity
        };
        assert_eq!(judged(0, 1, 1), Severity::Fine);
        assert_eq!(judged(32, 50, 1), Severity::Fine);
        assert_eq!(judged(0, 52, 1), Severity::Warning);
        assert_eq!(judged(0, 240, 200), Severity::Fine, "it is far away");
        for gives_up in [3, 4, 11, 53] {
            assert_eq!(judged(gives_up, 1, 1), Severity::Error);
        }
    }
}
