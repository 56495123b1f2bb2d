//! Every server step by step, as a login would go, for the administrator.
//!
//! | file | holds |
//! |---|---|
//! | [`way`] | names, sockets, TLS and its certificate |
//! | [`root`] | what the server says of itself |
//! | [`searches`] | the base, a name nobody has, people |
//! | [`groups`] | the groups that people must be in |
//! | [`domain`] | what a domain of Active Directory has besides |
//! | [`advice`] | what to do about a step that failed |

mod advice;
mod domain;
mod groups;
mod root;
mod searches;
mod way;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use authchain::backends::protocol::Question;
use authchain::config::settings::ldap::Scope;
use authchain::tools::deadline::Deadline;
use ldap3::SearchResult;

use super::connector::Identity;
use super::directory::Directory;
use super::flavour::Flavour;
use super::session::{SERVICE_BIND, Search, Session};
use super::sources::{LdapServer, Source};
use crate::answer::Answer;
use crate::examination::{Examination, Remark};
use crate::net::failure::{Failure, within};
use crate::servers::{Server as _, deadline_of};

/// How long one operation may take before the server is left alone.
const OPERATION: Duration = Duration::from_secs(5);

/// Fits every entry.
const ANY: &str = "(objectClass=*)";

/// A server that is being looked at.
struct Look<'l> {
    told: &'l Examination<'l>,
    session: Session,
    deadline: Deadline,
}

impl Directory {
    /// Looks at every server, those for emergencies too, whatever is known of them already.
    pub(super) async fn examine(
        &self,
        question: &Question<'_>,
        mut told: Examination<'_>,
    ) -> Answer {
        let whole = deadline_of(question);
        let mut sources: VecDeque<Source> = self.sources.iter().cloned().collect();
        let mut known = BTreeSet::new();
        while let Some(source) = sources.pop_front() {
            told.turn_to(source.name());
            let left = u32::try_from(sources.len().saturating_add(1)).unwrap_or(u32::MAX);
            let share = whole.remaining().checked_div(left).unwrap_or_default();
            let deadline = whole.within(share);
            // A step that failed has been told, and ended the look at its server.
            match source {
                Source::Server(server) => {
                    let looking = self.examine_server(&told, &server, &question.user, deadline);
                    let _ = looking.await;
                }
                Source::Records(records) => {
                    let opening = deadline.within(self.connector.timeout.duration());
                    let found = self.named(&told, &records, opening).await;
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
        told: &Examination<'_>,
        server: &LdapServer,
        nobody: &str,
        deadline: Deadline,
    ) -> Option<()> {
        let opening = deadline.within(self.connector.timeout.duration());
        let connection = self.way(told, server, opening).await?;
        let session = Session::over(connection, deadline).await.ok()?;
        let look = &mut Look {
            told,
            session,
            deadline,
        };
        self.log_in(look, opening).await?;
        let root = self.root(look).await?;
        if let Some(domain) = self.flavour.domain() {
            self.membership(look, domain).await?;
            if self.connector.binds_as_the_person() {
                // A domain shows nothing else to strangers.
                return Some(());
            }
        }
        let usual = self.base(look, &root).await?;
        self.nobody(look, nobody, usual).await?;
        match &self.flavour {
            Flavour::ActiveDirectory(domain) => self.domain(look, domain).await,
            Flavour::Generic(generic) => {
                self.people(look).await?;
                self.groups(look, &generic.groups).await
            }
        }
    }

    async fn log_in(&self, look: &mut Look<'_>, opening: Deadline) -> Option<()> {
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
            look.told.remark(SERVICE_BIND, Remark::note(text));
            return Some(());
        }
        let binding = within(
            opening,
            SERVICE_BIND,
            self.connector.log_in(&mut look.session),
        );
        let binding = async { binding.await.map_err(|failure| self.blame(&failure)) };
        let judge = |(): &(), _| Remark::fine(format!("as {}", self.who()));
        look.told.step(SERVICE_BIND, binding, judge).await
    }

    /// Returns as whom the searches are made.
    fn who(&self) -> &str {
        match &self.connector.identity {
            Identity::Service { dn, .. } => dn,
            Identity::External => "whom the connection says (sasl = \"external\")",
            Identity::Anonymous | Identity::Person => "an anonymous login (no bind_dn)",
        }
    }

    /// Returns the remark on a failure, with what to do about it.
    fn blame(&self, failure: &Failure) -> Remark {
        match advice::advice(&self.connector, failure) {
            Some(advice) => Remark::error(format!("{}; {advice}", failure.text)),
            None => Remark::error(&failure.text),
        }
    }
}

impl Look<'_> {
    /// Searches, in the time one operation may take.
    async fn ask(
        &mut self,
        directory: &Directory,
        search: &Search<'_>,
    ) -> Result<SearchResult, Remark> {
        let deadline = self.deadline.within(OPERATION);
        let asking = within(deadline, search.step, self.session.request(search));
        asking.await.map_err(|failure| directory.blame(&failure))
    }
}

/// Returns a search for one entry by its name.
fn entry<'a>(step: &'static str, dn: &'a str, attributes: &'a [&'a str]) -> Search<'a> {
    Search {
        step,
        base: dn,
        scope: Scope::Base,
        filter: ANY,
        attributes,
        limit: 1,
    }
}
