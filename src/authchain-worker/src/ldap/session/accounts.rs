//! The requests that keep and list accounts. Each change is sent once, and its answer is waited for
//! until the end of `timeout`: afterwards no other server is asked.

use std::collections::HashSet;

use ldap3::controls::{PagedResults, RawControl};
use ldap3::{LdapResult, Mod, SearchResult};

use super::{Search, Session, read_hits};
use crate::guard::ber::Elements;
use crate::guard::ledger::MAX_ENTRIES;
use crate::ldap::codes;
use crate::ldap::entry::Entry;
use crate::ldap::references::NOT_FOLLOWED;
use crate::net::failure::{Failure, FailureKind};

/// The control of paged results (RFC 2696).
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

/// A page of the entries that a search finds.
pub(in crate::ldap) struct Page {
    pub(in crate::ldap) entries: Vec<Entry>,
    /// The server's mark for the next page; empty if this is the last one.
    pub(in crate::ldap) cookie: Vec<u8>,
}

impl Session {
    /// Adds an entry (RFC 4511 §4.7).
    pub(in crate::ldap) async fn add_entry(
        &mut self,
        dn: &str,
        attributes: Vec<(String, HashSet<String>)>,
    ) -> Result<LdapResult, Failure> {
        self.wait_for_change();
        let sending = self.ldap.add(dn, attributes);
        let reply = self.wait.reply("add", sending).await;
        reply.map_err(Failure::unsure)
    }

    /// Modifies an entry (RFC 4511 §4.6), by all changes or none.
    pub(in crate::ldap) async fn modify_entry(
        &mut self,
        dn: &str,
        changes: Vec<Mod<String>>,
    ) -> Result<LdapResult, Failure> {
        self.wait_for_change();
        let sending = self.ldap.modify(dn, changes);
        let reply = self.wait.reply("modify", sending).await;
        reply.map_err(Failure::unsure)
    }

    /// Deletes an entry (RFC 4511 §4.8).
    pub(in crate::ldap) async fn delete_entry(&mut self, dn: &str) -> Result<LdapResult, Failure> {
        self.wait_for_change();
        let sending = self.ldap.delete(dn);
        let reply = self.wait.reply("delete", sending).await;
        reply.map_err(Failure::unsure)
    }

    fn wait_for_change(&mut self) {
        self.wait.timeout_kind = FailureKind::Trouble;
        self.wait.deadline = self.whole;
    }

    /// Searches for one page (RFC 2696), the first one with an empty cookie. The server must know
    /// the control, so that a part of the entries is never taken for all of them.
    pub(in crate::ldap) async fn page(
        &mut self,
        search: &Search<'_>,
        cookie: Vec<u8>,
    ) -> Result<Page, Failure> {
        let size = i32::try_from(MAX_ENTRIES).unwrap_or(i32::MAX);
        self.ldap.with_controls(vec![RawControl {
            crit: true,
            ..PagedResults { size, cookie }.into()
        }]);
        let found = self.search_raw(search).await?;
        self.wait.timeout_kind = FailureKind::Trouble;
        let SearchResult(_, result) = &found;
        let controls = result.ctrls.iter().map(|control| &control.1);
        let paged = controls
            .filter(|control| control.ctype == PAGED_RESULTS)
            .find_map(|control| cookie_of(control.val.as_deref()?));
        let hits = read_hits(search, found)?;
        if let Some(code) = hits.cut {
            let text = format!(
                "the server gives no more entries ({}); raise its limit on paged results for \
                 bind_dn, in OpenLDAP size.prtotal",
                codes::named(code)
            );
            return Err(Failure::settings(search.step, text));
        }
        if hits.is_missing {
            let text = format!(
                "the base {} does not exist, or may not be read",
                search.base
            );
            return Err(Failure::configuration_error(search.step, &text));
        }
        if hits.is_elsewhere_too {
            return Err(Failure::settings(search.step, NOT_FOLLOWED));
        }
        let cookie =
            paged.ok_or_else(|| Failure::trouble(search.step, "a page without its end"))?;
        Ok(Page {
            entries: hits.entries,
            cookie,
        })
    }
}

/// Returns the cookie in the value of the control; `None` if it is malformed. ldap3's own reading
/// panics then.
fn cookie_of(value: &[u8]) -> Option<Vec<u8>> {
    let shape = "control";
    let mut parts = Elements::of(Elements::of(value).expect(0x30, shape).ok()?);
    parts.expect(0x02, shape).ok()?;
    parts.expect(0x04, shape).ok().map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::cookie_of;

    #[test]
    fn the_cookie_is_read_and_whatever_is_no_control_has_none() {
        let last: &[u8] = &[0x30, 5, 2, 1, 0, 4, 0];
        assert_eq!(cookie_of(last), Some(Vec::new()));
        let more: &[u8] = &[0x30, 7, 2, 1, 9, 4, 2, 7, 8];
        assert_eq!(cookie_of(more), Some(vec![7, 8]));
        for malformed in [
            &[][..],
            &[0x30, 0],
            &[0x30, 3, 2, 1, 0],
            &[0x31, 5, 2, 1, 0, 4, 0],
            &[0x30, 200],
        ] {
            assert_eq!(cookie_of(malformed), None, "{malformed:?}");
        }
    }
}
