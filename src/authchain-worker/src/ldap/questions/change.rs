//! The change of a password: by the person, who gives the old one, or by root.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::{RefusalReason, WireVerdict};
use authchain::config::settings::ldap::ChangeMethod;
use authchain::files::passwd_files::ageing::day_of;
use authchain::words::{AccountStatus, DenialReason};

use super::Inquiry;
use super::asked_change::Change;
use crate::answer::Answer;
use crate::clock::now;
use crate::ldap::change_refusals::{ROOT, refusal, refusal_of_root};
use crate::ldap::codes::{self, describe};
use crate::ldap::directory::Directory;
use crate::ldap::flavour::Generic;
use crate::ldap::password::Password;
use crate::ldap::person::{Found, Person};
use crate::ldap::policy::control::{BindError, ChangeError};
use crate::ldap::policy::rules::rules;
use crate::ldap::policy::{LAST_CHANGE, State};
use crate::ldap::session::writes::ChangeReply;
use crate::ldap::session::{BindReply, SERVICE_BIND, Session};
use crate::net::failure::{Failure, within};

const LOCKED: &str = "Your account is locked; please contact your system administrator.";
const BARRED: &str = "You may not log in here; please contact your system administrator.";
const TOO_YOUNG: &str = "You must wait longer to change your password.";

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
        let Some(generic) = self.flavour.generic() else {
            return Ok(Answer::failed("no passwords of a domain are changed"));
        };
        match (change.kind, change.old) {
            (ChangeKind::ByRoot, _) => self.change_as_root(session, inquiry, change, generic).await,
            (_, Some(old)) => {
                let proving = self.prove(session, inquiry, old, change.new.is_none());
                match proving.await? {
                    Ok(proven) => {
                        self.change_own(session, &proven, old, change, generic)
                            .await
                    }
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
            true => rules(session, &person.entry).await,
            false => None,
        };
        let reply = session.bind(&person.dn, old, true).await?;
        if !has_expired(&reply) {
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
        if has_expired(&reply) || reply.policy.error == Some(BindError::MustChange) {
            // The server shows nothing until the change, not even the person's own entry.
            let text = "the server does not show the entry of a person whose password must be \
                        changed; set bind_dn";
            return Err(Failure::settings("bind", text));
        }
        if let Some(refusal) = self.flavour.refusal_of_derived_name(&reply)? {
            return Ok(Err(refusal));
        }
        let mut person = match self.changing(session, inquiry).await? {
            Ok(person) => person,
            Err(answer) => return Ok(Err(answer)),
        };
        if let Some(why) = self.denial(session, &mut person, inquiry, None).await? {
            return Ok(Err(Answer::barred(AccountStatus::NotPermitted, why)));
        }
        let rules = match wants_rules {
            true => rules(session, &person.entry).await,
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
        generic: &Generic,
    ) -> Result<Answer, Failure> {
        let person = &*proven.person;
        if let Some(refusal) = self.refusal_by_account(proven, change.kind, generic)? {
            return Ok(refusal);
        }
        let Some(new) = change.new else {
            return Ok(WireVerdict::MayChange(proven.rules.clone()).into());
        };
        let reply = match generic.changes {
            ChangeMethod::Exop => session.modify_password(None, Some(old), new).await?,
            // A policy let the password expire, and so knows how to compare the old one.
            ChangeMethod::Modify if has_expired(&proven.reply) => {
                session.exchange_password(&person.dn, old, new).await?
            }
            ChangeMethod::Modify => write(session, &person.dn, old, new).await?,
        };
        match refusal(&reply)? {
            Some(refusal) => Ok(refusal),
            None => Ok(self.changed(session, person).await),
        }
    }

    /// Returns the refusal by the state of an account whose old password is right. A password that
    /// has expired may be changed, unless its account is over or its time for a change is.
    fn refusal_by_account(
        &self,
        Proven { person, reply, .. }: &Proven,
        kind: ChangeKind,
        generic: &Generic,
    ) -> Result<Option<Answer>, Failure> {
        let entry = &person.entry;
        let State { status, why } = self.flavour.state_at_login(entry)?;
        let must_change = has_expired(reply)
            || reply.policy.is_in_grace()
            || reply.policy.error == Some(BindError::MustChange);
        let is_too_young = generic.accounts.days_until_change(entry, now()).is_some();
        let (reason, text) = match status {
            AccountStatus::AccountExpired => (RefusalReason::AccountExpired, BARRED),
            AccountStatus::PasswordExpired => (RefusalReason::PasswordExpired, BARRED),
            AccountStatus::Locked => (RefusalReason::NotPermitted, LOCKED),
            AccountStatus::NotPermitted => (RefusalReason::NotPermitted, BARRED),
            AccountStatus::MustChangePassword => return Ok(None),
            AccountStatus::Valid { .. } if must_change => return Ok(None),
            AccountStatus::Valid { .. } if kind == ChangeKind::Expired => {
                let text = "Your password has not expired.";
                (RefusalReason::NotExpired, text)
            }
            AccountStatus::Valid { .. } if is_too_young => (RefusalReason::TooYoung, TOO_YOUNG),
            AccountStatus::Valid { .. } => return Ok(None),
        };
        let answer = Answer::refused(reason, text);
        Ok(Some(answer.with_note(why.map(str::to_owned))))
    }

    /// Changes a person's password for root, by the rights of `bind_dn`. No rule of the account
    /// counts, as in `passwd NAME`.
    async fn change_as_root(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
        change: &Change<'_>,
        generic: &Generic,
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
            return Ok(WireVerdict::MayChange(rules(session, &person.entry).await).into());
        };
        let reply = match generic.changes {
            ChangeMethod::Exop => session.modify_password(Some(&person.dn), None, new).await?,
            ChangeMethod::Modify => session.write_password(&person.dn, new).await?,
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

/// Returns whether the old password is right, and has expired so that it is good for a change only.
fn has_expired(reply: &BindReply) -> bool {
    let is_answer = matches!(reply.result.rc, codes::SUCCESS | codes::INVALID_CREDENTIALS);
    is_answer && reply.policy.error == Some(BindError::Expired)
}

/// Writes the new password. The old one goes along only where the policy demands it: servers
/// without one cannot compare it with the hash that they have.
async fn write(
    session: &mut Session,
    dn: &str,
    old: Password<'_>,
    new: Password<'_>,
) -> Result<ChangeReply, Failure> {
    let reply = session.write_password(dn, new).await?;
    match reply.error {
        Some(ChangeError::OldPasswordMissing) => session.exchange_password(dn, old, new).await,
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
