//! Whether a person may in, whatever their password.

use authchain::config::settings::ldap::Scope;
use authchain::config::settings::ldap::filter::AccessFilter;
use authchain_sandbox::process::machine_name;
use ldap3::ldap_escape;

use super::person::Person;
use super::session::{Search, Session};
use crate::net::failure::Failure;

const STEP: &str = "access filter";

/// Which people this machine admits, by their entries.
pub(super) struct Admission {
    /// What the entry must fit.
    filter: Option<AccessFilter>,
    /// This machine's name, if the filter asks for it.
    host: String,
}

impl Admission {
    /// Reads what the filter asks for. Early: later there are no files.
    pub(super) fn by(filter: Option<AccessFilter>) -> Self {
        let asks_host = filter.as_ref().is_some_and(AccessFilter::asks_host);
        let host = match asks_host {
            true => machine_name(),
            false => String::new(),
        };
        Self { filter, host }
    }

    /// Returns why the person may not in, if so. The server itself holds the entry against the
    /// filter: it knows how values compare.
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
            step: STEP,
            base: &person.dn,
            scope: Scope::Base,
            filter: &filter,
            attributes: &["1.1"],
            limit: 1,
        };
        let fits = !session.search(search).await?.entries.is_empty();
        Ok((!fits).then_some("the entry does not fit access_filter"))
    }
}
