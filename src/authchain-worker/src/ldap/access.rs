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
    match filter.contains("%h") {
        true => machine_name(),
        false => String::new(),
    }
}

/// What this machine is called.
pub(super) fn machine_name() -> String {
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
        let barred = match &self.domain {
            Some(domain) => {
                let (dn, token) = (&person.dn, person.token.as_ref());
                domain.is_in_no_wanted_group(session, dn, token).await?
            }
            None => {
                let is_in_one = self.is_in_a_wanted_group(session, person).await?;
                (!is_in_one).then_some("in none of allow_groups")
            }
        };
        Ok(barred.map(str::to_owned))
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
        let [name, service, host] = [&person.name, service, &self.host].map(ldap_escape);
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
