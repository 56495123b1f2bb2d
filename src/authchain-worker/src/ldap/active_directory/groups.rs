//! The groups of a person, nested ones and the primary one included.
//!
//! A domain controller works out all of them itself, in one answer (`tokenGroups`, MS-ADTS
//! 3.1.1.4.5.19), however many they are and even if they are members of each other. They come as
//! security identifiers; so the few wanted groups are turned into identifiers, instead of the many
//! into names.

use std::collections::BTreeSet;

use authchain::config::settings::active_directory::group::DomainGroup;
use authchain::config::settings::active_directory::sid::Sid;
use authchain::config::settings::ldap::Scope;
use authchain::config::settings::ldap::dn::Dn;
use authchain::tools::journal::quoted;
use authchain::words::number;
use ldap3::ldap_escape;

use super::super::entry::{Entry, hidden};
use super::super::group_query::{AskedGroup, GroupQuery, WantedGroup};
use super::super::groups::unseen;
use super::super::session::{Search, Session};
use crate::net::failure::Failure;

/// All groups of an account. In the root DSE: those of the account that is logged in, and that
/// account's own identifier.
pub(in crate::ldap) const TOKEN: &str = "tokenGroups";
/// The security identifier of an account or a group.
pub(in crate::ldap) const SID: &str = "objectSid";

const STEP: &str = "group search";

/// The most groups that are looked for in one search.
const BATCH: usize = 32;

/// The most groups that one search may return: only numbers may be those of several groups.
const LIMIT: i32 = 1000;

/// The attributes by which groups are wanted.
const NAME: &str = "sAMAccountName";
const NUMBER: &str = "gidNumber";

/// The groups of a domain.
pub(in crate::ldap) struct DomainGroups {
    /// The root entry of the domain: groups may be anywhere below it.
    root: Dn,
    /// `allow_groups`.
    allowed: Vec<WantedGroup>,
}

/// The security identifiers of the groups of an account, and perhaps of the account itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ldap) struct Token(BTreeSet<Sid>);

impl DomainGroups {
    pub(super) fn new(root: &Dn, allowed: &[DomainGroup]) -> Self {
        Self {
            root: root.clone(),
            allowed: allowed.iter().cloned().map(WantedGroup::from).collect(),
        }
    }

    /// Returns whether people need not be in any group.
    pub(in crate::ldap) fn is_empty(&self) -> bool {
        self.allowed.is_empty()
    }

    /// Returns the filter of each allowed group that is not given by its identifier.
    pub(in crate::ldap) fn filters(&self) -> impl Iterator<Item = String> {
        self.allowed.iter().filter_map(filter_of)
    }

    /// Returns the query for a person's groups.
    pub(in crate::ldap) fn query<'q>(&'q self, asked: &'q [AskedGroup]) -> GroupQuery<'q> {
        GroupQuery::new(&self.allowed, asked)
    }

    /// Returns a search for groups anywhere in the domain.
    pub(in crate::ldap) fn search_for_groups<'a>(
        &'a self,
        attributes: &'a [&'a str],
    ) -> Search<'a> {
        Search {
            step: STEP,
            base: self.root.as_str(),
            scope: Scope::Sub,
            filter: "(objectCategory=group)",
            attributes,
            limit: 1,
            setting: None,
        }
    }

    /// Finds out in which of the wanted groups an account is. `known` is its token, if it has been
    /// read already. Returns whether all allowed groups exist, as far as they were looked for.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub(in crate::ldap) async fn look_up(
        &self,
        session: &mut Session,
        dn: &str,
        known: Option<&Token>,
        query: &mut GroupQuery<'_>,
    ) -> Result<bool, Failure> {
        if query.is_done() {
            return Ok(true);
        }
        let asked;
        let Token(sids) = match known {
            Some(token) => token,
            None => {
                asked = token(session, dn).await?;
                &asked
            }
        };
        query.note(|wanted| matches!(wanted, WantedGroup::Sid(sid) if sids.contains(sid)));
        let wanted = query.wanted().filter(|wanted| filter_of(wanted).is_some());
        let wanted: Vec<&WantedGroup> = wanted.collect();
        let mut all_exist = true;
        for wanted in wanted.chunks(BATCH) {
            if query.is_done() {
                break;
            }
            let groups = self.search_groups(session, wanted).await?;
            let own: Vec<&Entry> = (groups.iter())
                .filter(|group| sid_of(group).is_some_and(|sid| sids.contains(&sid)))
                .collect();
            query.note(|wanted| own.iter().any(|group| is_it(wanted, group)));
            let exists = |wanted: &WantedGroup| groups.iter().any(|group| is_it(wanted, group));
            all_exist &=
                (wanted.iter()).all(|wanted| !self.allowed.contains(wanted) || exists(wanted));
        }
        Ok(all_exist)
    }

    /// Returns the entries of the wanted groups.
    ///
    /// # Errors
    /// When not all can be read, or the server finds one by rules of its own, such as without
    /// regard to accents: it is not clear then which of the wanted groups it is.
    async fn search_groups(
        &self,
        session: &mut Session,
        wanted: &[&WantedGroup],
    ) -> Result<Vec<Entry>, Failure> {
        let filters = wanted.iter().copied().filter_map(filter_of);
        let filter = format!(
            "(&(objectCategory=group)(|{}))",
            filters.collect::<String>()
        );
        let search = Search {
            filter: &filter,
            limit: LIMIT,
            ..self.search_for_groups(&[SID, NAME, NUMBER])
        };
        let hits = session.search(search).await?;
        if let Some(why) = hits.gap().filter(|_| hits.cut.is_some()) {
            return Err(unseen(&why));
        }
        let is_wanted = |group: &Entry| wanted.iter().any(|wanted| is_it(wanted, group));
        for group in &hits.entries {
            if sid_of(group).is_none() {
                return Err(hidden(STEP, &group.dn, SID));
            }
            if !is_wanted(group) {
                let dn = quoted(&group.dn);
                let text = format!("the server gives {dn}, which is called otherwise");
                return Err(Failure::settings(STEP, text));
            }
        }
        Ok(hits.entries)
    }
}

/// Returns the group that a rule asks about: a decimal number is a `gidNumber`.
///
/// # Errors
/// When it is no group.
pub(in crate::ldap) fn wanted(text: &str) -> Result<WantedGroup, String> {
    match number(text.as_bytes()) {
        Some(number) => Ok(WantedGroup::Number(number)),
        None => Ok(text.parse::<DomainGroup>()?.into()),
    }
}

/// Returns the filter that finds a wanted group; `None` where it is given by its identifier.
pub(in crate::ldap) fn filter_of(wanted: &WantedGroup) -> Option<String> {
    let (attribute, value) = match wanted {
        // A sAMAccountName is unique in its domain; a `cn` is only unique in its container.
        WantedGroup::Name(name) => (NAME, ldap_escape(name.as_str())),
        WantedGroup::Dn(dn) => ("distinguishedName", ldap_escape(dn.as_str())),
        WantedGroup::Number(number) => (NUMBER, number.to_string().into()),
        WantedGroup::Sid(_) => return None,
    };
    Some(format!("({attribute}={value})"))
}

/// Returns whether a group is the wanted one.
fn is_it(wanted: &WantedGroup, group: &Entry) -> bool {
    match wanted {
        WantedGroup::Name(name) => {
            (group.text(NAME)).is_some_and(|found| found.to_lowercase() == name.to_lowercase())
        }
        WantedGroup::Dn(dn) => Dn::parse(&group.dn).is_some_and(|found| found == *dn),
        WantedGroup::Number(number) => group.number(NUMBER) == Some(*number),
        WantedGroup::Sid(sid) => sid_of(group).is_some_and(|found| found == *sid),
    }
}

fn sid_of(entry: &Entry) -> Option<Sid> {
    entry.bytes(SID).next().and_then(Sid::of_bytes)
}

impl Token {
    /// Reads an entry's token. Every account has a primary group: an empty token is a hidden one.
    fn of(entry: &Entry) -> Option<Self> {
        let sids: Option<BTreeSet<Sid>> = entry.bytes(TOKEN).map(Sid::of_bytes).collect();
        sids.filter(|sids| !sids.is_empty()).map(Self)
    }

    /// Returns whether the token is that of the account with this entry.
    pub(in crate::ldap) fn is_of(&self, entry: &Entry) -> bool {
        sid_of(entry).is_some_and(|sid| self.0.contains(&sid))
    }
}

/// Returns the token of the account that is logged in on this connection (MS-ADTS 3.1.1.3.2.24).
///
/// # Errors
/// When it cannot be read.
pub(in crate::ldap) async fn own_token(session: &mut Session) -> Result<Token, Failure> {
    token(session, "").await
}

/// Reads the token of the entry `dn`. An empty `dn` means the account that is logged in.
async fn token(session: &mut Session, dn: &str) -> Result<Token, Failure> {
    let hits = session.search(Search::entry(STEP, dn, &[TOKEN])).await?;
    let entry = hits.entries.first();
    if entry.is_some_and(|entry| entry.is_cut(TOKEN)) {
        return Err(unseen("the server gives only a part of tokenGroups"));
    }
    let token = entry.and_then(Token::of);
    token.ok_or_else(|| hidden(STEP, dn, TOKEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sid(text: &str) -> Vec<u8> {
        let parts: Vec<u32> = text
            .split('-')
            .skip(3)
            .map(|part| part.parse().unwrap())
            .collect();
        let parts: Vec<u8> = parts.iter().flat_map(|part| part.to_le_bytes()).collect();
        let count = u8::try_from(parts.len() / 4).unwrap();
        [&[1, count, 0, 0, 0, 0, 0, 5], &parts[..]].concat()
    }

    #[test]
    fn groups_are_wanted_by_identifier_by_name_and_by_dn() {
        let groups = ["S-1-5-32-544", "St(aff)", "cn=a*b,dc=x"];
        let groups = groups.map(|group| group.parse().unwrap());
        let wanted = DomainGroups::new(&Dn::default(), &groups);
        assert_eq!(
            wanted.filters().collect::<Vec<_>>(),
            [
                "(sAMAccountName=St\\28aff\\29)",
                "(distinguishedName=cn=a\\2ab,dc=x)"
            ]
        );
        assert!("S-1-5-4294967296".parse::<DomainGroup>().is_err());
        assert!(DomainGroups::new(&Dn::default(), &[]).is_empty());
    }

    #[test]
    fn a_token_is_somebodys_whose_identifier_it_holds() {
        let mut token = Entry::made_of("", &[]);
        let mut alice = Entry::made_of("CN=alice", &[]);
        assert_eq!(Token::of(&token), None, "nobody is in no group");
        token.add(TOKEN, &sid("S-1-5-21-7-513"));
        assert!(!Token::of(&token).unwrap().is_of(&alice));
        alice.add(SID, &sid("S-1-5-21-7-1104"));
        token.add(TOKEN, &sid("S-1-5-21-7-1104"));
        assert!(Token::of(&token).unwrap().is_of(&alice));
        let mut bob = Entry::made_of("CN=bob", &[]);
        bob.add(SID, &sid("S-1-5-21-7-1105"));
        assert!(!Token::of(&token).unwrap().is_of(&bob));
        token.add(TOKEN, b"garbage");
        assert_eq!(Token::of(&token), None);
        assert!(!token.is_cut(TOKEN));
        token.add("tokenGroups;range=0-1499", &sid("S-1-5-21-7-513"));
        assert!(token.is_cut(TOKEN));
    }
}
