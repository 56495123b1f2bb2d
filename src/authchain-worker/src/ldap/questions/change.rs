//! The change of a password: by the person, who gives the old one, or by root.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::{RefusalReason, WireVerdict};
use authchain::files::passwd_files::ageing::day_of;
use authchain::words::{AccountStatus, DenialReason};

use super::Inquiry;
use super::asked_change::Change;
use super::login::SOMEBODY_ELSE;
use crate::answer::Answer;
use crate::change_gate;
use crate::clock::now;
use crate::ldap::change_refusals::{ROOT, refusal, refusal_of_root};
use crate::ldap::codes::{self, describe};
use crate::ldap::directory::Directory;
use crate::ldap::flavour::ChangeRequest;
use crate::ldap::password::Password;
use crate::ldap::person::{Found, Person};
use crate::ldap::policy::control::{BindError, ChangeError};
use crate::ldap::policy::{LAST_CHANGE, State};
use crate::ldap::session::writes::{ChangeReply, PasswordAttribute};
use crate::ldap::session::{BindReply, SERVICE_BIND, Session};
use crate::net::failure::{Failure, within};

/// The fault of settings without an account that may search and change.
const NEEDS_SERVICE: &str = "the server lets nobody in whose password must be changed; set bind_dn";

/// A person whose old password is right.
struct Proven {
    person: Box<Person>,
    reply: BindReply,
    /// The rules for the new password, if they were asked for and can be read.
    rules: Option<String>,
}

impl Directory {
    /// Changes the password, or says whether it may be changed.
    pub(super) async fn change(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
        change: &Change<'_>,
    ) -> Result<Answer, Failure> {
        match (change.kind, change.old) {
            (ChangeKind::ByRoot, _) => self.change_as_root(session, inquiry, change).await,
            (_, Some(old)) => {
                let proving = self.prove(session, inquiry, old, change.new.is_none());
                match proving.await? {
                    Ok(proven) => self.change_own(session, &proven, old, change).await,
                    Err(answer) => Ok(answer),
                }
            }
            (_, None) => Ok(Answer::denied(DenialReason::EmptyPassword, "none sent")),
        }
    }

    /// Finds the person and binds with the old password, in the order of a login. A password that
    /// has expired is as right as any other.
    async fn prove(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
        old: Password<'_>,
        wants_rules: bool,
    ) -> Result<Result<Proven, Answer>, Failure> {
        if self.connector.binds_as_the_person() {
            return self.prove_first(session, inquiry, old, wants_rules).await;
        }
        let mut person = match self.changing(session, inquiry).await? {
            Ok(person) => person,
            Err(answer) => return Ok(Err(answer)),
        };
        if let Some(why) = self.denial(session, &mut person, inquiry, None).await? {
            return Ok(Err(Answer::denied(DenialReason::NotPermitted, why)));
        }
        let rules = match wants_rules {
            true => self.flavour.password_rules(session, &person).await,
            false => None,
        };
        let reply = session.bind(&person.dn, old, true).await?;
        if !reply.has_expired() {
            if let Some(refusal) = self.flavour.refusal(&reply, &person.entry)? {
                return Ok(Err(refusal));
            }
        }
        Ok(Ok(Proven {
            person,
            reply,
            rules,
        }))
    }

    /// Binds with the old password and then looks at the person, where authchain has no login of
    /// its own.
    async fn prove_first(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
        old: Password<'_>,
        wants_rules: bool,
    ) -> Result<Result<Proven, Answer>, Failure> {
        let login = inquiry.typed.login.as_ref();
        let name = login.and_then(|login| self.flavour.bind_name(&self.people, login));
        let reply = session.bind(name.as_deref().unwrap_or_default(), old, true);
        let reply = reply.await?;
        if self.flavour.is_for_change_only(&reply)
            || reply.policy.error == Some(BindError::MustChange)
        {
            // The server shows nothing until the change, not even the person's own entry.
            return Err(Failure::settings("bind", NEEDS_SERVICE));
        }
        if let Some(refusal) = self.flavour.refusal_of_derived_name(&reply)? {
            return Ok(Err(refusal));
        }
        let mut person = match self.changing(session, inquiry).await? {
            Ok(person) => person,
            Err(answer) => return Ok(Err(answer)),
        };
        let token = self.flavour.own_token(session).await?;
        if (token.as_ref()).is_some_and(|token| !token.is_of(&person.entry)) {
            return Ok(Err(Answer::denied(
                DenialReason::AnotherPerson,
                SOMEBODY_ELSE,
            )));
        }
        let denial = self.denial(session, &mut person, inquiry, token.as_ref());
        if let Some(why) = denial.await? {
            return Ok(Err(Answer::barred(AccountStatus::NotPermitted, why)));
        }
        let rules = match wants_rules {
            true => self.flavour.password_rules(session, &person).await,
            false => None,
        };
        Ok(Ok(Proven {
            person,
            reply,
            rules,
        }))
    }

    /// Finds the one person whose password is to be changed.
    async fn changing(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
    ) -> Result<Result<Box<Person>, Answer>, Failure> {
        let finding = self.people.find_by_name_or_alias(session, &inquiry.typed);
        Ok(match finding.await? {
            Found::Person(person) => Ok(person),
            Found::Nobody(note) => Err(Answer::unknown(note)),
            Found::Several(why) => Err(Answer::denied(DenialReason::NotPermitted, why)),
        })
    }

    /// Changes the password of a person who is logged in on this connection.
    async fn change_own(
        &self,
        session: &mut Session,
        proven: &Proven,
        old: Password<'_>,
        change: &Change<'_>,
    ) -> Result<Answer, Failure> {
        let person = &*proven.person;
        if let Some(refusal) = self.refusal_by_account(proven, change.kind)? {
            return Ok(refusal);
        }
        let Some(new) = change.new else {
            let is_found = self.connector.binds_as_the_person();
            let user = is_found.then(|| person.user.clone());
            return Ok(WireVerdict::MayChange(user, proven.rules.clone()).into());
        };
        let reply = match self.flavour.change_request() {
            ChangeRequest::PasswordModify => {
                // After a bind that failed, the server may take the connection for anonymous
                // (RFC 4511 §4.2.1).
                let whose = proven.reply.has_expired().then_some(person.dn.as_str());
                session.modify_password(whose, Some(old), new).await?
            }
            ChangeRequest::Write(PasswordAttribute::UserPassword)
                if !proven.reply.has_expired() =>
            {
                write(session, &person.dn, old, new).await?
            }
            ChangeRequest::Write(attribute) => {
                self.replace_login(session, proven).await?;
                let changing = session.exchange_password(&person.dn, attribute, old, new);
                changing.await?
            }
        };
        match refusal(&reply)? {
            Some(refusal) => Ok(refusal),
            None => Ok(self.changed(session, person).await),
        }
    }

    /// Logs in as `bind_dn` where a domain has refused the bind because the password can only be
    /// changed: nobody is logged in then, and any account may exchange the right password.
    async fn replace_login(&self, session: &mut Session, proven: &Proven) -> Result<(), Failure> {
        let is_logged_in = proven.reply.result.rc == codes::SUCCESS;
        match self.connector.has_own_login() {
            _ if is_logged_in || self.flavour.domain().is_none() => Ok(()),
            true => self.log_in_again(session).await,
            false => Err(Failure::settings("bind", NEEDS_SERVICE)),
        }
    }

    /// Returns the refusal by the state of an account whose old password is right. A password that
    /// has expired may be changed, unless its account is over or its time for a change is.
    fn refusal_by_account(
        &self,
        Proven { person, reply, .. }: &Proven,
        kind: ChangeKind,
    ) -> Result<Option<Answer>, Failure> {
        let entry = &person.entry;
        let State { status, why } = self.flavour.state_at_login(entry)?;
        let must_change = reply.has_expired()
            || reply.policy.is_in_grace()
            || reply.policy.error == Some(BindError::MustChange);
        let status = match status {
            AccountStatus::Valid { .. } if must_change => AccountStatus::MustChangePassword,
            status => status,
        };
        let is_too_young = self.flavour.days_until_change(entry).is_some();
        let refusal = change_gate::refusal(&status, kind, is_too_young);
        Ok(refusal.map(|answer| answer.with_note(why.map(str::to_owned))))
    }

    /// Changes a person's password for root, by the rights of `bind_dn`. No rule of the account
    /// counts, as in `passwd NAME`.
    async fn change_as_root(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
        change: &Change<'_>,
    ) -> Result<Answer, Failure> {
        if !self.connector.has_own_login() {
            let note = "a change by root needs bind_dn".to_owned();
            let answer = Answer::refused(RefusalReason::NotPermitted, ROOT);
            return Ok(answer.with_note(Some(note)));
        }
        let person = match self.changing(session, inquiry).await? {
            Ok(person) => person,
            Err(answer) => return Ok(answer),
        };
        let Some(new) = change.new else {
            let rules = self.flavour.password_rules(session, &person).await;
            return Ok(WireVerdict::MayChange(None, rules).into());
        };
        let reply = match self.flavour.change_request() {
            ChangeRequest::PasswordModify => {
                session.modify_password(Some(&person.dn), None, new).await?
            }
            ChangeRequest::Write(attribute) => {
                session.write_password(&person.dn, attribute, new).await?
            }
        };
        match refusal_of_root(&reply)? {
            Some(refusal) => Ok(refusal),
            None => Ok(self.changed(session, &person).await),
        }
    }

    /// Returns that the password was changed, after the entry's day of the last change is today.
    /// No server writes it, and an old day would demand a change for ever. Whoever is logged in
    /// tries first, then `bind_dn`. The password is changed, whatever comes of it.
    async fn changed(&self, session: &mut Session, person: &Person) -> Answer {
        let answer = Answer::from(WireVerdict::Changed(None));
        if person.entry.bytes(LAST_CHANGE).next().is_none() {
            return answer;
        }
        let today = day_of(now()).to_string();
        let by_person = write_day(session, &person.dn, &today).await;
        let Err(why) = by_person else {
            return answer;
        };
        let by_service = match self.connector.has_own_login() {
            true => match self.log_in_again(session).await {
                Ok(()) => write_day(session, &person.dn, &today).await,
                Err(failure) => Err(failure.to_string()),
            },
            false => Err(why),
        };
        answer.with_note(by_service.err().map(|why| {
            format!("{LAST_CHANGE} still has the old day, and may demand a change again: {why}")
        }))
    }

    /// Logs in as `bind_dn` on a connection on which the person was logged in.
    async fn log_in_again(&self, session: &mut Session) -> Result<(), Failure> {
        let end = session.end();
        within(end, SERVICE_BIND, self.connector.log_in(session)).await
    }
}

/// Writes the new password. The old one goes along only where the policy demands it: servers
/// without one cannot compare it with the hash that they have.
async fn write(
    session: &mut Session,
    dn: &str,
    old: Password<'_>,
    new: Password<'_>,
) -> Result<ChangeReply, Failure> {
    let attribute = PasswordAttribute::UserPassword;
    let reply = session.write_password(dn, attribute, new).await?;
    match reply.error {
        Some(ChangeError::OldPasswordMissing) => {
            session.exchange_password(dn, attribute, old, new).await
        }
        _ => Ok(reply),
    }
}

/// Writes the day of the last change; an error says why not.
async fn write_day(session: &mut Session, dn: &str, today: &str) -> Result<(), String> {
    match session.write_value(dn, LAST_CHANGE, today).await {
        Ok(result) if result.rc == codes::SUCCESS => Ok(()),
        Ok(result) => Err(describe(&result)),
        Err(failure) => Err(failure.to_string()),
    }
}
