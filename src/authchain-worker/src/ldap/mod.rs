//! The `ldap` backend, and `active_directory`: what a directory says about a person.
//!
//! In two steps, with the confinement between them: [`Prepared::new`] reads the files the settings
//! name, [`Prepared::ask`] touches the network and no file.
//!
//! | file | holds |
//! |---|---|
//! | [`servers`] | one of the servers, from the connection to the answer |
//! | [`sources`] | the servers, as the settings or DNS name them |
//! | [`starttls`] | the request in the clear that asks for TLS |
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
mod sources;
mod starttls;
mod unsent;

use authchain::backends::protocol::{Bytes, Hello, Question, WireVerdict};
use authchain::config::settings::ldap::LdapSettings;
use authchain::config::settings::ldap::dn::Dn;
use authchain::words::{Denial, Secret};

use self::active_directory::Domain;
use self::groups::Wanted;
use self::password::{Fault, Password};
use self::sources::{Source, ports, sources};
use crate::answer::Answer;
use crate::confine::Access;
use crate::net::connect::Endpoint;
use crate::net::dns::Dns;
use crate::net::tls::{TlsOptions, Trust, configure};
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
        let options = TlsOptions {
            ca_file: &settings.tls_ca_file,
            crl_file: settings.tls_crl_file.as_deref(),
            verify: settings.tls_verify,
            min: settings.tls_min,
            client: (settings.tls_cert.as_deref()).zip(settings.tls_key.as_deref()),
        };
        let trust = trust(&sources, &options)?;
        Self::of(settings, sources, trust, hello, None)
    }

    fn of(
        settings: LdapSettings,
        sources: Vec<Source>,
        trust: Option<Trust>,
        hello: &Hello,
        domain: Option<Domain>,
    ) -> Result<Self, String> {
        let secret = settings.bind_password_file.as_deref();
        Ok(Self {
            tls: trust,
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
        let endpoints = self.sources.iter().filter_map(Source::endpoint);
        let sockets = endpoints.filter_map(|endpoint| match endpoint {
            Endpoint::Unix(server) => Some(server.path.clone()),
            Endpoint::Tcp(_) => None,
        });
        Access {
            files: Vec::new(),
            unix_sockets: sockets.collect(),
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

/// Reads whom to trust, where some server needs it.
fn trust(sources: &[Source], options: &TlsOptions<'_>) -> Result<Option<Trust>, String> {
    let needs_tls = sources.iter().any(Source::is_encrypted);
    needs_tls.then(|| configure(options)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

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
