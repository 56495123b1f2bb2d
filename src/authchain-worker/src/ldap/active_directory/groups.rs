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
use ldap3::ldap_escape;

use super::super::entry::{Entry, hidden};
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

/// The groups of which a person must be in one.
pub(in crate::ldap) struct DomainGroups {
    /// The root entry of the domain: groups may be anywhere below it.
    root: Dn,
    sids: BTreeSet<Sid>,
    /// The filters of the groups that are given by name or DN.
    filters: Vec<String>,
}

/// The security identifiers of the groups of an account, and perhaps of the account itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ldap) struct Token(BTreeSet<Sid>);

impl DomainGroups {
    /// Sorts the groups of the settings: given by identifier, by name, or by DN.
    pub(super) fn new(root: &Dn, groups: &[DomainGroup]) -> Self {
        let mut wanted = Self {
            root: root.clone(),
            sids: BTreeSet::new(),
            filters: Vec::new(),
        };
        for group in groups {
            match group {
                DomainGroup::Sid { sid, .. } => _ = wanted.sids.insert(sid.clone()),
                // A sAMAccountName is unique in its domain; a `cn` is only unique in its container.
                DomainGroup::Name(name) => wanted.filters.push(filter("sAMAccountName", name)),
                DomainGroup::Dn(dn) => {
                    wanted
                        .filters
                        .push(filter("distinguishedName", dn.as_str()));
                }
            }
        }
        wanted
    }

    /// Returns whether people need not be in any group.
    pub(in crate::ldap) fn is_empty(&self) -> bool {
        self.sids.is_empty() && self.filters.is_empty()
    }
    /// Returns the filter of each group that is not given by its identifier.
    pub(in crate::ldap) fn filters(&self) -> impl Iterator<Item = &str> {
        self.filters.iter().map(String::as_str)
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

    /// Returns the reason if an account is in none of these groups. `known` is its token, if it has
    /// been read already.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub(in crate::ldap) async fn denial(
        &self,
        session: &mut Session,
        dn: &str,
        known: Option<&Token>,
    ) -> Result<Option<&'static str>, Failure> {
        if self.is_empty() {
            return Ok(None);
        }
        let asked;
        let Token(sids) = match known {
            Some(token) => token,
            None => {
                asked = token(session, dn).await?;
                &asked
            }
        };
        if !self.sids.is_disjoint(sids) {
            return Ok(None);
        }
        let mut all_exist = true;
        for filters in self.filters.chunks(BATCH) {
            let groups = self.search_groups(session, filters).await?;
            if groups.iter().any(|group| sids.contains(group)) {
                return Ok(None);
            }
            all_exist &= groups.len() >= filters.len();
        }
        Ok(Some(match all_exist {
            true => "in none of allow_groups",
            false => "in none of allow_groups, of which not all exist",
        }))
    }

    /// Returns the identifiers of the groups that fit one of `filters`.
    async fn search_groups(
        &self,
        session: &mut Session,
        filters: &[String],
    ) -> Result<Vec<Sid>, Failure> {
        let filter = format!("(&(objectCategory=group)(|{}))", filters.concat());
        let search = Search {
            filter: &filter,
            limit: i32::try_from(filters.len()).map_or(i32::MAX, |count| count.saturating_add(1)),
            ..self.search_for_groups(&[SID])
        };
        let hits = session.search(search).await?;
        if let Some(why) = hits.gap().filter(|_| hits.cut.is_some()) {
            return Err(unseen(&why));
        }
        let sids = hits.entries.iter().flat_map(|group| group.bytes(SID));
        Ok(sids.filter_map(Sid::of_bytes).collect())
    }
}

/// Returns the filter of the entries that have this value of an attribute.
fn filter(attribute: &str, value: &str) -> String {
    format!("({attribute}={})", ldap_escape(value))
}

impl Token {
    /// Reads an entry's token. Every account has a primary group: an empty token is a hidden one.
    fn of(entry: &Entry) -> Option<Self> {
        let sids: Option<BTreeSet<Sid>> = entry.bytes(TOKEN).map(Sid::of_bytes).collect();
        sids.filter(|sids| !sids.is_empty()).map(Self)
    }

    /// Returns whether the token is that of the account with this entry.
    pub(in crate::ldap) fn is_of(&self, entry: &Entry) -> bool {
        let sid = entry.bytes(SID).next().and_then(Sid::of_bytes);
        sid.is_some_and(|sid| self.0.contains(&sid))
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
        assert_eq!(wanted.sids, ["S-1-5-32-544".parse().unwrap()].into());
        assert_eq!(
            wanted.filters,
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
