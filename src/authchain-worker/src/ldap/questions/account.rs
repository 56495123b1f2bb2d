//! Questions without a password: who is this, and may the account be used?

use authchain::backends::protocol::WireVerdict;
use authchain::words::AccountStatus;

use super::{Inquiry, no_login_to_search};
use crate::answer::Answer;
use crate::ldap::directory::Directory;
use crate::ldap::person::Found;
use crate::ldap::policy::State;
use crate::ldap::session::Session;
use crate::ldap::typed_name::TypedName;
use crate::net::failure::Failure;

impl Directory {
    /// Says who this is.
    pub(super) async fn lookup(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
    ) -> Result<Answer, Failure> {
        Ok(match self.find_person(session, &inquiry.typed).await? {
            Found::Person(mut person) => {
                // An anonymous client may not see all groups.
                if inquiry.groups.is_some() && !self.connector.binds_as_the_person() {
                    self.find_groups(session, &mut person, inquiry, None)
                        .await?;
                }
                WireVerdict::Found(person.user).into()
            }
            Found::Nobody(note) => Answer::unknown(note),
            Found::Several(why) => Answer::unavailable(why),
        })
    }

    /// Says whether the account may be used, whatever the password.
    pub(super) async fn account(
        &self,
        session: &mut Session,
        inquiry: &Inquiry<'_>,
    ) -> Result<Answer, Failure> {
        let mut person = match self.find_person(session, &inquiry.typed).await? {
            Found::Person(person) => person,
            Found::Nobody(note) => return Ok(Answer::unknown(note)),
            Found::Several(why) => return Ok(Answer::unavailable(why)),
        };
        if inquiry.groups.is_some() && self.connector.binds_as_the_person() {
            // An anonymous client may not see all groups.
            return Err(no_login_to_search());
        }
        let denial = self.denial(session, &mut person, inquiry, None).await?;
        let State { status, why } = match denial {
            // An anonymous client may not see the attributes that a filter asks for.
            Some(_) if self.connector.binds_as_the_person() => return Err(no_login_to_search()),
            Some(why) => State {
                status: AccountStatus::NotPermitted,
                why: Some(why),
            },
            None => self.flavour.state(session, &person).await?,
        };
        let answer = Answer::from(WireVerdict::Account(person.user, status));
        Ok(answer.with_note(why.map(str::to_owned)))
    }

    /// Finds a person without their password. A search without a login proves nothing by finding
    /// nobody: the server may not show the entry to anonymous clients.
    async fn find_person(
        &self,
        session: &mut Session,
        typed: &TypedName<'_>,
    ) -> Result<Found, Failure> {
        match self.people.find_by_name_or_alias(session, typed).await? {
            Found::Nobody(_) if self.connector.binds_as_the_person() => Err(no_login_to_search()),
            found => Ok(found),
        }
    }
}
