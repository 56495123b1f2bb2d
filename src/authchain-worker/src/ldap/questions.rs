//! What is done for each question, in which order.

use authchain::backends::protocol::{Operation, Question, WireVerdict};
use authchain::words::{AccountStatus, DenialReason};

use super::Prepared;
use super::active_directory::account::{State, wants_smart_card};
use super::active_directory::own_token;
use super::entry::Entry;
use super::password::Password;
use super::person::{Found, Person};
use super::policy::{BindError, PASSED_OVER, has_passing_lock, is_passed_over, status_of};
use super::session::{BindAnswer, Session};
use crate::answer::Answer;
use crate::clock::now;
use crate::net::failure::Failure;
use crate::standing::{bar_of, let_in};

impl Prepared {
    /// Asks one server.
    pub(super) async fn answer(
        &self,
        session: &mut Session,
        question: &Question<'_>,
        password: Option<Password<'_>>,
    ) -> Result<Answer, Failure> {
        match (question.operation, password) {
            (Operation::Authenticate, Some(password)) if self.binds_as_the_person() => {
                self.login_first(session, question, password).await
            }
            (Operation::Authenticate, Some(password)) => {
                self.search_first(session, question, password).await
            }
            (Operation::Authenticate, None) => {
                Ok(Answer::denied(DenialReason::EmptyPassword, "none sent"))
            }
            // Servers are examined elsewhere; one that is asked here says who somebody is.
            (Operation::Lookup | Operation::Examine, _) => self.lookup(session, question).await,
            (Operation::Account, _) => self.account(session, question).await,
        }
    }

    /// The usual order: who is it, may they in, is it their password, has it ended.
    async fn search_first(
        &self,
        session: &mut Session,
        question: &Question<'_>,
        password: Password<'_>,
    ) -> Result<Answer, Failure> {
        let person = match self.find(session, &question.user).await? {
            Found::Person(person) => person,
            Found::Nobody(note) => return Ok(Answer::unknown(note)),
            Found::Several => return Ok(ambiguous()),
        };
        if let Some(why) = self.barred(session, &person, &question.service).await? {
            return Ok(Answer::denied(DenialReason::NotPermitted, why));
        }
        let answer = session
            .bind(&person.dn, password, self.settings.ppolicy)
            .await?;
        if let Some(refusal) = self.refusal(&answer, &person)? {
            return Ok(refusal);
        }
        self.accepted(&person, &answer)
    }

    /// Without a login of our own: is it their password, who is it, may they in.
    async fn login_first(
        &self,
        session: &mut Session,
        question: &Question<'_>,
        password: Password<'_>,
    ) -> Result<Answer, Failure> {
        let login = self.login_of(&question.user).unwrap_or_default();
        let answer = session
            .bind(&login, password, self.settings.ppolicy)
            .await?;
        if let Some(refusal) = self.refusal_of_a_guess(&answer)? {
            return Ok(refusal);
        }
        if answer.policy.error == Some(BindError::MustChange) {
            // The server allows nothing else until then, not even reading one's own entry.
            return Ok(Answer::denied(DenialReason::NotPermitted, CHANGE_FIRST));
        }
        let mut person = match self.find(session, &question.user).await? {
            Found::Person(person) => person,
            Found::Nobody(note) => return Ok(Answer::unknown(note)),
            Found::Several => return Ok(ambiguous()),
        };
        if self.domain.is_some() {
            let token = own_token(session).await?;
            if !token.is_of(&person.entry) {
                return Ok(Answer::denied(DenialReason::AnotherPerson, SOMEBODY_ELSE));
            }
            person.token = Some(token);
        }
        if let Some(why) = self.barred(session, &person, &question.service).await? {
            return Ok(Answer::denied(DenialReason::NotPermitted, why));
        }
        self.accepted(&person, &answer)
    }

    async fn lookup(
        &self,
        session: &mut Session,
        question: &Question<'_>,
    ) -> Result<Answer, Failure> {
        Ok(match self.look(session, &question.user).await? {
            Found::Person(person) => WireVerdict::Found(person.user).into(),
            Found::Nobody(note) => Answer::unknown(note),
            Found::Several => Answer::unavailable(SEVERAL),
        })
    }

    async fn account(
        &self,
        session: &mut Session,
        question: &Question<'_>,
    ) -> Result<Answer, Failure> {
        let person = match self.look(session, &question.user).await? {
            Found::Person(person) => person,
            Found::Nobody(note) => return Ok(Answer::unknown(note)),
            Found::Several => return Ok(Answer::unavailable(SEVERAL)),
        };
        let barred = self.barred(session, &person, &question.service).await?;
        let (status, note) = match barred {
            // An entry, or a group, that shows little to strangers fits nothing.
            Some(_) if self.binds_as_the_person() => return Err(nobody_looks()),
            Some(why) => (AccountStatus::NotPermitted, Some(why)),
            None => self.status(session, &person).await?,
        };
        let answer = Answer::from(WireVerdict::Account(person.user, status));
        Ok(answer.with_note(note))
    }

    /// Finds a person without their password. What is not shown to strangers may be there all the
    /// same: where nobody is logged in, finding nobody says nothing.
    async fn look(&self, session: &mut Session, name: &str) -> Result<Found, Failure> {
        match self.find(session, name).await? {
            Found::Nobody(_) if self.binds_as_the_person() => Err(nobody_looks()),
            found => Ok(found),
        }
    }

    /// The state of the account, and a line for the log.
    async fn status(
        &self,
        session: &mut Session,
        person: &Person,
    ) -> Result<(AccountStatus, Option<String>), Failure> {
        if let Some(domain) = &self.domain {
            let State { status, why } = domain.state(&person.entry, now())?;
            return Ok((status, why.map(str::to_owned)));
        }
        let (entry, policy) = (&person.entry, self.settings.account_policy);
        let terms = self.lockout_terms(session, person).await?;
        let note = is_passed_over(entry, policy, terms).then(|| PASSED_OVER.to_owned());
        let status = status_of(entry, policy, terms, now());
        Ok((status, note))
    }

    /// The password is right, and what is known of the account goes with the answer.
    fn accepted(&self, person: &Person, answer: &BindAnswer) -> Result<Answer, Failure> {
        let entry = &person.entry;
        let State { status, why } = self.state_at_login(entry)?;
        if let Some(refusal) = self.refusal_by_state(entry, &status, why, answer) {
            return Ok(refusal);
        }
        let user = person.user.clone();
        // A line for the log goes with the question that it belongs to.
        let is_whole = why.is_none() && self.is_lasting(entry);
        let mut accepted = Answer::from(let_in(user, status, is_whole));
        accepted.infos.extend(answer.policy.warning());
        Ok(accepted)
    }

    /// The state of the account. A lock that wrong passwords caused is the bind's to judge.
    fn state_at_login(&self, entry: &Entry) -> Result<State, Failure> {
        match &self.domain {
            Some(domain) => domain.state(entry, now()),
            None => Ok(State {
                status: status_of(entry, self.settings.account_policy, None, now()),
                why: None,
            }),
        }
    }

    /// An account that has ended is refused, although the server does not: a stack without our account
    /// line would let it in.
    fn refusal_by_state(
        &self,
        entry: &Entry,
        status: &AccountStatus,
        why: Option<&str>,
        answer: &BindAnswer,
    ) -> Option<Answer> {
        if let Some(reason) = bar_of(status) {
            let why = why.map_or_else(|| status.to_string(), str::to_owned);
            return Some(Answer::denied(reason, why));
        }
        if self.domain.is_some() && wants_smart_card(entry) {
            return Some(Answer::denied(DenialReason::NotPermitted, SMART_CARD));
        }
        let is_shown = *status == AccountStatus::MustChangePassword;
        if !is_shown && answer.policy.error == Some(BindError::MustChange) {
            // Whoever is asked about the account would see nothing of it, and let that password do for ever.
            return Some(Answer::denied(DenialReason::NotPermitted, CHANGE_NOT_SHOWN));
        }
        None
    }

    /// Whether the account would be found in the same state by whoever asked for it now.
    fn is_lasting(&self, entry: &Entry) -> bool {
        // Nobody but the person looks there, and only while they log in.
        !self.binds_as_the_person()
            // The bind may have ended the lock, on this server and perhaps not yet on others.
            && !has_passing_lock(entry)
    }

    /// What is known of whoever is asked about before any server is.
    pub(super) fn known_without_asking(&self, question: &Question<'_>) -> Option<WireVerdict> {
        let domain = self.domain.as_ref()?;
        if domain.login(&question.user).is_none() {
            return Some(WireVerdict::Unknown);
        }
        let is_a_login = question.operation == Operation::Authenticate;
        let needs_a_login = self.binds_as_the_person() && !is_a_login;
        // A domain shows nothing to strangers.
        needs_a_login.then(|| WireVerdict::Unavailable(nobody_looks().to_string()))
    }
}

fn nobody_looks() -> Failure {
    let text = "nobody is logged in to look; set bind_dn";
    Failure::settings("search", text)
}

/// What the server says of a password that an administrator has set.
const CHANGE_FIRST: &str = "the password must be changed first";

/// The same where the entry says nothing of it, because it is not asked, may not be read, or the server
/// keeps that elsewhere.
const CHANGE_NOT_SHOWN: &str = "the password must be changed first, which its entry does not show: see account_policy, and \
     whether bind_dn may read pwdReset";

pub(super) const SMART_CARD: &str = "the domain wants a smart card of this person";

const SOMEBODY_ELSE: &str =
    "the password is that of another account, whose userPrincipalName this name is";

const SEVERAL: &str = "more than one entry has this name";

fn ambiguous() -> Answer {
    Answer::denied(DenialReason::NotPermitted, SEVERAL)
}
