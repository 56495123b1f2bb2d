//! Logins: is it the person's password, and may they log in?

use authchain::words::{AccountStatus, DenialReason};

use super::Inquiry;
use crate::account_gate::accept;
use crate::answer::Answer;
use crate::ldap::active_directory::account::SMART_CARD;
use crate::ldap::directory::Directory;
use crate::ldap::entry::Entry;
use crate::ldap::password::Password;
use crate::ldap::person::{Found, Person};
use crate::ldap::policy::control::BindError;
use crate::ldap::policy::{State, has_passing_lock};
use crate::ldap::session::{BindReply, Session};
use crate::net::failure::Failure;

/// The refusal of a password that an administrator has set.
const CHANGE_FIRST: &str = "the password must be changed first";

/// The refusal of a password that must be changed where the entry does not show it: the attribute
/// is not asked for, may not be read, or the server keeps it elsewhere.
const CHANGE_NOT_SHOWN: &str = "the password must be changed first, which its entry does not show: see account_policy, and \
     whether bind_dn may read pwdReset or passwordExpirationTime";

pub(super) const SOMEBODY_ELSE: &str =
    "the password is that of another account, whose userPrincipalName this name is";

impl Directory {
    /// Answers a login where authchain has a login of its own: finds the person, asks whether they
    /// may log in, tries the password, and judges the account.
    pub(super) async fn search_first(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
        password: Password<'_>,
    ) -> Result<Answer, Failure> {
        let found = (self.people.find_by_name_or_alias(session, &inquiry.typed)).await?;
        let mut person = match found {
            Found::Person(person) => person,
            Found::Nobody(note) => return Ok(Answer::unknown(note)),
            Found::Several(why) => return Ok(ambiguous(why)),
        };
        if let Some(why) = self.denial(session, &mut person, inquiry, None).await? {
            return Ok(Answer::denied(DenialReason::NotPermitted, why));
        }
        let asks_policy = self.flavour.asks_policy();
        let answer = session.bind(&person.dn, password, asks_policy).await?;
        if let Some(refusal) = self.flavour.refusal(&answer, &person.entry)? {
            return Ok(refusal);
        }
        self.accepted(&person, &answer)
    }

    /// Answers a login where authchain has no login of its own: tries the password, finds the
    /// person, and asks whether they may log in.
    pub(super) async fn login_first(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
        password: Password<'_>,
    ) -> Result<Answer, Failure> {
        let login = inquiry.typed.login.as_ref();
        let name = login.and_then(|login| self.flavour.bind_name(&self.people, login));
        let asks_policy = self.flavour.asks_policy();
        let binding = session.bind(name.as_deref().unwrap_or_default(), password, asks_policy);
        let answer = binding.await?;
        if let Some(refusal) = self.flavour.refusal_of_derived_name(&answer)? {
            return Ok(refusal);
        }
        if answer.policy.error == Some(BindError::MustChange) {
            // The server allows nothing else until then, not even to read the person's own entry.
            return Ok(Answer::barred(AccountStatus::PasswordExpired, CHANGE_FIRST));
        }
        let found = (self.people.find_by_name_or_alias(session, &inquiry.typed)).await?;
        let mut person = match found {
            Found::Person(person) => person,
            Found::Nobody(note) => return Ok(Answer::unknown(note)),
            Found::Several(why) => return Ok(ambiguous(why)),
        };
        let token = self.flavour.own_token(session).await?;
        if token
            .as_ref()
            .is_some_and(|token| !token.is_of(&person.entry))
        {
            return Ok(Answer::denied(DenialReason::AnotherPerson, SOMEBODY_ELSE));
        }
        if let Some(why) = self
            .denial(session, &mut person, inquiry, token.as_ref())
            .await?
        {
            return Ok(Answer::barred(AccountStatus::NotPermitted, why));
        }
        self.accepted(&person, &answer)
    }

    /// Accepts the right password, unless the state of the account denies the login.
    fn accepted(&self, person: &Person, answer: &BindReply) -> Result<Answer, Failure> {
        let entry = &person.entry;
        let State { status, why } = self.flavour.state_at_login(entry)?;
        // Only at a bind does the server tell when the password expires; it enforces that itself.
        let status = status.with_warning(answer.policy.warning());
        if let Some(refusal) = self.refusal_by_state(entry, &status, why, answer) {
            return Ok(refusal);
        }
        let user = person.user.clone();
        // The verdict carries no status if the bind may have ended a lock, on this server and
        // perhaps not yet on others, or if there is a reason to log: then the account question
        // judges again, and logs.
        let is_lasting = why.is_none() && !has_passing_lock(entry);
        Ok(accept(user, status, is_lasting).into())
    }

    /// Refuses an account by its state although the server accepts the password: a stack without
    /// our account line would let it in.
    fn refusal_by_state(
        &self,
        entry: &Entry,
        status: &AccountStatus,
        why: Option<&str>,
        answer: &BindReply,
    ) -> Option<Answer> {
        if status.forbids_login() {
            let why = why.map_or_else(|| status.to_string(), str::to_owned);
            return Some(Answer::barred(status.clone(), why));
        }
        if self.flavour.wants_smart_card(entry) {
            return Some(Answer::barred(AccountStatus::NotPermitted, SMART_CARD));
        }
        let is_shown = *status == AccountStatus::MustChangePassword;
        if !is_shown && answer.policy.error == Some(BindError::MustChange) {
            // The account question would see nothing of it, and the password would be good for
            // ever.
            return Some(Answer::barred(
                AccountStatus::PasswordExpired,
                CHANGE_NOT_SHOWN,
            ));
        }
        None
    }
}

fn ambiguous(why: &str) -> Answer {
    Answer::denied(DenialReason::NotPermitted, why)
}
