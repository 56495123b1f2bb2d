//! One of the servers, from the connection to the answer.

use authchain::backends::protocol::Question;
use authchain::config::settings::ldap::Tls;
use authchain::config::settings::ldap::uri::ServerUri;
use authchain::tools::deadline::Deadline;

use super::Prepared;
use super::password::{Fault, Password};
use super::session::Session;
use crate::net::failure::Failure;
use crate::servers::{Ruling, Server, Turn};

impl Server for (ServerUri, Tls) {
    fn name(&self) -> &str {
        self.0.as_str()
    }
}

impl Prepared {
    pub(super) async fn ask_one(
        &self,
        turn: &Turn<'_, (ServerUri, Tls)>,
        question: &Question<'_>,
        password: Option<Result<Password<'_>, Fault>>,
        deadline: Deadline,
    ) -> Result<Ruling, Failure> {
        let usual = self.settings.connect_timeout.duration();
        let opening = deadline.within(turn.opening(usual));
        let mut session = Session::open(self, turn.server, opening, deadline).await?;
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
