//! One of the servers, from the connection to the answer; or the domain that names them.

use authchain::backends::protocol::Question;
use authchain::config::settings::ldap::srv::SrvName;
use authchain::config::settings::ldap::uri::ServerUri;
use authchain::config::settings::ldap::{LdapSettings, Tls};
use authchain::tools::deadline::Deadline;

use super::Prepared;
use super::password::{Fault, Password};
use super::session::Session;
use crate::net::connect::Server;
use crate::net::failure::{Failure, within};
use crate::net::{dns, srv};
use crate::servers::{self, Outcome, Ruling, Turn};

/// Who may know the answer, or who does.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A server.
    Server(Server),
    /// A domain, whose servers DNS names.
    Domain(SrvName),
}

impl servers::Server for Source {
    fn name(&self) -> &str {
        match self {
            Self::Server(server) => server.uri.as_str(),
            Self::Domain(name) => &name.service,
        }
    }

    fn is_signpost(&self) -> bool {
        matches!(self, Self::Domain(_))
    }
}

impl Source {
    /// Where it is, for a server.
    pub(super) fn uri(&self) -> Option<&ServerUri> {
        match self {
            Self::Server(server) => Some(&server.uri),
            Self::Domain(_) => None,
        }
    }

    /// How connections to it, or to the servers it names, are encrypted.
    pub(super) fn tls(&self) -> Tls {
        match self {
            Self::Server(server) => server.tls,
            Self::Domain(name) => name.tls,
        }
    }
}

/// Who is asked, in this order: the servers that are named, those that DNS names, those for when none
/// of them answers.
pub(super) fn sources(settings: &LdapSettings) -> Result<Vec<Source>, String> {
    let named = settings.servers().map_err(|error| error.to_string())?;
    let domain = settings.srv_name().map_err(|error| error.to_string())?;
    let backup = (settings.backup_servers()).map_err(|error| error.to_string())?;
    let server = |server| Source::Server(Server::from(server));
    let (named, backup) = (named.into_iter(), backup.into_iter());
    let sources = named
        .map(server)
        .chain(domain.map(Source::Domain))
        .chain(backup.map(server));
    Ok(sources.collect())
}

impl Prepared {
    pub(super) async fn ask_one(
        &self,
        turn: &Turn<'_, Source>,
        question: &Question<'_>,
        password: Option<Result<Password<'_>, Fault>>,
        deadline: Deadline,
    ) -> Result<Outcome<Source>, Failure> {
        let usual = self.settings.connect_timeout.duration();
        let opening = deadline.within(turn.opening(usual));
        match turn.server {
            Source::Domain(name) => self.servers_of(name, opening).await,
            Source::Server(server) => {
                let session = Session::open(self, server, opening, deadline).await?;
                let ruling = self.ask_server(session, question, password).await?;
                Ok(Outcome::Ruling(ruling))
            }
        }
    }

    async fn servers_of(
        &self,
        name: &SrvName,
        deadline: Deadline,
    ) -> Result<Outcome<Source>, Failure> {
        let finding = srv::servers(&self.dns, &name.service, deadline);
        let found = within(deadline, dns::STEP, finding).await?;
        let found = (found.into_iter()).map(|target| Server::found(target, name.tls));
        Ok(Outcome::Servers(found.map(Source::Server).collect()))
    }

    async fn ask_server(
        &self,
        mut session: Session,
        question: &Question<'_>,
        password: Option<Result<Password<'_>, Fault>>,
    ) -> Result<Ruling, Failure> {
        let password = match password.transpose() {
            Ok(password) => password,
            Err(fault) => return self.refuse_unsent(&mut session, question, fault).await,
        };
        let answer = self.answer(&mut session, question, password).await;
        answer.map_err(|failure| match session.has_sent_password() {
            true => failure.spent(),
            false => failure,
        })
    }
}
