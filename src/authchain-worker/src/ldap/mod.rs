//! The `ldap` backend: what a directory says about a person.
//!
//! In two steps, with the confinement between them: [`Prepared::new`] reads the files the settings
//! name, [`Prepared::ask`] touches the network and no file.
//!
//! | file | holds |
//! |---|---|
//! | [`servers`] | the servers in turn: who is asked, for how long, when the next one is |
//! | [`session`] | one connection: bind, search |
//! | [`questions`] | what is done for each question, in which order |
//! | [`person`] | the search for the one entry that is the person |
//! | [`access`], [`groups`] | whether the person may in |
//! | [`policy`] | passwords and accounts that end |
//! | [`codes`] | what a result code means |

mod access;
mod codes;
mod entry;
mod groups;
mod password;
mod person;
mod policy;
mod questions;
mod servers;
mod session;

use std::sync::Arc;

use authchain::backends::protocol::{Conclusion, Hello, Operation, Question, Reply, WireVerdict};
use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::uri::ServerUri;
use authchain::config::settings::ldap::{LdapSettings, Tls};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::words::{Denial, Secret};
use std::time::Duration;
use tokio_rustls::rustls::ClientConfig;

use self::groups::Wanted;
use self::password::Password;

/// What can be asked.
pub const CAN: [Operation; 3] = Operation::ALL;

/// A backend that has read all it needs.
pub struct Prepared {
    settings: LdapSettings,
    servers: Vec<(ServerUri, Tls)>,
    tls: Option<Arc<ClientConfig>>,
    secret: Option<Secret>,
    base: Dn,
    wanted: Wanted,
    host: String,
    avoid: Vec<String>,
    probe: Vec<String>,
    probe_time: Duration,
    warnings: Vec<&'static str>,
}

/// What is told, in this order: texts for the person, and the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Texts for the person.
    pub infos: Vec<String>,
    /// The verdict, and what was noticed on the way.
    pub conclusion: Conclusion,
}

impl Told {
    /// The lines that say so.
    pub fn replies(self) -> impl Iterator<Item = Reply> {
        let verdict = Reply::Verdict(self.conclusion);
        (self.infos.into_iter().map(Reply::Info)).chain([verdict])
    }
}

impl From<WireVerdict> for Told {
    fn from(verdict: WireVerdict) -> Self {
        Self {
            infos: Vec::new(),
            conclusion: verdict.into(),
        }
    }
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
        let tls = needs_tls.then(|| crate::net::tls::configure(&settings));
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
            avoid: hello.avoid.clone(),
            probe: hello.probe.clone(),
            probe_time: Duration::from_millis(hello.probe_ms),
        })
    }

    /// Finds out what was asked. It always ends by the question's deadline, and never fails: what
    /// could not be found out is `unavailable`.
    pub fn ask(&self, question: &Question<'_>) -> Told {
        let budget = Duration::from_millis(question.budget_ms);
        let deadline = Deadline::after(system_clock, budget);
        let password = match question.password.as_ref().map(|bytes| bytes.secret()) {
            Some(secret) => match Password::of(secret) {
                Ok(password) => Some(password),
                // Refused here, so that it cannot be sent: a directory takes an empty password for
                // a request to be anonymous, and grants it.
                Err(fault) => return WireVerdict::Denied(Denial::from(fault)).into(),
            },
            None => None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.in_turn(question, password, deadline)),
            Err(error) => WireVerdict::Unavailable(format!("event loop: {error}")).into(),
        }
    }
}
