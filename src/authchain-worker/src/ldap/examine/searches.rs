//! The base, a name nobody has, and people.

use std::time::Duration;

use authchain::config::settings::ldap::attribute::AttributeName;
use ldap3::{LdapResult, SearchResult, ldap_escape};

use super::root::Root;
use super::{Directory, Look, Search, entry};
use crate::examination::Remark;
use crate::ldap::codes::{self, describe};
use crate::ldap::entry::Entry;
use crate::ldap::person::Login;

/// How much longer than the reading of one entry a search may take. On loopback, a search through
/// 100 000 entries takes 60 to 100 ms without an index, and less than one with it.
const SLOW: Duration = Duration::from_millis(50);

/// How many people are looked at.
const SAMPLE: i32 = 10;

impl Directory {
    /// Examines the base; returns how long it takes to read what needs no search.
    pub(super) async fn base(&self, look: &mut Look<'_>, root: &Root) -> Option<Duration> {
        let search = entry("base", self.people.base.as_str(), &["1.1"]);
        let (told, asking) = (look.told, look.ask(self, &search));
        let mut usual = Duration::ZERO;
        let found = told.step("base", asking, |found, took| {
            usual = took;
            self.excused(self.judge_base(found, root))
        });
        found.await.map(|_| usual)
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

    /// Examines the search a login begins with, for `name`, which nobody has.
    pub(super) async fn nobody(
        &self,
        look: &mut Look<'_>,
        name: &str,
        usual: Duration,
    ) -> Option<()> {
        let filter = self.people.filter.fill(&ldap_escape(name));
        let template = self.people.dn_of(&Login::plain(name));
        let search = Search {
            step: "search",
            limit: 2,
            ..self.search_for_people(&filter, template.as_deref(), &["1.1"])
        };
        let (told, asking) = (look.told, look.ask(self, &search));
        let found = told.step("search", asking, |found, took| {
            self.excused(judge_search(name, found, took, usual))
        });
        found.await.map(|_| ())
    }

    /// Examines whether people's entries show what a login needs of them.
    pub(super) async fn people(&self, look: &mut Look<'_>) -> Option<()> {
        let filter = self.people.filter.fill("*");
        let attributes = self.named_attributes();
        let search = Search {
            step: "people",
            limit: SAMPLE,
            ..self.search_for_people(&filter, None, &attributes)
        };
        // Samba knows no other limit, and is asked as a plain directory by some.
        look.session.turn_one_page(SAMPLE);
        let (told, asking) = (look.told, look.ask(self, &search));
        let found = told.step("people", asking, |SearchResult(entries, result), _| {
            let entries = entries.iter().cloned().filter_map(Entry::of);
            self.excused(self.judge_people(&entries.collect::<Vec<_>>(), result))
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
        let seen = format!("{} looked at", count(entries.len(), "person", "people"));
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

    /// Makes a fault a note where people log in themselves: what strangers do not see is none
    /// there.
    pub(super) fn excused(&self, remark: Remark) -> Remark {
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
        let one = template.map(|dn| entry("search", dn, attributes));
        Search {
            filter,
            ..one.unwrap_or(Search {
                step: "search",
                base: self.people.base.as_str(),
                scope: self.people.scope,
                filter,
                attributes,
                limit: SAMPLE,
            })
        }
    }

    /// Returns those attributes that the settings name.
    fn named_attributes(&self) -> [&str; 5] {
        let called = &self.people.attributes;
        let named = [
            &called.name,
            &called.uid,
            &called.gid,
            &called.home,
            &called.shell,
        ];
        named.map(AttributeName::as_str)
    }
}

/// Judges a search for somebody who is not there, and how long it took where reading one entry took
/// `usual`.
fn judge_search(
    name: &str,
    SearchResult(entries, result): &SearchResult,
    took: Duration,
    usual: Duration,
) -> Remark {
    match result.rc {
        codes::SUCCESS if !entries.is_empty() => Remark::note(format!("somebody is called {name}")),
        codes::SUCCESS | codes::NO_SUCH_OBJECT => pace(took, usual),
        codes::TIME_LIMIT | codes::SIZE_LIMIT | codes::ADMIN_LIMIT | codes::UNWILLING => {
            Remark::error(format!(
                "the server gives up: {}; the attributes in user_filter are unindexed: give them an \
                 index for equality",
                describe(result)
            ))
        }
        _ => Remark::error(format!("{}; look at user_filter", describe(result))),
    }
}

fn pace(took: Duration, usual: Duration) -> Remark {
    if took > usual.saturating_add(SLOW) {
        return Remark::warning(format!(
            "slow: more than {} ms longer than reading one entry; are the attributes in \
             user_filter unindexed?",
            SLOW.as_millis()
        ));
    }
    Remark::fine("nobody has a name that nobody has")
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
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
            judge_search("x", &result(rc), took, usual).severity
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
