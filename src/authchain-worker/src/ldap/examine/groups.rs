//! Examines the groups that people must be in, and who else could create such groups.

use authchain::config::settings::ldap::Scope;
use authchain::config::settings::ldap::dn::Dn;
use authchain::tools::journal::quoted;
use ldap3::{LdapResult, SearchResult};

use super::{Directory, Search, ServerExamination};
use crate::examination::{GROUP_OF_A_RULE, Remark};
use crate::ldap::codes::describe;
use crate::ldap::entry::Entry;
use crate::ldap::group_query::WantedGroup;
use crate::ldap::group_walk::{CLASS, is_person};
use crate::ldap::groups::{Groups, filter_of};
use crate::ldap::typed_name::Login;

/// The attributes that the client may write into an entry, and the classes it may add below it,
/// where a server tells: Active Directory (MS-ADTS 3.1.1.4.5.12, 3.1.1.4.5.14), and OpenLDAP with
/// its overlay `allowed`.
const EFFECTIVE: [&str; 2] = ["allowedAttributesEffective", "allowedChildClassesEffective"];

impl Directory {
    /// Examines the base of groups, and each wanted group.
    pub(super) async fn groups(
        &self,
        server: &mut ServerExamination<'_>,
        groups: &Groups,
        asked: &[WantedGroup],
    ) -> Option<()> {
        if groups.allowed.is_empty() && asked.is_empty() {
            return Some(());
        }
        let search = Search::entry("groups", groups.base.as_str(), &EFFECTIVE);
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let found = steps.step("groups", asking, |SearchResult(entries, result), _| {
            let base = entries.first().cloned().and_then(Entry::of);
            self.lenient(self.judge_group_base(&groups.base, base.as_ref(), result))
        });
        found.await?;
        for group in &groups.allowed {
            self.wanted_group(server, groups, "group", &group.clone().into())
                .await?;
        }
        for group in asked {
            self.wanted_group(server, groups, GROUP_OF_A_RULE, group)
                .await?;
        }
        Some(())
    }

    fn judge_group_base(&self, groups: &Dn, entry: Option<&Entry>, result: &LdapResult) -> Remark {
        let (base, who) = (groups.as_str(), self.who());
        let Some(entry) = entry else {
            return Remark::error(format!(
                "{base} cannot be read: {}; look at group_base and at what the server lets {who} read",
                describe(result)
            ));
        };
        let mut remark = Remark::fine(base);
        if is_writable(entry) {
            remark = remark.and(Remark::warning(format!(
                "{who} may write there, and who can do that can make groups: let it read only"
            )));
        }
        if self.has_people_below(groups) {
            remark = remark.and(Remark::warning(
                "people are below it too: whoever may add entries there makes groups of any name; \
                 set group_base to where only groups are",
            ));
        }
        remark
    }

    /// Returns whether people's entries lie below `group_base`, by the settings.
    fn has_people_below(&self, groups: &Dn) -> bool {
        let template = self.people.dn_of(&Login::plain("x"));
        let template = template.as_deref().and_then(Dn::parse);
        template
            .unwrap_or_else(|| self.people.base.clone())
            .is_under(groups)
    }

    /// Examines whether a wanted group exists, and counts as one.
    async fn wanted_group(
        &self,
        server: &mut ServerExamination<'_>,
        groups: &Groups,
        step: &'static str,
        group: &WantedGroup,
    ) -> Option<()> {
        let named = filter_of(group).unwrap_or_default();
        let filter = groups.filter.and(&named);
        let (base, scope) = match group.dn() {
            Some(dn) => (dn, Scope::Base),
            None => (&groups.base, Scope::Sub),
        };
        let search = Search {
            filter: &filter,
            scope,
            ..Search::entry(step, base.as_str(), &[CLASS])
        };
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let found = steps.step(step, asking, |SearchResult(entries, _), _| {
            let found = entries.first().cloned().and_then(Entry::of);
            self.lenient(self.judge_group(step, group, found.as_ref()))
        });
        found.await.map(|_| ())
    }

    fn judge_group(&self, step: &str, group: &WantedGroup, found: Option<&Entry>) -> Remark {
        let Some(found) = found else {
            let advice = match step {
                GROUP_OF_A_RULE => "the rules, group_base and group_filter",
                _ => "allow_groups, group_base and group_filter",
            };
            return Remark::warning(format!(
                "there is no group {group}, as far as {} may see; look at {advice}",
                self.who()
            ));
        };
        let dn = quoted(&found.dn);
        if found.texts(CLASS).next().is_none() {
            return Remark::error(format!("{} may not read {CLASS} of {dn}", self.who()));
        }
        match is_person(found) {
            true => Remark::warning(format!("{dn} is a person and counts as no group")),
            false => Remark::fine(dn),
        }
    }
}

/// Returns whether the client may change an entry, or add some below it, as far as the server
/// tells.
fn is_writable(entry: &Entry) -> bool {
    (EFFECTIVE.iter()).any(|name| entry.bytes(name).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_base_that_the_client_may_write_is_noticed() {
        let is = |attributes| is_writable(&Entry::made_of("ou=groups", attributes));
        assert!(!is(&[("ou", "groups")]));
        assert!(is(&[("ALLOWEDATTRIBUTESEFFECTIVE", "member")]));
        assert!(is(&[("allowedChildClassesEffective", "group")]));
    }
}
