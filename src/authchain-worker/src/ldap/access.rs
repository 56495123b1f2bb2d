//! Decides by a person's entry whether the person may log in on this machine (`access_filter`).

use authchain::config::settings::ldap::filter::AccessFilter;
use authchain_sandbox::process::machine_name;
use ldap3::ldap_escape;

use super::person::Person;
use super::session::{Search, Session};
use crate::net::failure::Failure;

const STEP: &str = "access filter";

/// The check of people's entries against `access_filter`.
pub(super) struct Admission {
    /// The filter that the entry must match.
    filter: Option<AccessFilter>,
    /// The name of this machine, if the filter asks for it.
    host: String,
}

impl Admission {
    /// Reads the name of the machine, if the filter asks for it. Called before the process is
    /// confined: afterwards it can open no file.
    pub(super) fn by(filter: Option<AccessFilter>) -> Self {
        let asks_host = filter.as_ref().is_some_and(AccessFilter::asks_host);
        let host = match asks_host {
            true => machine_name(),
            false => String::new(),
        };
        Self { filter, host }
    }

    /// Returns the reason why the person may not log in, if there is one. The server itself matches
    /// the entry: it knows the matching rules of its attributes.
    pub(super) async fn denial(
        &self,
        session: &mut Session,
        person: &Person,
        service: &str,
    ) -> Result<Option<&'static str>, Failure> {
        let Some(filter) = &self.filter else {
            return Ok(None);
        };
        let [name, service, host] = [&person.name, service, &self.host].map(ldap_escape);
        let filter = filter.fill(&name, &service, &host);
        let search = Search {
            filter: &filter,
            setting: Some("access_filter"),
            ..Search::entry(STEP, &person.dn, &["1.1"])
        };
        let hits = session.search(search).await?;
        match (hits.entries.is_empty(), hits.gap()) {
            (false, _) => Ok(None),
            (true, None) => Ok(Some("the entry does not fit access_filter")),
            (true, Some(why)) => Err(Failure::settings(STEP, why)),
        }
    }
}
