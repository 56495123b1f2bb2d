//! Examines every server step by step, as a login would go, for the administrator.
//!
//! | file | holds |
//! |---|---|
//! | [`connection`] | names, sockets, TLS and the certificate |
//! | [`root`] | the root DSE: what the server says about itself |
//! | [`searches`] | the base, a name that nobody has, people |
//! | [`groups`] | the groups that people must be in |
//! | [`domain`] | what a domain of Active Directory has besides |
//! | [`advice`] | what to do about a step that failed |

mod advice;
mod connection;
mod domain;
mod groups;
mod root;
mod searches;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use authchain::backends::protocol::Question;
use authchain::tools::deadline::Deadline;
use ldap3::SearchResult;

use super::connector::Identity;
use super::directory::Directory;
use super::flavour::Flavour;
use super::group_query::WantedGroup;
use super::session::{SERVICE_BIND, Search, Session};
use super::sources::{LdapServer, Source};
use crate::answer::Answer;
use crate::examination::{Examination, GROUP_OF_A_RULE, Remark};
use crate::guard::MAX_CONNECTION;
use crate::net::failure::{Failure, within};
use crate::servers::{Server as _, deadline_of};

/// The time for one operation, after which the server is left alone.
const OPERATION: Duration = Duration::from_secs(5);

/// The examination of one server, over an open connection.
struct ServerExamination<'l> {
    steps: &'l Examination<'l>,
    session: Session,
    deadline: Deadline,
}

impl Directory {
    /// Examines every server, those of `backup_uris` included, whether or not it was down before.
    pub(super) async fn examine(
        &self,
        question: &Question<'_>,
        mut steps: Examination<'_>,
    ) -> Answer {
        let whole = deadline_of(question);
        let mut sources: VecDeque<Source> = self.sources.iter().cloned().collect();
        let mut known = BTreeSet::new();
        while let Some(source) = sources.pop_front() {
            steps.turn_to(source.name());
            let left = u32::try_from(sources.len().saturating_add(1)).unwrap_or(u32::MAX);
            let share = whole.remaining().checked_div(left).unwrap_or_default();
            let deadline = whole.within(share);
            // A step that failed has been reported, and ended the examination of its server.
            match source {
                Source::Server(server) => {
                    let examining = self.examine_server(&steps, &server, question, deadline);
                    let _ = examining.await;
                }
                Source::Records(records) => {
                    let opening = deadline.within(self.connector.timeout.duration());
                    let found = self.resolve_servers(&steps, &records, opening).await;
                    let found = found.unwrap_or_default().into_iter();
                    let is_new = |server: &LdapServer| known.insert(server.name.clone());
                    let found: Vec<LdapServer> = found.filter(is_new).collect();
                    let found = found.into_iter().map(Source::Server).rev();
                    found.for_each(|server| sources.push_front(server));
                }
            }
        }
        Answer::unknown(None)
    }

    async fn examine_server(
        &self,
        steps: &Examination<'_>,
        server: &LdapServer,
        question: &Question<'_>,
        deadline: Deadline,
    ) -> Option<()> {
        let opening = deadline.within(self.connector.timeout.duration());
        let connection = self.connect(steps, server, opening).await?;
        let session = Session::over(connection, deadline, deadline, MAX_CONNECTION);
        let session = session.await.ok()?;
        let server = &mut ServerExamination {
            steps,
            session,
            deadline,
        };
        self.log_in(server).await?;
        let root = self.root(server).await?;
        if let Some(domain) = self.flavour.domain() {
            self.membership(server, domain).await?;
            if self.connector.binds_as_the_person() {
                // A domain shows nothing else to anonymous clients.
                return Some(());
            }
        }
        let reading = self.base(server, &root).await?;
        self.unknown_name(server, &question.user, reading).await?;
        let asked = self.groups_of_rules(server, &question.groups);
        match &self.flavour {
            Flavour::ActiveDirectory(domain) => self.domain(server, domain, &asked).await,
            Flavour::Generic(generic) => {
                self.people(server).await?;
                self.groups(server, &generic.groups, &asked).await
            }
        }
    }

    /// Returns the groups that the rules ask about, as the directory may have them.
    fn groups_of_rules(
        &self,
        server: &ServerExamination<'_>,
        texts: &[String],
    ) -> Vec<WantedGroup> {
        match self.flavour.asked_groups(texts) {
            Ok(asked) => asked.into_iter().map(|asked| asked.group).collect(),
            Err(why) => {
                let text = format!("no groups can be looked up for rules: {why}");
                server.steps.remark(GROUP_OF_A_RULE, Remark::warning(text));
                Vec::new()
            }
        }
    }

    async fn log_in(&self, server: &mut ServerExamination<'_>) -> Option<()> {
        if self.connector.binds_as_the_person() {
            let text = match self.flavour.domain() {
                Some(_) => {
                    "none: people log in themselves (no bind_dn), and without a password nothing \
                     can be found out"
                }
                None => {
                    "none: people log in themselves (user_dn_template); what follows is what \
                     strangers may see"
                }
            };
            server.steps.remark(SERVICE_BIND, Remark::note(text));
            return Some(());
        }
        let binding = within(
            server.deadline.within(OPERATION),
            SERVICE_BIND,
            self.connector.log_in(&mut server.session),
        );
        let binding = async { binding.await.map_err(|failure| self.remark_on(&failure)) };
        let judge = |(): &(), _| Remark::fine(format!("as {}", self.who()));
        server.steps.step(SERVICE_BIND, binding, judge).await
    }

    /// Returns the identity by which searches are made, for remarks.
    fn who(&self) -> &str {
        match &self.connector.identity {
            Identity::Service { dn, .. } => dn,
            Identity::External => "whom the connection says (sasl = \"external\")",
            Identity::Anonymous | Identity::Person => "an anonymous login (no bind_dn)",
        }
    }

    /// Returns the remark on a failure, with advice if there is some.
    fn remark_on(&self, failure: &Failure) -> Remark {
        match advice::advice(&self.connector, failure) {
            Some(advice) => Remark::error(format!("{}; {advice}", failure.text)),
            None => Remark::error(&failure.text),
        }
    }
}

impl ServerExamination<'_> {
    /// Searches, in the time that one operation may take.
    async fn ask(
        &mut self,
        directory: &Directory,
        search: &Search<'_>,
    ) -> Result<SearchResult, Remark> {
        let deadline = self.deadline.within(OPERATION);
        let asking = within(deadline, search.step, self.session.search_raw(search));
        asking
            .await
            .map_err(|failure| directory.remark_on(&failure))
    }
}
