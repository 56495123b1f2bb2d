//! Answers each question, in the steps that it takes.

mod account;
mod asked_change;
mod change;
mod login;

use authchain::backends::protocol::{
    Bytes, Operation, PasswordChange, Question, RefusalReason, WireRefusal, WireVerdict,
};
use authchain::tools::deadline::Deadline;
use authchain::words::{Denial, DenialReason};

use self::asked_change::{Change, Unsendable};
use super::active_directory::groups::Token;
use super::directory::Directory;
use super::group_query::AskedGroup;
use super::password::{Password, PasswordFault};
use super::person::{Found, Person};
use super::session::{SERVICE_BIND, Session};
use super::sources::Source;
use super::typed_name::TypedName;
use crate::answer::Answer;
use crate::guard::MAX_CONNECTION;
use crate::net::failure::{Failure, within};
use crate::servers::{Health, Outcome, Turn, deadline_of, in_turn};

/// One question: the login name, and the task that answers it.
struct Inquiry<'q> {
    typed: TypedName<'q>,
    /// The PAM service.
    service: &'q str,
    /// The groups that the rules ask about; `None` if none are asked about, or this directory
    /// cannot find them out.
    groups: Option<Vec<AskedGroup>>,
    task: Task<'q>,
}

/// The task that answers a question, decided before a server is asked.
enum Task<'q> {
    /// Finds the person, then binds as them.
    SearchFirst(Password<'q>),
    /// Binds as the person before any search: there is no login of our own.
    LoginFirst(Password<'q>),
    /// Finds the person whose password must not be sent, to refuse it.
    RefuseUnsent(PasswordFault),
    /// Finds the person.
    Lookup,
    /// Finds the person, and judges the account.
    Account,
    /// Changes the password, or finds out whether it may be changed.
    Change(Change<'q>),
}

/// A source that was reached.
pub(super) enum Reached {
    /// A server, with authchain's own login.
    Session(Box<Session>),
    /// DNS, which names servers.
    Servers(Vec<Source>),
}

impl Directory {
    /// Answers a question. Ends just before the question's budget does, so that the answer can
    /// still say which server took too long. A failure becomes *unavailable* or *failed*.
    pub(super) async fn ask(&self, question: &Question<'_>, health: &Health) -> Answer {
        let deadline = deadline_of(question);
        let mut inquiry = match self.inquiry(question) {
            Ok(inquiry) => inquiry,
            Err(known) => return (*known).into(),
        };
        let mut warnings: Vec<String> = self.warnings.iter().map(ToString::to_string).collect();
        if !question.groups.is_empty() {
            match self.flavour.asked_groups(&question.groups) {
                Ok(groups) => inquiry.groups = Some(groups),
                Err(why) => warnings.push(format!("no groups can be looked up for rules: {why}")),
            }
        }
        in_turn(
            &self.sources,
            health,
            deadline,
            warnings,
            async |turn, own| {
                let asked = self.ask_source(turn, &inquiry, own, deadline).await;
                asked.map_err(|failure| failure.limited_by("timeout"))
            },
        )
        .await
    }

    /// Decides the task; `Err` is the verdict where no server has to be asked.
    fn inquiry<'q>(&self, question: &'q Question<'_>) -> Result<Inquiry<'q>, Box<WireVerdict>> {
        let password = question.password.as_ref().map(Bytes::secret);
        let password = match password.map(Password::of).transpose() {
            // Refused here, so that it is never sent: a directory takes a bind with an empty
            // password for an anonymous one, and accepts it (RFC 4513 §5.1.2).
            Err(PasswordFault::Empty) => {
                return Err(WireVerdict::Denied(Denial::from(PasswordFault::Empty)).into());
            }
            password => password,
        };
        let typed = self.flavour.typed_name(&question.user);
        if typed.login.is_none() && self.people.alias_filter(typed.text).is_none() {
            return Err(WireVerdict::Unknown.into());
        }
        let task = match (question.operation, password) {
            (_, Err(fault)) => Task::RefuseUnsent(fault),
            (Operation::Authenticate, Ok(Some(password))) => {
                match self.connector.binds_as_the_person() {
                    true => Task::LoginFirst(password),
                    false => Task::SearchFirst(password),
                }
            }
            (Operation::Authenticate, Ok(None)) => {
                return Err(WireVerdict::Denied(Denial {
                    detail: Some("none sent".to_owned()),
                    ..DenialReason::EmptyPassword.into()
                })
                .into());
            }
            // Examinations go to `examine`, and would find out no more than a lookup here.
            (Operation::Lookup | Operation::Examine, _) => Task::Lookup,
            (Operation::Account, _) => Task::Account,
            (Operation::ChangePassword, _) => change_task(question.change.as_ref())?,
            // No directory is a second factor.
            (Operation::Confirm, _) => return Err(WireVerdict::Unknown.into()),
            (
                Operation::Register
                | Operation::Edit
                | Operation::Remove
                | Operation::List
                | Operation::Describe,
                _,
            ) => {
                return Err(WireVerdict::Failed("a task, not a question".to_owned()).into());
            }
        };
        let has_login = matches!(
            question.operation,
            Operation::Authenticate | Operation::ChangePassword
        );
        if self.flavour.domain().is_some() && self.connector.binds_as_the_person() && !has_login {
            // A domain shows nothing to anonymous clients.
            return Err(WireVerdict::Unavailable(no_login_to_search().to_string()).into());
        }
        Ok(Inquiry {
            typed,
            service: &question.service,
            groups: None,
            task,
        })
    }

    /// Asks a server, or DNS for servers, by `deadline`; where the password has been sent, by
    /// `whole`.
    async fn ask_source(
        &self,
        turn: &Turn<'_, Source>,
        inquiry: &Inquiry<'_>,
        deadline: Deadline,
        whole: Deadline,
    ) -> Result<Outcome<Source>, Failure> {
        match self.reach(turn, deadline, whole, MAX_CONNECTION).await? {
            Reached::Servers(servers) => Ok(Outcome::Servers(servers)),
            Reached::Session(mut session) => {
                let answer = self.answer(&mut session, inquiry).await;
                let answer = answer.map_err(|failure| match session.has_sent_password() {
                    true => failure.spent(),
                    false => failure,
                });
                Ok(answer?.into())
            }
        }
    }

    /// Connects to a server and logs in there, or asks DNS for servers, as [`ask_source`] does. The
    /// server may send `most` bytes in all.
    ///
    /// [`ask_source`]: Self::ask_source
    pub(super) async fn reach(
        &self,
        turn: &Turn<'_, Source>,
        deadline: Deadline,
        whole: Deadline,
        most: usize,
    ) -> Result<Reached, Failure> {
        let timeout = self.connector.timeout.duration();
        let opening = deadline.within(turn.opening(timeout));
        let named = |failure: Failure| match deadline.is_over() {
            true => failure.limited_by("timeout"),
            false => failure.limited_by(turn.limit("connect_timeout", timeout)),
        };
        match turn.server {
            Source::Records(records) => {
                let found = self.connector.servers_of(records, opening).await;
                let found = found.map_err(named)?.into_iter().map(Source::Server);
                Ok(Reached::Servers(found.collect()))
            }
            Source::Server(server) => {
                let connection = self.connector.connect(server, opening).await;
                let connection = connection.map_err(named)?;
                let mut session = Session::over(connection, deadline, whole, most).await?;
                // The TLS handshake has shown that the server answers.
                let is_heard = server.is_encrypted();
                if turn.is_probe() && !is_heard {
                    // Boxed, because it is rare, and the future of every login would have room for
                    // it.
                    Box::pin(session.hear(opening)).await.map_err(named)?;
                }
                if turn.is_probe() || is_heard {
                    turn.opened();
                }
                let log_in = self.connector.log_in(&mut session);
                within(deadline, SERVICE_BIND, log_in).await?;
                Ok(Reached::Session(Box::new(session)))
            }
        }
    }

    async fn answer(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
    ) -> Result<Answer, Failure> {
        match &inquiry.task {
            Task::SearchFirst(password) => self.search_first(session, inquiry, *password).await,
            Task::LoginFirst(password) => self.login_first(session, inquiry, *password).await,
            Task::RefuseUnsent(fault) => self.refuse_unsent(session, inquiry, *fault).await,
            Task::Lookup => self.lookup(session, inquiry).await,
            Task::Account => self.account(session, inquiry).await,
            Task::Change(change) => Box::pin(self.change(session, inquiry, change)).await,
        }
    }

    /// Refuses the password only of a person who exists here: a backend after this one may know the
    /// person, and take passwords that a directory does not.
    async fn refuse_unsent(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
        fault: PasswordFault,
    ) -> Result<Answer, Failure> {
        if self.connector.binds_as_the_person() {
            // Without a login of our own, only a bind could tell whether the person exists.
            return Ok(Answer::unknown(None));
        }
        let found = (self.people.find_by_name_or_alias(session, &inquiry.typed)).await?;
        Ok(unsent(found, fault))
    }

    /// Returns the reason why this person may not log in, whatever their password, if there is one.
    /// Otherwise the person's groups are known from then on.
    async fn denial(
        &self,
        session: &mut Session,
        person: &mut Person,
        inquiry: &Inquiry<'_>,
        known: Option<&Token>,
    ) -> Result<Option<&'static str>, Failure> {
        let denial = self.admission.denial(session, person, inquiry.service);
        match denial.await? {
            Some(why) => Ok(Some(why)),
            None => self.find_groups(session, person, inquiry, known).await,
        }
    }

    /// Finds out the person's groups that matter, and returns the reason if they are in none of
    /// `allow_groups`.
    async fn find_groups(
        &self,
        session: &mut Session,
        person: &mut Person,
        inquiry: &Inquiry<'_>,
        known: Option<&Token>,
    ) -> Result<Option<&'static str>, Failure> {
        let asked = inquiry.groups.as_deref();
        let finding =
            (self.flavour).group_findings(session, person, asked.unwrap_or_default(), known);
        let found = finding.await?;
        person.user.groups = asked.map(|_| found.groups);
        person.user.unclear_groups = found.unclear_groups;
        Ok(found.denial)
    }
}

/// Returns the task of changing a password; `Err` is the verdict where no server has to be asked.
fn change_task<'q>(asked: Option<&'q PasswordChange<'_>>) -> Result<Task<'q>, Box<WireVerdict>> {
    match asked.map(Change::of) {
        Some(Ok(change)) => Ok(Task::Change(change)),
        Some(Err(Unsendable::Old(fault))) => Ok(Task::RefuseUnsent(fault)),
        Some(Err(Unsendable::New(fault))) => Err(WireVerdict::Refused(WireRefusal {
            reason: RefusalReason::Quality,
            text: format!("The new password cannot be used: {}.", fault.text()),
        })
        .into()),
        None => Err(WireVerdict::Failed("no change was asked for".to_owned()).into()),
    }
}

/// Returns the answer to a password that must not be sent.
fn unsent(found: Found, fault: PasswordFault) -> Answer {
    match found {
        Found::Person(_) => WireVerdict::Denied(Denial::from(fault)).into(),
        Found::Several(_) => WireVerdict::Denied(DenialReason::NotPermitted.into()).into(),
        Found::Nobody(note) => Answer::unknown(note),
    }
}

fn no_login_to_search() -> Failure {
    let text = "nobody is logged in to look; set bind_dn";
    Failure::settings("search", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_denied_for_a_password_that_may_be_somebody_elses() {
        assert_eq!(
            unsent(Found::Nobody(None), PasswordFault::TooLong).verdict,
            WireVerdict::Unknown
        );
        assert!(matches!(
            unsent(Found::Several("two"), PasswordFault::Nul).verdict,
            WireVerdict::Denied(_)
        ));
    }
}
