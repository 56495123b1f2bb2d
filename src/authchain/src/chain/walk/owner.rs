//! A walk that looks for the backend in which a person's password is changed.

use super::Walk;
use crate::chain::decision::Finding;
use crate::chain::links::{Chain, Link};
use crate::chain::no_owner::NoOwner;
use crate::chain::ruling::BackendView;
use crate::config::settings::Then;
use crate::tools::request::Context;
use crate::words::{BackendError, Denial, DenialReason, User, Username};

impl Chain {
    /// Returns the link of the backend to which the person's password belongs: the first that knows
    /// the same person and has a password for them, or else the first that knows them. `None` if
    /// nobody knows the name.
    ///
    /// # Errors
    /// When a backend before it could not be asked: no other backend is taken in its place. When a
    /// rule denies the person what the service does.
    pub(in crate::chain) fn password_owner(
        &self,
        user: &Username,
        context: &Context<'_>,
    ) -> Result<Option<&Link>, NoOwner> {
        let mut route = self.route(user, context);
        if let Some(objection) = route.objection.take() {
            return Err(NoOwner::Objection(objection));
        }
        let mut walk = Walk::new(self, &route, user, context);
        let mut without_password = None;
        let mut owner = None;
        for link in &route.links {
            let mut found = None;
            let _ = walk.ask(link, |walk| walk.find_owner(link, &mut found));
            match (walk.steps.pop().map(|step| step.finding), found) {
                (Some(Finding::Answered(_)), Some(person)) => {
                    owner = Some((*link, person));
                    break;
                }
                (Some(Finding::NoPassword(_)), Some(person)) => {
                    without_password.get_or_insert((*link, person));
                }
                (Some(Finding::Unknown | Finding::NotAsked(_)) | None, _) => {}
                (Some(finding), _) => {
                    let backend = link.backend.name().to_owned();
                    return Err(NoOwner::Undecided(backend, Box::new(finding)));
                }
            }
        }
        let Some((link, person)) = owner.or(without_password) else {
            return Ok(None);
        };
        match self.confirm(user, BackendView::Found(&person), context) {
            Ok(_) => Ok(Some(link)),
            Err(objection) => Err(NoOwner::Objection(objection)),
        }
    }
}

impl Walk<'_, User> {
    /// Returns whether the backend has the person's password; `found` becomes the person.
    fn find_owner(
        &self,
        link: &Link,
        found: &mut Option<User>,
    ) -> Result<Finding<User>, BackendError> {
        let request = self.request(link);
        let Some(user) = link.backend.lookup(&request)? else {
            return Ok(Finding::Unknown);
        };
        let detail = self.mistaken_identity(link, &user)?;
        if detail.is_some() {
            // As for a login, `stop` means that nobody gets past the backend by another identity.
            return Ok(match link.on_denied {
                Then::Next => Finding::Unknown,
                Then::Stop => Finding::Denied(Denial {
                    detail,
                    ..DenialReason::AnotherPerson.into()
                }),
            });
        }
        let has_password = match link.backend.change_password() {
            Ok(changes) => changes.has_password(&request)?,
            Err(_) => true,
        };
        *found = Some(user.clone());
        Ok(match has_password {
            true => Finding::Answered(user),
            false => Finding::NoPassword(DenialReason::NoPassword.into()),
        })
    }
}
