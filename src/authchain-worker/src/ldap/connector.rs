//! The way to a server of the directory, and who logs in there before anything is asked.

use std::path::PathBuf;

use authchain::config::ConfigDuration;
use authchain::tools::deadline::Deadline;
use authchain::words::Secret;

use super::session::Session;
use super::sources::{LdapServer, SrvRecord};
use super::starttls;
use crate::net::connect::{self, Connection, TLS};
use crate::net::dns::{self, Dns};
use crate::net::failure::{Failure, within};
use crate::net::srv::{self, Target};
use crate::net::tls::Trust;

/// The parts that open a connection, the same for all servers.
pub(super) struct Connector {
    /// The authorities that TLS trusts; `None` where no connection is encrypted.
    pub(super) trust: Option<Trust>,
    pub(super) dns: Dns,
    pub(super) identity: Identity,
    /// The longest time that a connection may take, TLS included.
    pub(super) timeout: ConfigDuration,
}

/// The account that logs in on a new connection.
pub(super) enum Identity {
    /// The account of `bind_dn`.
    Service {
        dn: String,
        secret: Secret,
        /// The file from which the secret was read.
        file: PathBuf,
    },
    /// The account that the connection itself proves (SASL EXTERNAL, RFC 4422 appendix A).
    External,
    /// Nobody: searches are anonymous.
    Anonymous,
    /// Nobody but the person, whose own bind comes first.
    Person,
}

impl Connector {
    /// Connects to `server`, and asks it for TLS if TLS begins with StartTLS there.
    pub(super) async fn connect(
        &self,
        server: &LdapServer,
        opening: Deadline,
    ) -> Result<Box<dyn Connection>, Failure> {
        let trust = self.trust.as_ref();
        match server.tcp() {
            Some(tcp) if server.starttls => {
                let mut stream = connect::tcp(tcp, &self.dns, opening).await?;
                within(opening, starttls::STEP, starttls::ask(&mut stream)).await?;
                let handshake = connect::handshake(stream, &tcp.identity, trust);
                Ok(Box::new(within(opening, TLS, handshake).await?))
            }
            _ => connect::connect(&server.endpoint, trust, &self.dns, opening).await,
        }
    }

    /// Logs in as the settings say; not at all if they say nothing.
    pub(super) async fn log_in(&self, session: &mut Session) -> Result<(), Failure> {
        match &self.identity {
            Identity::Service { dn, secret, .. } => session.bind_service(dn, secret).await,
            Identity::External => session.bind_external().await,
            Identity::Anonymous | Identity::Person => Ok(()),
        }
    }

    /// Returns whether authchain has a login of its own, with rights that the directory gives it.
    pub(super) fn has_own_login(&self) -> bool {
        matches!(self.identity, Identity::Service { .. } | Identity::External)
    }

    /// Returns whether the first bind is the person's own, because authchain has no login of its
    /// own.
    pub(super) fn binds_as_the_person(&self) -> bool {
        matches!(self.identity, Identity::Person)
    }

    /// Asks DNS for the servers that `records` names, in the order they are to be asked.
    pub(super) async fn servers_of(
        &self,
        SrvRecord { service, port }: &SrvRecord,
        deadline: Deadline,
    ) -> Result<Vec<LdapServer>, Failure> {
        let finding = srv::servers(&self.dns, &service.name, deadline);
        let found = within(deadline, dns::STEP, finding).await?;
        let found = found.into_iter().map(|target| {
            let port = port.unwrap_or(target.port);
            LdapServer::found(Target { port, ..target }, service.tls)
        });
        Ok(found.collect())
    }
}
