//! One of the servers, from the connection to the answer; or the domain that names them.

use authchain::backends::protocol::Question;
use authchain::tools::deadline::Deadline;

use super::Prepared;
use super::password::{Fault, Password};
use super::session::Session;
use super::sources::{Server, Source, SrvRecord};
use crate::answer::Answer;
use crate::net::failure::{Failure, within};
use crate::net::srv::Target;
use crate::net::{dns, srv};
use crate::servers::{Outcome, Turn};

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
            Source::Records(records) => {
                let found = self.servers_of(records, opening).await?;
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
        SrvRecord { name, port }: &SrvRecord,
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
