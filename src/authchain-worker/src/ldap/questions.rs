//! What is done for each question, in which order.

use authchain::backends::protocol::{Operation, Question, WireVerdict};
use authchain::words::{AccountStatus, Denial, DenialReason};

use super::Prepared;
use super::codes::{self, describe, is_trouble};
use super::password::Password;
use super::person::{Found, Person};
use super::policy::{BindError, status_of};
use super::session::{BindAnswer, Session};
use crate::net::failure::Failure;

/// An answer, and what is said besides.
pub(super) struct Ruling {
    pub(super) verdict: WireVerdict,
    /// Texts for the person.
    pub(super) infos: Vec<String>,
    /// Lines for the log.
    pub(super) notes: Vec<String>,
}

impl From<WireVerdict> for Ruling {
    fn from(verdict: WireVerdict) -> Self {
        Self {
            verdict,
            infos: Vec::new(),
            notes: Vec::new(),
        }
    }
}

fn denied(reason: DenialReason, detail: impl Into<String>) -> Ruling {
    let detail = Some(detail.into());
    WireVerdict::Denied(Denial { reason, detail }).into()
}

impl Prepared {
    /// Asks one server.
    pub(super) async fn answer(
        &self,
        session: &mut Session,
        question: &Question<'_>,
        password: Option<Password<'_>>,
    ) -> Result<Ruling, Failure> {
        match (question.operation, password) {
            (Operation::Authenticate, Some(password)) if self.binds_as_the_person() => {
                self.login_first(session, question, password).await
            }
            (Operation::Authenticate, Some(password)) => {
                self.search_first(session, question, password).await
            }
            (Operation::Authenticate, None) => Ok(denied(DenialReason::EmptyPassword, "none sent")),
            (Operation::Lookup, _) => self.lookup(session, question).await,
            (Operation::Account, _) => self.account(session, question).await,
        }
    }

    /// The usual order: who is it, may they in, is it their password, has it ended.
    async fn search_first(
        &self,
        session: &mut Session,
        question: &Question<'_>,
        password: Password<'_>,
    ) -> Result<Ruling, Failure> {
        let person = match self.find(session, &question.user).await? {
            Found::Person(person) => person,
            Found::Nobody(note) => return Ok(unknown(note)),
            Found::Several => return Ok(ambiguous()),
        };
        if let Some(why) = self.barred(session, &person, &question.service).await? {
            return Ok(denied(DenialReason::NotPermitted, why));
        }
        let answer = session
            .bind(&person.dn, password, self.settings.ppolicy)
            .await?;
        if let Some(ruling) = refusal(&answer)? {
            return Ok(ruling);
        }
        Ok(self.accepted(&person, &answer))
    }

    /// With a template and no login of our own: is it their password, who is it, may they in.
    async fn login_first(
        &self,
        session: &mut Session,
        question: &Question<'_>,
        password: Password<'_>,
    ) -> Result<Ruling, Failure> {
        let dn = self.dn_of(&question.user).unwrap_or_default();
        let answer = session.bind(&dn, password, self.settings.ppolicy).await?;
        if let Some(ruling) = refusal(&answer)? {
            return Ok(ruling);
        }
        if answer.policy.error == Some(BindError::MustChange) {
            // The server allows nothing else until then, not even reading one's own entry.
            return Ok(denied(
                DenialReason::NotPermitted,
                "the password must be changed first",
            ));
        }
        let person = match self.find(session, &question.user).await? {
            Found::Person(person) => person,
            Found::Nobody(note) => return Ok(unknown(note)),
            Found::Several => return Ok(ambiguous()),
        };
        if let Some(why) = self.barred(session, &person, &question.service).await? {
            return Ok(denied(DenialReason::NotPermitted, why));
        }
        Ok(self.accepted(&person, &answer))
    }

    async fn lookup(
        &self,
        session: &mut Session,
        question: &Question<'_>,
    ) -> Result<Ruling, Failure> {
        Ok(match self.find(session, &question.user).await? {
            Found::Person(person) => WireVerdict::Found(person.user).into(),
            Found::Nobody(note) => unknown(note),
            Found::Several => WireVerdict::Unavailable(SEVERAL.to_owned()).into(),
        })
    }

    async fn account(
        &self,
        session: &mut Session,
        question: &Question<'_>,
    ) -> Result<Ruling, Failure> {
        let person = match self.find(session, &question.user).await? {
            Found::Person(person) => person,
            Found::Nobody(note) => return Ok(unknown(note)),
            Found::Several => return Ok(WireVerdict::Unavailable(SEVERAL.to_owned()).into()),
        };
        let barred = self.barred(session, &person, &question.service).await?;
        let status = match &barred {
            Some(_) => AccountStatus::NotPermitted,
            None => {
                let terms = self.lockout_terms(session, &person).await?;
                status_of(
                    &person.entry,
                    self.settings.account_policy,
                    terms,
                    super::policy::now(),
                )
            }
        };
        let mut ruling = Ruling::from(WireVerdict::Account(person.user, status));
        ruling.notes.extend(barred);
        Ok(ruling)
    }

    /// The password is right. An account that has ended is refused all the same, although the
    /// server does not: a stack without our account line would let it in.
    fn accepted(&self, person: &Person, answer: &BindAnswer) -> Ruling {
        let now = super::policy::now();
        let policy = self.settings.account_policy;
        match status_of(&person.entry, policy, None, now) {
            AccountStatus::AccountExpired => {
                return denied(DenialReason::NotPermitted, "the account has expired");
            }
            AccountStatus::PasswordExpired => {
                return denied(
                    DenialReason::NotPermitted,
                    "the password expired too long ago",
                );
            }
            _ => {}
        }
        let mut ruling = Ruling::from(WireVerdict::Accepted(person.user.clone()));
        ruling.infos.extend(answer.policy.warning());
        ruling
    }
}

const SEVERAL: &str = "more than one entry has this name";

fn ambiguous() -> Ruling {
    denied(DenialReason::NotPermitted, SEVERAL)
}

fn unknown(note: Option<String>) -> Ruling {
    let mut ruling = Ruling::from(WireVerdict::Unknown);
    ruling.notes.extend(note);
    ruling
}

/// What a server that does not say yes to a password says.
fn refusal(answer: &BindAnswer) -> Result<Option<Ruling>, Failure> {
    let result = &answer.result;
    let told = describe(result);
    Ok(Some(match (result.rc, answer.policy.error) {
        (codes::SUCCESS, _) => return Ok(None),
        (code, _) if is_trouble(code) => return Err(Failure::trouble("bind", told)),
        (codes::INVALID_CREDENTIALS, Some(BindError::Expired)) => {
            denied(DenialReason::NotPermitted, "the password has expired")
        }
        (codes::INVALID_CREDENTIALS, Some(BindError::Locked)) => {
            denied(DenialReason::Locked, "the directory has locked the account")
        }
        (codes::INVALID_CREDENTIALS, _) => {
            let text = codes::words(&result.text);
            let detail = (!text.is_empty()).then_some(text);
            let reason = DenialReason::BadCredential;
            WireVerdict::Denied(Denial { reason, detail }).into()
        }
        // Entries without a password of the kind that is asked for.
        (codes::INAPPROPRIATE_AUTHENTICATION, _) => denied(DenialReason::BadCredential, told),
        // 389 Directory Server after too many attempts.
        (codes::CONSTRAINT_VIOLATION, _) => denied(DenialReason::Locked, told),
        (codes::UNWILLING | codes::INSUFFICIENT_ACCESS, _) => {
            denied(DenialReason::NotPermitted, told)
        }
        (codes::NO_SUCH_OBJECT, _) => return Err(Failure::trouble("bind", told)),
        _ => {
            let text = format!("configuration error: {told}");
            return Err(Failure::settings("bind", text));
        }
    }))
}
