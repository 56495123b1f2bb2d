//! The `ldap` backend, and `active_directory`: what a directory says about a person.
//!
//! In two steps, with the confinement between them: [`Prepared::new`] reads the files the settings
//! name, [`Prepared::ask`] touches the network and no file.
//!
//! | file | holds |
//! |---|---|
//! | [`servers`] | one of the servers, from the connection to the answer |
//! | [`session`] | one connection: bind, search |
//! | [`questions`] | what is done for each question, in which order |
//! | [`refusals`] | what a server means that does not say yes to a password |
//! | [`person`] | the search for the one entry that is the person |
//! | [`access`], [`groups`] | whether the person may in |
//! | [`policy`] | passwords and accounts that end |
//! | [`active_directory`] | what is different in a domain of Active Directory |
//! | [`unsent`] | passwords that cannot be sent |
//! | [`examine`] | every server step by step, for the administrator |
//! | [`codes`] | what a result code means |

mod access;
mod active_directory;
mod codes;
mod entry;
mod examine;
mod groups;
mod password;
mod person;
mod policy;
mod questions;
mod refusals;
mod servers;
mod session;
mod unsent;

use std::path::PathBuf;

use authchain::backends::protocol::{Bytes, Hello, Question, WireVerdict};
use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::uri::{Scheme, ServerUri};
use authchain::config::settings::ldap::{LdapSettings, Tls};
use authchain::words::{Denial, Secret};

use self::active_directory::Domain;
use self::groups::Wanted;
use self::password::{Fault, Password};
use self::servers::{Source, sources};
use crate::answer::Answer;
use crate::confine::Access;
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
    /// What is different where the directory is Active Directory.
    domain: Option<Domain>,
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
        Self::of(settings, sources, hello, None)
    }

    fn of(
        settings: LdapSettings,
        sources: Vec<Source>,
        hello: &Hello,
        domain: Option<Domain>,
    ) -> Result<Self, String> {
        let needs_tls = sources.iter().any(|source| source.tls() != Tls::None);
        let tls = needs_tls.then(|| configure(&settings));
        let secret = settings.bind_password_file.as_deref();
        Ok(Self {
            tls: tls.transpose()?,
            secret: secret.map(password::read).transpose()?,
            base: Dn::parse(&settings.base).ok_or("settings: base is no distinguished name")?,
            wanted: Wanted::new(&settings),
            host: access::host_name(&settings),
            warnings: match &domain {
                Some(domain) => domain.warnings(),
                None => settings.warnings(),
            },
            dns: Dns::read(),
            sources,
            settings,
            health: Health::from(hello),
            domain,
        })
    }

    /// What must stay within reach once the process is confined: sockets, and no file.
    pub fn access(&self) -> Access {
        let uris = self.sources.iter().filter_map(Source::uri);
        let local = uris.filter(|uri| uri.scheme == Scheme::Ldapi);
        Access {
            files: Vec::new(),
            unix_sockets: local.map(|uri| PathBuf::from(&uri.host)).collect(),
            ports: ports(&self.sources),
            hashes: false,
        }
    }

    /// Finds out what was asked. It ends just before the question's budget does, so that the answer
    /// can still say which server took too long, and never fails: what could not be found out is
    /// `unavailable`.
    pub async fn ask(&self, question: &Question<'_>) -> Answer {
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
        if let Some(known) = self.known_without_asking(question) {
            return known.into();
        }
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
/// names servers, it may name their ports too: any.
fn ports(sources: &[Source]) -> Option<Vec<u16>> {
    let is_local = |uri: &ServerUri| uri.scheme == Scheme::Ldapi;
    let is_remote = |source: &&Source| !source.uri().is_some_and(is_local);
    let is_named = |source: &Source| source.uri().is_none_or(|uri| dns::is_name(&uri.host));
    let remote: Vec<&Source> = sources.iter().filter(is_remote).collect();
    let needs_dns = remote.iter().any(|source| is_named(source));
    let ports = remote.iter().map(|source| source.port());
    ports.chain(needs_dns.then_some(Some(dns::PORT))).collect()
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

    /// A future lies on the stack while it is made and moved: 400 more pages to be had from the kernel
    /// were once 0.8 ms of each start.
    #[test]
    fn what_a_login_awaits_takes_little_room() {
        let settings =
            r#"{"uris":["ldap://a"],"tls":"none","insecure_plaintext":true,"base":"dc=x"}"#;
        let hello = Hello {
            backend: "corp".to_owned(),
            kind: "ldap".to_owned(),
            settings: serde_json::from_str(settings).unwrap(),
            avoid: Vec::new(),
            probe: Vec::new(),
            probe_ms: 40,
        };
        let prepared = Prepared::new(&hello).unwrap();
        let question = Question {
            operation: authchain::backends::protocol::Operation::Lookup,
            user: String::new(),
            password: None,
            service: String::new(),
            tty: String::new(),
            rhost: String::new(),
            ruser: String::new(),
            budget_ms: 1,
        };
        let asking = size_of_val(&prepared.ask(&question));
        let deadline = deadline_of(&question);
        let resolving = size_of_val(&prepared.dns.addresses("a", 1, deadline));
        assert!(
            asking < 16 << 10 && resolving < 8 << 10,
            "{asking} {resolving}"
        );
    }
}
