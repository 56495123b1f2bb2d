//! Whether a person may in, whatever their password.

use authchain::config::settings::ldap::syntax::fill;
use authchain::config::settings::ldap::{LdapSettings, Scope};
use ldap3::ldap_escape;

use super::Prepared;
use super::person::Person;
use super::session::{Search, Session};
use crate::net::failure::Failure;

const STEP: &str = "access filter";

/// This machine's name, if a filter asks for it. Read early: later there are no files.
pub(super) fn host_name(settings: &LdapSettings) -> String {
    let filter = settings.access_filter.as_deref().unwrap_or_default();
    if !filter.contains("%h") {
        return String::new();
    }
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    name.map(|name| name.trim_end().to_owned())
        .unwrap_or_default()
}

impl Prepared {
    /// Why this person may not in, if so.
    pub(super) async fn barred(
        &self,
        session: &mut Session,
        person: &Person,
        service: &str,
    ) -> Result<Option<String>, Failure> {
        if !self.fits_filter(session, person, service).await? {
            return Ok(Some("the entry does not fit access_filter".to_owned()));
        }
        if !self.is_in_a_wanted_group(session, person).await? {
            return Ok(Some("in none of allow_groups".to_owned()));
        }
        Ok(None)
    }

    /// The server itself holds the entry against the filter: it knows how values compare.
    async fn fits_filter(
        &self,
        session: &mut Session,
        person: &Person,
        service: &str,
    ) -> Result<bool, Failure> {
        let Some(template) = &self.settings.access_filter else {
            return Ok(true);
        };
        let [name, service, host] = [&person.user.name, service, &self.host].map(ldap_escape);
        let filter = fill(template, |letter| match letter {
            'u' => Some(&*name),
            's' => Some(&*service),
            'h' => Some(&*host),
            _ => None,
        });
        let filter = filter.map_err(|_| Failure::settings(STEP, "cannot be filled in"))?;
        let search = Search {
            step: STEP,
            base: &person.dn,
            scope: Scope::Base,
            filter: &filter,
            attributes: &["1.1"],
            limit: 1,
        };
        Ok(!session.search(search).await?.entries.is_empty())
    }
}
