//! The differences between Active Directory and every other directory, a method for each.

use authchain::config::settings::ldap::ChangeMethod;

use super::active_directory::account::wants_smart_card;
use super::active_directory::domain::Domain;
use super::active_directory::groups::{Token, own_token, wanted};
use super::codes;
use super::entry::Entry;
use super::group_query::{AskedGroup, GroupFindings};
use super::groups::Groups;
use super::person::{People, Person};
use super::policy::rules::rules;
use super::policy::{AccountRules, State};
use super::refusals::{refusal, refusal_of_derived_name};
use super::session::writes::PasswordAttribute;
use super::session::{BindReply, Session};
use super::typed_name::{Login, TypedName};
use super::windows_errors::Reason;
use crate::answer::Answer;
use crate::clock::now;
use crate::net::failure::Failure;

/// The kind of a directory, with the settings that only this kind has.
pub(super) enum Flavour {
    /// OpenLDAP, 389 Directory Server and their like.
    Generic(Box<Generic>),
    /// A domain of Windows or Samba.
    ActiveDirectory(Box<Domain>),
}

/// The request by which a password is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeRequest {
    /// The Password Modify operation (RFC 3062).
    PasswordModify,
    /// A Modify request (RFC 4511 §4.6) that writes this attribute.
    Write(PasswordAttribute),
}

/// The settings of a directory that is no Active Directory.
pub(super) struct Generic {
    pub(super) groups: Groups,
    pub(super) accounts: AccountRules,
    pub(super) changes: ChangeMethod,
}

impl Flavour {
    /// Returns the domain of an Active Directory.
    pub(super) fn domain(&self) -> Option<&Domain> {
        match self {
            Self::Generic(_) => None,
            Self::ActiveDirectory(domain) => Some(domain),
        }
    }

    /// Returns the request by which passwords are changed.
    pub(super) fn change_request(&self) -> ChangeRequest {
        match self {
            Self::Generic(generic) => match generic.changes {
                ChangeMethod::Exop => ChangeRequest::PasswordModify,
                ChangeMethod::Modify => ChangeRequest::Write(PasswordAttribute::UserPassword),
            },
            Self::ActiveDirectory(_) => ChangeRequest::Write(PasswordAttribute::UnicodePwd),
        }
    }

    /// Returns whether the reply to a bind says that the password is right, and good for a change
    /// only.
    pub(super) fn is_for_change_only(&self, reply: &BindReply) -> bool {
        match self {
            Self::Generic(_) => reply.has_expired(),
            Self::ActiveDirectory(_) => {
                let is_refused = reply.result.rc == codes::INVALID_CREDENTIALS;
                let reason = Reason::of(&reply.result.text);
                is_refused && matches!(reason, Some(Reason::PasswordEnded(_)))
            }
        }
    }

    /// Returns the number of days for which a valid password may not yet be changed, where the
    /// server does not check it.
    pub(super) fn days_until_change(&self, entry: &Entry) -> Option<i64> {
        match self {
            Self::Generic(generic) => generic.accounts.days_until_change(entry, now()),
            Self::ActiveDirectory(_) => None,
        }
    }

    /// Returns the rules for a new password of the person, if they can be read.
    pub(super) async fn password_rules(
        &self,
        session: &mut Session,
        person: &Person,
    ) -> Option<String> {
        match self {
            Self::Generic(_) => rules(session, &person.entry).await,
            Self::ActiveDirectory(domain) => domain.password_rules(session).await,
        }
    }

    /// Returns the login name, taken apart where an account can have it.
    pub(super) fn typed_name<'t>(&self, text: &'t str) -> TypedName<'t> {
        let login = match self {
            Self::Generic(_) => Some(Login::plain(text)),
            Self::ActiveDirectory(domain) => domain.login(text),
        };
        TypedName { text, login }
    }

    /// Returns the name of a bind that comes before the search for the entry.
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

    /// Returns the token of the person who is logged in on this connection; `None` where the server
    /// has none.
    pub(super) async fn own_token(&self, session: &mut Session) -> Result<Option<Token>, Failure> {
        match self {
            Self::Generic(_) => Ok(None),
            Self::ActiveDirectory(_) => own_token(session).await.map(Some),
        }
    }

    /// Returns the groups that the rules ask about.
    ///
    /// # Errors
    /// When the directory cannot have one of them, or the settings do not say where.
    pub(super) fn asked_groups(&self, texts: &[String]) -> Result<Vec<AskedGroup>, String> {
        let asked = texts.iter().map(|text| {
            let group = match self {
                Self::Generic(generic) => generic.groups.wanted(text)?,
                Self::ActiveDirectory(_) => wanted(text)?,
            };
            let text = text.clone();
            Ok(AskedGroup { text, group })
        });
        asked.collect()
    }

    /// Finds out whether the person is in one of `allow_groups`, and in which of `asked`, by one
    /// search for both. `known` is the person's token, if it has been read already.
    pub(super) async fn group_findings(
        &self,
        session: &mut Session,
        person: &Person,
        asked: &[AskedGroup],
        known: Option<&Token>,
    ) -> Result<GroupFindings, Failure> {
        let (query, denial) = match self {
            Self::Generic(generic) => {
                let mut query = generic.groups.query(asked);
                let looking = generic.groups.look_up(session, person, &mut query);
                looking.await?;
                (query, "in none of allow_groups")
            }
            Self::ActiveDirectory(domain) => {
                let mut query = domain.groups.query(asked);
                let looking = domain
                    .groups
                    .look_up(session, &person.dn, known, &mut query);
                match looking.await? {
                    true => (query, "in none of allow_groups"),
                    false => (query, "in none of allow_groups, of which not all exist"),
                }
            }
        };
        Ok(GroupFindings {
            denial: (!query.is_allowed()).then_some(denial),
            groups: query.answer(),
            unclear_groups: query.unclear().map(str::to_owned).collect(),
        })
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
    /// passwords caused is left out: the bind has judged it.
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

    /// Returns the refusal in the server's answer to the person's bind; `None` where it succeeded.
    pub(super) fn refusal(
        &self,
        answer: &BindReply,
        entry: &Entry,
    ) -> Result<Option<Answer>, Failure> {
        match self {
            Self::Generic(_) => refusal(answer),
            Self::ActiveDirectory(domain) => domain.refusal(answer, entry),
        }
    }

    /// Returns the refusal where the bind name was derived from the login name without a search: a
    /// name that the server does not know is no proof that the account is missing then.
    pub(super) fn refusal_of_derived_name(
        &self,
        answer: &BindReply,
    ) -> Result<Option<Answer>, Failure> {
        match self {
            Self::Generic(_) => refusal_of_derived_name(answer),
            Self::ActiveDirectory(domain) => domain.refusal_of_derived_name(answer),
        }
    }
}
