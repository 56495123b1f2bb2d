//! The questions that Active Directory answers one way, and every other directory another.

use super::active_directory::account::wants_smart_card;
use super::active_directory::domain::Domain;
use super::active_directory::groups::{Token, own_token};
use super::entry::Entry;
use super::groups::Groups;
use super::person::{Login, People, Person};
use super::policy::{AccountRules, State};
use super::refusals::{refusal, refusal_of_a_guess};
use super::session::{BindAnswer, Session};
use crate::answer::Answer;
use crate::clock::now;
use crate::net::failure::Failure;

/// What kind of directory it is, and what its settings say of what only this kind has.
pub(super) enum Flavour {
    /// OpenLDAP, 389 Directory Server and their like.
    Generic(Box<Generic>),
    /// A domain of Windows or Samba.
    ActiveDirectory(Box<Domain>),
}

/// What settings say of a directory that is no Active Directory.
pub(super) struct Generic {
    pub(super) groups: Groups,
    pub(super) accounts: AccountRules,
}

impl Flavour {
    /// Returns the domain, where it is one.
    pub(super) fn domain(&self) -> Option<&Domain> {
        match self {
            Self::Generic(_) => None,
            Self::ActiveDirectory(domain) => Some(domain),
        }
    }

    /// Takes a login name apart; `None` where it can name nobody here.
    pub(super) fn login<'t>(&self, typed: &'t str) -> Option<Login<'t>> {
        match self {
            Self::Generic(_) => Some(Login::plain(typed)),
            Self::ActiveDirectory(domain) => domain.login(typed),
        }
    }

    /// Returns the name by which a person binds whose entry nobody has looked for.
    pub(super) fn bind_name(&self, people: &People, login: &Login<'_>) -> Option<String> {
        match self {
            Self::Generic(_) => people.dn_of(login),
            Self::ActiveDirectory(domain) => Some(domain.principal(login.name)),
        }
    }

    /// Returns whether a bind asks for the password policy's control.
    pub(super) fn asks_policy(&self) -> bool {
        match self {
            Self::Generic(generic) => generic.accounts.asks_control,
            Self::ActiveDirectory(_) => false,
        }
    }

    /// Returns who the server says is logged in on this connection, where it says so.
    pub(super) async fn own_token(&self, session: &mut Session) -> Result<Option<Token>, Failure> {
        match self {
            Self::Generic(_) => Ok(None),
            Self::ActiveDirectory(_) => own_token(session).await.map(Some),
        }
    }

    /// Returns why the person is in no group of which they must be in one, if so. `known` is their
    /// token, where it has been read already.
    pub(super) async fn group_denial(
        &self,
        session: &mut Session,
        person: &Person,
        known: Option<&Token>,
    ) -> Result<Option<&'static str>, Failure> {
        match self {
            Self::Generic(generic) => {
                let is_in_one = generic.groups.is_in_a_wanted_group(session, person).await?;
                Ok((!is_in_one).then_some("in none of allow_groups"))
            }
            Self::ActiveDirectory(domain) => domain.wanted.denial(session, &person.dn, known).await,
        }
    }

    /// Returns the state of the person's account.
    pub(super) async fn state(
        &self,
        session: &mut Session,
        person: &Person,
    ) -> Result<State, Failure> {
        match self {
            Self::Generic(generic) => generic.accounts.state(session, person, now()).await,
            Self::ActiveDirectory(domain) => domain.state(&person.entry, now()),
        }
    }

    /// Returns the state of the account of a person who has just logged in. A lock that wrong
    /// passwords caused is the bind's to judge.
    pub(super) fn state_at_login(&self, entry: &Entry) -> Result<State, Failure> {
        match self {
            Self::Generic(generic) => Ok(State {
                status: generic.accounts.status(entry, None, now()),
                why: None,
            }),
            Self::ActiveDirectory(domain) => domain.state(entry, now()),
        }
    }

    /// Returns whether a password alone is not enough for this person.
    pub(super) fn wants_smart_card(&self, entry: &Entry) -> bool {
        self.domain().is_some() && wants_smart_card(entry)
    }

    /// Returns the refusal of the person in the server's answer to a bind as them; `None` where it
    /// says yes.
    pub(super) fn refusal(
        &self,
        answer: &BindAnswer,
        entry: &Entry,
    ) -> Result<Option<Answer>, Failure> {
        match self {
            Self::Generic(_) => refusal(answer),
            Self::ActiveDirectory(domain) => domain.refusal(answer, entry),
        }
    }

    /// Returns the refusal where the bind name was derived from the login name without a search: a
    /// name that the server does not know is no proof that the account is missing then.
    pub(super) fn refusal_of_a_guess(
        &self,
        answer: &BindAnswer,
    ) -> Result<Option<Answer>, Failure> {
        match self {
            Self::Generic(_) => refusal_of_a_guess(answer),
            Self::ActiveDirectory(domain) => domain.refusal_of_a_guess(answer),
        }
    }
}
