//! The `nis` backend: what the maps of a NIS domain say about a person.
//!
//! It works in two steps, with the confinement between them: [`Nis::prepare`] binds the ports that
//! only root may bind, [`Kind::answer`] uses the network and nothing else. The C library's client
//! is not used: it waits for up to five minutes, blocks every signal meanwhile, knows one domain
//! per machine, and believes whoever answers.
//!
//! | file | holds |
//! |---|---|
//! | [`questions`] | the steps that answer each question |
//! | [`change`] | the steps that change a password |
//! | [`inquiry`] | one question, as it is put to one server |
//! | [`person`] | the person that a question is about |
//! | [`proof`] | verifies the typed password |
//! | [`examine`] | examines every server step by step, for the administrator |
//! | [`entries`] | the entries of the maps |
//! | [`groups`] | the groups that a person is in |
//! | [`password`] | compares a typed password with the stored one, in the time that is left |
//! | [`new_hash`] | the hash of a new password |
//! | [`master`] | the server on which passwords are changed |
//! | [`alarm`] | the end of a hash that takes too long |
//! | [`dummy_hash`] | the hash whose time a refusal takes, so that it tells nobody who exists |
//! | [`maps`] | the maps of a domain, and the search for a person's hash in them |
//! | [`server`] | the servers, as the settings name them |
//! | [`client`] | a client of one server: connects, and looks keys up in maps |
//! | [`yppasswdd`] | a client of rpc.yppasswdd: has a password changed |
//! | [`reserved`] | ports below 1024, bound while the process is still root |
//! | [`yp`] | the NIS protocol |
//! | [`yppasswd`] | the protocol by which passwords are changed |
//! | [`portmap`] | asks for the port of a program (RFC 1833) |
//! | [`channel`] | datagrams and record marks (RFC 5531 §11) |
//! | [`rpc`] | calls and replies (RFC 5531) |
//! | [`xdr`] | numbers and strings (RFC 4506) |

mod alarm;
mod change;
pub mod channel;
mod client;
mod dummy_hash;
pub mod entries;
mod examine;
mod groups;
mod inquiry;
mod maps;
mod master;
mod new_hash;
mod password;
mod person;
pub mod portmap;
mod proof;
mod questions;
mod reserved;
pub mod rpc;
mod server;
pub mod xdr;
pub mod yp;
pub mod yppasswd;
mod yppasswdd;

use authchain::backends::protocol::{Hello, Operation, Question};
use authchain::config::settings::from_json;
use authchain::config::settings::nis::{ChangeWay, NisSettings, Transport};
use authchain::words::BackendError;
use authchain_sandbox::confine::Access;

use self::client::Client;
use self::inquiry::NisInquiry;
use self::reserved::Ports;
use self::server::has_names;
use crate::answer::Answer;
use crate::dialogue::Dialogue;
use crate::examination::Examination;
use crate::kind::{self, Answering, Kind};
use crate::net::dns::{self, Dns};
use crate::servers::{Health, deadline_of, in_turn};

/// A NIS backend, with everything that it needs once the process is confined.
pub struct Nis {
    settings: NisSettings,
    dns: Dns,
    health: Health,
    ports: Ports,
}

impl Nis {
    /// Reads the settings and sets aside the ports to ask from.
    ///
    /// # Errors
    /// When the settings are faulty, or demand a reserved port and none can be bound.
    pub fn prepare(hello: &Hello) -> Result<Self, BackendError> {
        let settings = from_json(&hello.settings, NisSettings::check);
        let settings = settings.map_err(BackendError::Unavailable)?;
        let health = Health::from(hello);
        let servers = settings.servers.iter();
        let ports = Ports::set_aside(servers, settings.transport, settings.source_port);
        let ports = ports.map_err(BackendError::Failed)?;
        Ok(Self {
            dns: match has_names(&settings) {
                true => Dns::read(),
                false => Dns::default(),
            },
            settings,
            health,
            ports,
        })
    }

    /// Answers the question just before its budget ends at the latest. A failure becomes
    /// *unavailable* or *failed*.
    async fn ask(&mut self, question: &Question<'_>) -> Answer {
        if !entries::can_be_a_name(&question.user) {
            return Answer::unknown(None);
        }
        if let Some(refusal) = change::refusal_without_old(question.change.as_ref()) {
            return refusal;
        }
        let Self {
            settings,
            dns,
            health,
            ports,
        } = self;
        let usual = settings.server_timeout.duration();
        let whole = deadline_of(question);
        in_turn(
            &settings.servers,
            health,
            whole,
            Vec::new(),
            async |turn, share| {
                let deadline = share.within(turn.opening(usual));
                let client = Client::open(settings, dns, turn.server, ports, deadline);
                let asked = async {
                    let inquiry = NisInquiry {
                        settings,
                        dns,
                        server: turn.server,
                        question,
                        whole,
                    };
                    questions::ask(&inquiry, client.await?).await
                };
                asked.await.map_err(|failure| match share.is_over() {
                    true => failure.limited_by("timeout"),
                    false => failure.limited_by(turn.limit("server_timeout", usual)),
                })
            },
        )
        .await
    }
}

impl Kind for Nis {
    /// Returns the ports of the servers, and no files. Where a portmapper tells a port, every port
    /// is allowed.
    fn access(&self) -> Access {
        let settings = &self.settings;
        let own = settings.servers.iter().map(|server| server.port);
        let daemon = (settings.password_change == ChangeWay::Yppasswd)
            .then(|| settings.yppasswdd.as_ref().and_then(|address| address.port));
        let own: Option<Vec<u16>> = match settings.transport {
            Transport::Tcp => own.chain(daemon).collect(),
            Transport::Udp => Some(Vec::new()),
        };
        Access {
            ports: own.map(|mut ports| {
                ports.extend(has_names(settings).then_some(dns::PORT));
                ports
            }),
            hashes: true,
            ..Access::default()
        }
    }

    fn can(&self) -> &'static [Operation] {
        match self.settings.password_change {
            ChangeWay::Yppasswd => kind::WITH_CHANGE,
            ChangeWay::Off => kind::WITHOUT_CHANGE,
        }
    }

    fn answer<'a>(
        &'a mut self,
        question: &'a Question<'_>,
        dialogue: &'a mut Dialogue<'_>,
    ) -> Answering<'a> {
        match question.operation {
            Operation::Examine => Box::pin(self.examine(question, Examination::begin(dialogue))),
            _ => Box::pin(self.ask(question)),
        }
    }
}

#[cfg(test)]
mod tests;
