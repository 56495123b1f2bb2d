//! One of the servers, from the connection to the answer; or the domain that names them.

use authchain::backends::protocol::Question;
use authchain::config::settings::ldap::srv::SrvName;
use authchain::config::settings::ldap::uri::ServerUri;
use authchain::config::settings::ldap::{LdapSettings, Tls};
use authchain::tools::deadline::Deadline;

use super::Prepared;
use super::password::{Fault, Password};
use super::session::Session;
use crate::answer::Answer;
use crate::net::connect::Server;
use crate::net::failure::{Failure, within};
use crate::net::srv::Target;
use crate::net::{dns, srv};
use crate::servers::{self, Outcome, Turn};

/// Who may know the answer, or who does.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A server.
    Server(Server),
    /// A domain, whose servers DNS names.
    Domain(Signpost),
}

/// Where DNS is asked for servers.
#[derive(Debug, Clone)]
pub(super) struct Signpost {
    pub(super) name: SrvName,
    /// Where all of them are, whatever DNS says.
    pub(super) port: Option<u16>,
}

impl servers::Server for Source {
    fn name(&self) -> &str {
        match self {
            Self::Server(server) => server.uri.as_str(),
            Self::Domain(signpost) => &signpost.name.service,
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

    /// The port to connect to; `None` where DNS says which.
    pub(super) fn port(&self) -> Option<u16> {
        match self {
            Self::Server(server) => Some(server.uri.port),
            Self::Domain(signpost) => signpost.port,
        }
    }

    /// How connections to it, or to the servers it names, are encrypted.
    pub(super) fn tls(&self) -> Tls {
        match self {
            Self::Server(server) => server.tls,
            Self::Domain(signpost) => signpost.name.tls,
        }
    }
}

/// Who is asked, in this order: the servers that are named, those that DNS names, those for when none
/// of them answers.
pub(super) fn sources(settings: &LdapSettings) -> Result<Vec<Source>, String> {
    let named = settings.servers().map_err(|error| error.to_string())?;
    let domain = settings.srv_name().map_err(|error| error.to_string())?;
    let backup = (settings.backup_servers()).map_err(|error| error.to_string())?;
    let server = |(uri, tls)| Source::Server(Server::named(uri, tls));
    let (named, backup) = (named.into_iter(), backup.into_iter());
    let sources = named
        .map(server)
        .chain(domain.map(|name| Source::Domain(Signpost { name, port: None })))
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
            Source::Domain(signpost) => {
                let found = self.servers_of(signpost, opening).await?;
                let found = found.into_iter().map(Source::Server);
                Ok(Outcome::Servers(found.collect()))
            }
            Source::Server(server) => {
                let session = Session::open(self, server, opening, deadline).await?;
                let answer = self.ask_server(session, question, password).await?;
                Ok(answer.into())
            }
        }
    }

    /// The servers that DNS names, in the order they are to be asked.
    pub(super) async fn servers_of(
        &self,
        Signpost { name, port }: &Signpost,
        deadline: Deadline,
    ) -> Result<Vec<Server>, Failure> {
        let finding = srv::servers(&self.dns, &name.service, deadline);
        let found = within(deadline, dns::STEP, finding).await?;
        let found = found.into_iter().map(|target| {
            let port = port.unwrap_or(target.port);
            Server::found(Target { port, ..target }, name.tls)
        });
        Ok(found.collect())
    }

    async fn ask_server(
        &self,
        mut session: Session,
        question: &Question<'_>,
        password: Option<Result<Password<'_>, Fault>>,
    ) -> Result<Answer, Failure> {
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
