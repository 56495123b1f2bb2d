//! The `ldap` backend: what a directory says about a person.
//!
//! In two steps, with the confinement between them: [`Prepared::new`] reads the files the settings
//! name, [`Prepared::ask`] touches the network and no file.
//!
//! | file | holds |
//! |---|---|
//! | [`servers`] | one of the servers, from the connection to the answer |
//! | [`session`] | one connection: bind, search |
//! | [`questions`] | what is done for each question, in which order |
//! | [`person`] | the search for the one entry that is the person |
//! | [`access`], [`groups`] | whether the person may in |
//! | [`policy`] | passwords and accounts that end |
//! | [`unsent`] | passwords that cannot be sent |
//! | [`examine`] | every server step by step, for the administrator |
//! | [`codes`] | what a result code means |

mod access;
mod codes;
mod entry;
mod examine;
mod groups;
mod password;
mod person;
mod policy;
mod questions;
mod servers;
mod session;
mod unsent;

use std::path::PathBuf;

use authchain::backends::protocol::{Bytes, Hello, Question, WireVerdict};
use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::uri::{Scheme, ServerUri};
use authchain::config::settings::ldap::{LdapSettings, Tls};
use authchain::words::{Denial, Secret};

use self::groups::Wanted;
use self::password::{Fault, Password};
use self::servers::{Source, sources};
use crate::kinds::{Reach, Told};
use crate::net::dns::{self, Dns};
use crate::net::tls::{Trust, configure};
use crate::servers::{Health, deadline_of, in_turn};

/// A backend that has read all it needs.
pub struct Prepared {
    settings: LdapSettings,
    sources: Vec<Source>,
    dns: Dns,
    tls: Option<Trust>,
    secret: Option<Secret>,
    base: Dn,
    wanted: Wanted,
    host: String,
    health: Health,
    warnings: Vec<&'static str>,
}

impl Prepared {
    /// Reads the settings, and the files they name.
    ///
    /// # Errors
    /// When the settings cannot be meant, or a file cannot be used; it says which.
    pub fn new(hello: &Hello) -> Result<Self, String> {
        let settings = serde_json::from_value(hello.settings.clone());
        let settings: LdapSettings = settings.map_err(|error| format!("settings: {error}"))?;
        (settings.check()).map_err(|(key, message)| format!("settings: {key} {message}"))?;
        let sources = sources(&settings)?;
        let needs_tls = sources.iter().any(|source| source.tls() != Tls::None);
        let tls = needs_tls.then(|| configure(&settings));
        let secret = settings.bind_password_file.as_deref();
        Ok(Self {
            tls: tls.transpose()?,
            secret: secret.map(password::read).transpose()?,
            base: Dn::parse(&settings.base).ok_or("settings: base is no distinguished name")?,
            wanted: Wanted::new(&settings),
            host: access::host_name(&settings),
            warnings: settings.warnings(),
            dns: Dns::read(),
            sources,
            settings,
            health: Health::from(hello),
        })
    }

    /// What must stay within reach once the process is confined: sockets, and no file.
    pub fn reach(&self) -> Reach {
        let uris = self.sources.iter().filter_map(Source::uri);
        let local = uris.filter(|uri| uri.scheme == Scheme::Ldapi);
        Reach {
            files: Vec::new(),
            unix_sockets: local.map(|uri| PathBuf::from(&uri.host)).collect(),
            ports: ports(&self.sources),
            hashes: false,
        }
    }

    /// Finds out what was asked. It ends just before the question's budget does, so that the answer
    /// can still say which server took too long, and never fails: what could not be found out is
    /// `unavailable`.
    pub async fn ask(&self, question: &Question<'_>) -> Told {
        let deadline = deadline_of(question);
        let typed = question.password.as_ref().map(Bytes::secret);
        let password = match typed.map(Password::of) {
            // Refused here, so that it cannot be sent: a directory takes an empty password for a
            // request to be anonymous, and grants it.
            Some(Err(Fault::Empty)) => {
                return WireVerdict::Denied(Denial::from(Fault::Empty)).into();
            }
            password => password,
        };
        let warnings = self.warnings.iter().map(ToString::to_string).collect();
        in_turn(
            &self.sources,
            &self.health,
            deadline,
            warnings,
            async |turn, deadline| self.ask_one(turn, question, password, deadline).await,
        )
        .await
    }
}

/// The ports of these servers, and the one of name servers if there is a name among them. Where DNS
/// names servers, it names their ports too: any.
fn ports(sources: &[Source]) -> Option<Vec<u16>> {
    let uris: Option<Vec<&ServerUri>> = sources.iter().map(Source::uri).collect();
    let remote = uris?.into_iter().filter(|uri| uri.scheme != Scheme::Ldapi);
    let needs_dns = (remote.clone().any(|uri| dns::is_name(&uri.host))).then_some(dns::PORT);
    Some(remote.map(|uri| uri.port).chain(needs_dns).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(settings: &str) -> Option<Vec<u16>> {
        let settings: LdapSettings = serde_json::from_str(settings).unwrap();
        ports(&sources(&settings).unwrap())
    }

    #[test]
    fn no_port_is_open_that_no_server_needs() {
        let of = |uris: &str| reached(&format!("{{\"uris\":[{uris}]}}")).unwrap();
        assert_eq!(of(r#""ldapi://%2Fs""#), [0; 0]);
        assert_eq!(of(r#""ldap://127.0.0.1","ldaps://[::1]""#), [389, 636]);
        let named = of(r#""ldaps://a.example:7","ldap://1.2.3.4""#);
        assert_eq!(named, [7, 389, 53]);
    }

    #[test]
    fn servers_that_dns_names_may_be_on_any_port() {
        let settings = r#"{"uris":["ldap://127.0.0.1"],"srv":"example.com"}"#;
        assert_eq!(reached(settings), None);
    }
}
