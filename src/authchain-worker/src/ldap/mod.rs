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
use crate::kinds::{Reach, Told};
use crate::net::resolve;
use crate::net::tls::{Trust, configure};
use crate::servers::{Health, deadline_of, in_turn};

/// A backend that has read all it needs.
pub struct Prepared {
    settings: LdapSettings,
    servers: Vec<(ServerUri, Tls)>,
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
        let servers = settings.servers().map_err(|error| error.to_string())?;
        let needs_tls = servers.iter().any(|(_, tls)| *tls != Tls::None);
        let tls = needs_tls.then(|| configure(&settings));
        let secret = settings.bind_password_file.as_deref();
        Ok(Self {
            tls: tls.transpose()?,
            secret: secret.map(password::read).transpose()?,
            base: Dn::parse(&settings.base).ok_or("settings: base is no distinguished name")?,
            wanted: Wanted::new(&settings),
            host: access::host_name(&settings),
            warnings: settings.warnings(),
            servers,
            settings,
            health: Health::from(hello),
        })
    }

    /// What must stay within reach once the process is confined: sockets, and no file.
    pub fn reach(&self) -> Reach {
        let servers = || self.servers.iter().map(|(uri, _)| uri);
        let (local, remote): (Vec<_>, Vec<_>) =
            servers().partition(|uri| uri.scheme == Scheme::Ldapi);
        Reach {
            files: Vec::new(),
            unix_sockets: local
                .into_iter()
                .map(|uri| PathBuf::from(&uri.host))
                .collect(),
            ports: Some(ports(&remote)),
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
            &self.servers,
            &self.health,
            deadline,
            warnings,
            async |turn, deadline| self.ask_one(turn, question, password, deadline).await,
        )
        .await
    }
}

/// The ports of these servers, and the one of name servers if there is a name among them.
fn ports(remote: &[&ServerUri]) -> Vec<u16> {
    let needs_dns = remote.iter().any(|uri| resolve::is_name(&uri.host));
    let own = remote.iter().map(|uri| uri.port);
    own.chain(needs_dns.then_some(resolve::DNS)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(uris: &[&str]) -> Vec<u16> {
        let uris: Vec<_> = (uris.iter())
            .map(|uri| ServerUri::parse(uri).unwrap())
            .collect();
        let uris: Vec<_> = uris.iter().collect();
        ports(&uris)
    }

    #[test]
    fn no_port_is_open_that_no_server_needs() {
        assert_eq!(reached(&[]), [0; 0]);
        assert_eq!(reached(&["ldap://127.0.0.1", "ldaps://[::1]"]), [389, 636]);
        assert_eq!(
            reached(&["ldaps://a.example:7", "ldap://1.2.3.4"]),
            [7, 389, 53]
        );
    }
}
