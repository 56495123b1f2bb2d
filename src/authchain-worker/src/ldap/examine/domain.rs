//! Examines what only a domain of Active Directory has: its name, the state of accounts, the rules
//! for passwords, and its groups.

use authchain::tools::journal::quoted;
use ldap3::SearchResult;

use super::{Directory, Search, ServerExamination};
use crate::examination::{GROUP_OF_A_RULE, Remark};
use crate::ldap::active_directory::account;
use crate::ldap::active_directory::domain::Domain;
use crate::ldap::active_directory::groups::{SID, TOKEN, filter_of};
use crate::ldap::codes::describe;
use crate::ldap::entry::Entry;
use crate::ldap::group_query::WantedGroup;

/// The naming context of the domain (MS-ADTS 3.1.1.3.2.2).
const CONTEXT: &str = "defaultNamingContext";

const THRESHOLD: &str = "lockoutThreshold";
const DURATION: &str = "lockoutDuration";
const MAXIMUM_AGE: &str = "maxPwdAge";
const MINIMUM_LENGTH: &str = "minPwdLength";

/// The most accounts that are looked at.
const SAMPLE: i32 = 10;

/// The number of accounts whose groups are tried.
const TRIED: usize = 3;

const TICKS_A_MINUTE: i64 = 60 * 10_000_000;
const TICKS_A_DAY: i64 = 24 * 60 * TICKS_A_MINUTE;

impl Directory {
    /// Examines whether the server is a controller of this domain.
    pub(super) async fn membership(
        &self,
        server: &mut ServerExamination<'_>,
        domain: &Domain,
    ) -> Option<()> {
        let search = Search::entry("domain", "", &[CONTEXT]);
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let mut is_ours = false;
        let found = steps.step("domain", asking, |found, _| {
            let root = entries(found).into_iter().next().unwrap_or_default();
            let context = root.text(CONTEXT).unwrap_or_default();
            is_ours = context.eq_ignore_ascii_case(domain.root.as_str());
            match is_ours {
                true => Remark::fine(context),
                false => Remark::error(format!(
                    "a domain controller of {}, not of {}; look at domain and servers",
                    quoted(context),
                    domain.root.as_str()
                )),
            }
        });
        found.await.filter(|_| is_ours).map(|_| ())
    }

    /// Examines accounts, passwords and groups.
    pub(super) async fn domain(
        &self,
        server: &mut ServerExamination<'_>,
        domain: &Domain,
        asked: &[WantedGroup],
    ) -> Option<()> {
        let accounts = self.accounts(server).await?;
        self.password_policy(server, domain).await?;
        for filter in domain.groups.filters() {
            self.wanted(server, domain, "group", &filter).await?;
        }
        for filter in asked.iter().filter_map(filter_of) {
            self.wanted(server, domain, GROUP_OF_A_RULE, &filter)
                .await?;
        }
        let is_about_groups = !(domain.groups.is_empty() && asked.is_empty());
        if accounts.is_empty() || !is_about_groups {
            return Some(());
        }
        self.token(server, &accounts).await
    }

    /// Examines whether accounts show their state; returns the names of some.
    async fn accounts(&self, server: &mut ServerExamination<'_>) -> Option<Vec<String>> {
        let filter = self.people.filter.fill("*");
        let attributes = [&[SID, account::BESIDE_HOURS][..], account::ATTRIBUTES].concat();
        let search = Search {
            step: "accounts",
            limit: SAMPLE,
            ..self.search_for_people(&filter, None, &attributes)
        };
        server.session.limit_to_first_page(SAMPLE);
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let found = steps.step("accounts", asking, |found, _| {
            self.judge_accounts(&entries(found), &describe(&found.1))
        });
        let found = entries(&found.await?);
        Some(found.into_iter().map(|entry| entry.dn).collect())
    }

    fn judge_accounts(&self, found: &[Entry], result: &str) -> Remark {
        let who = self.who();
        if found.is_empty() {
            return Remark::error(format!("{who} sees nobody below base: {result}"));
        }
        let hidden = hidden(found);
        match (hidden.is_empty(), shows_hours(found)) {
            (true, true) => Remark::fine(format!(
                "{} looked at; their state can be read",
                found.len()
            )),
            (true, false) => Remark::warning(format!(
                "{who} may not see logon hours and workstations; let it read Logon Information"
            )),
            (false, _) => Remark::error(format!(
                "{who} may not read {}; let it read Account Restrictions",
                hidden.join(", ")
            )),
        }
    }

    /// Examines the password policy of the domain.
    async fn password_policy(
        &self,
        server: &mut ServerExamination<'_>,
        domain: &Domain,
    ) -> Option<()> {
        let attributes = [THRESHOLD, DURATION, MAXIMUM_AGE, MINIMUM_LENGTH];
        let search = Search::entry("passwords", domain.root.as_str(), &attributes);
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let found = steps.step("passwords", asking, |found, _| {
            match entries(found).first() {
                Some(root) => Remark::fine(policy(root)),
                None => Remark::note(format!("the policy cannot be read: {}", describe(&found.1))),
            }
        });
        found.await.map(|_| ())
    }

    /// Examines whether a wanted group exists.
    async fn wanted(
        &self,
        server: &mut ServerExamination<'_>,
        domain: &Domain,
        step: &'static str,
        filter: &str,
    ) -> Option<()> {
        let whole = format!("(&(objectCategory=group){filter})");
        let advice = match step {
            GROUP_OF_A_RULE => "the rules",
            _ => "allow_groups",
        };
        let search = Search {
            step,
            filter: &whole,
            limit: 1,
            ..domain.groups.search_for_groups(&[SID])
        };
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let found = steps.step(step, asking, |found, _| match entries(found).first() {
            Some(group) => Remark::fine(quoted(&group.dn)),
            None => Remark::warning(format!("there is no group {filter}; look at {advice}")),
        });
        found.await.map(|_| ())
    }

    /// Examines whether the groups of people can be read: those of one of the first accounts, as a
    /// domain may hide those of some.
    async fn token(&self, server: &mut ServerExamination<'_>, accounts: &[String]) -> Option<()> {
        let steps = server.steps;
        let asking = async {
            for account_dn in accounts.iter().take(TRIED) {
                let search = Search::entry("groups", account_dn, &[TOKEN]);
                let found = server.ask(self, &search).await?;
                if entries(&found)
                    .iter()
                    .any(|entry| entry.bytes(TOKEN).next().is_some())
                {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let found = steps.step("groups", asking, |is_shown, _| match is_shown {
            true => Remark::fine("what groups people are in can be read"),
            false => Remark::error(format!(
                "{} may not read {TOKEN}; put it into Windows Authorization Access Group",
                self.who()
            )),
        });
        found.await.map(|_| ())
    }
}

/// Returns the attributes that every account has, but that at least one of these entries does not
/// show.
fn hidden(found: &[Entry]) -> Vec<&str> {
    let needed = [SID].into_iter().chain(account::NEEDED.iter().copied());
    needed
        .filter(|name| found.iter().any(|entry| !has(entry, name)))
        .collect()
}

/// Returns whether logon hours would be shown if there were any.
fn shows_hours(found: &[Entry]) -> bool {
    found.iter().any(|entry| has(entry, account::BESIDE_HOURS))
}

fn has(entry: &Entry, name: &str) -> bool {
    entry.bytes(name).next().is_some()
}

fn entries(SearchResult(entries, _): &SearchResult) -> Vec<Entry> {
    let entries = entries.iter().cloned();
    entries.filter_map(Entry::of).collect()
}

/// Returns the policy in words. Durations are negative numbers of tenths of microseconds; zero and
/// the smallest number mean "for ever" (MS-ADTS 2.3.12).
fn policy(root: &Entry) -> String {
    let ticks = |name: &str| {
        let ticks: i64 = root.number(name).unwrap_or_default();
        Some(ticks.saturating_neg()).filter(|ticks| (1..i64::MAX).contains(ticks))
    };
    let length: u32 = root.number(MINIMUM_LENGTH).unwrap_or_default();
    let age = match ticks(MAXIMUM_AGE).and_then(|ticks| ticks.checked_div(TICKS_A_DAY)) {
        Some(days) => format!("end after {days} days"),
        None => "never end".to_owned(),
    };
    let lockout = match root.number::<u32>(THRESHOLD).unwrap_or_default() {
        0 => "wrong ones lock nobody out".to_owned(),
        count => match ticks(DURATION).and_then(|ticks| ticks.checked_div(TICKS_A_MINUTE)) {
            Some(minutes) => format!("{count} wrong ones lock an account for {minutes} minutes"),
            None => format!("{count} wrong ones lock an account until somebody unlocks it"),
        },
    };
    format!(
        "have {length} characters or more and {age}; {lockout}; policies for single groups may differ"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_attributes_are_named_and_hidden_hours_are_noticed() {
        let flags = account::NEEDED.iter().map(|name| (*name, "0"));
        let all: Vec<_> = flags
            .chain([(SID, "S"), (account::BESIDE_HOURS, "7")])
            .collect();
        let whole = Entry::made_of("CN=a", &all);
        let bare = Entry::made_of("CN=b", &all[1..all.len() - 1]);
        let both = [whole, bare];
        assert_eq!(hidden(&both[..1]), [""; 0]);
        assert_eq!(hidden(&both), account::NEEDED[..1]);
        assert!(shows_hours(&both));
        assert!(!shows_hours(&both[1..]));
    }

    #[test]
    fn a_policy_is_told_in_the_units_people_think_in() {
        let told = |attributes: &[(&str, &str)]| policy(&Entry::made_of("DC=x", attributes));
        let usual = [
            (MINIMUM_LENGTH, "7"),
            (MAXIMUM_AGE, "-36288000000000"),
            (THRESHOLD, "5"),
            (DURATION, "-18000000000"),
        ];
        let text = told(&usual);
        assert!(
            text.contains("7 characters or more and end after 42 days"),
            "{text}"
        );
        assert!(
            text.contains("5 wrong ones lock an account for 30 minutes"),
            "{text}"
        );
        let for_ever = [
            (MAXIMUM_AGE, "-9223372036854775808"),
            (THRESHOLD, "5"),
            (DURATION, "0"),
        ];
        let text = told(&for_ever);
        assert!(text.contains("never end"), "{text}");
        assert!(text.contains("until somebody unlocks it"), "{text}");
        assert!(told(&[]).contains("lock nobody out"));
    }
}
