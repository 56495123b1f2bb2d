//! A walk that looks for the backend in which a person's password is changed.

use super::Walk;
use crate::backends::password_change::{ChangeKind, ChangePassword};
use crate::chain::decision::Finding;
use crate::chain::links::{Chain, Link};
use crate::chain::owner::{NoOwner, Owner};
use crate::chain::ruling::BackendView;
use crate::config::settings::Then;
use crate::tools::request::Context;
use crate::words::{BackendError, Denial, DenialReason, User, Username};

impl Chain {
    /// Returns the backend to which the person's password belongs: the first that knows the same
    /// person and has a password for them, or else the first that knows them. `None` if nobody
    /// knows the name. The backends in `passed` have said that they do not know it.
    ///
    /// A backend that cannot look people up is taken for the owner until the old password shows
    /// whether it is. Root gives none.
    ///
    /// # Errors
    /// When a backend before it could not be asked: no other backend is taken in its place. When a
    /// rule denies the person what the service does.
    pub(in crate::chain) fn password_owner(
        &self,
        user: &Username,
        kind: ChangeKind,
        passed: &[&str],
        context: &Context<'_>,
    ) -> Result<Option<Owner<'_>>, NoOwner> {
        let mut route = self.route(user, context);
        if let Some(objection) = route.objection.take() {
            return Err(NoOwner::Objection(objection));
        }
        let mut walk = Walk::new(self, &route, user, context);
        let mut without_password = None;
        let mut owner = None;
        for link in &route.links {
            if passed.contains(&link.backend.name()) {
                continue;
            }
            let is_to_prove = kind != ChangeKind::ByRoot && finds_by_password(link);
            let mut shown = Shown::Nothing;
            let _ = walk.ask(link, |walk| walk.find_owner(link, &mut shown));
            match (walk.steps.pop().map(|step| step.finding), shown) {
                (Some(Finding::Answered(_)), Shown::Person(_)) | (_, Shown::Withheld)
                    if is_to_prove =>
                {
                    return Ok(Some(Owner::ToProve(link, route.groups.clone())));
                }
                (Some(Finding::Answered(_)), Shown::Person(person)) => {
                    owner = Some((*link, *person));
                    break;
                }
                (Some(Finding::NoPassword(_)), Shown::Person(person)) => {
                    without_password.get_or_insert((*link, *person));
                }
                (Some(Finding::Unknown | Finding::NotAsked(_)) | None, _) => {}
                (Some(finding), _) => return Err(undecided(link, finding)),
            }
        }
        let Some((link, person)) = owner.or(without_password) else {
            return Ok(None);
        };
        match self.confirm(user, BackendView::Found(&person), context) {
            Ok(_) => Ok(Some(Owner::Known(link))),
            Err(objection) => Err(NoOwner::Objection(objection)),
        }
    }

    /// Returns whether the person whose old password was right is the one of this name, as for a
    /// person who is looked up.
    ///
    /// # Errors
    /// As [`password_owner`](Self::password_owner).
    pub(in crate::chain) fn is_proven_owner(
        &self,
        link: &Link,
        person: &User,
        user: &Username,
        context: &Context<'_>,
    ) -> Result<bool, NoOwner> {
        let route = self.whole_route();
        match Walk::new(self, &route, user, context).stranger(link, person) {
            Ok(None) => {}
            Ok(Some(Finding::Unknown)) => return Ok(false),
            Ok(Some(finding)) => return Err(undecided(link, finding)),
            Err(error) => return Err(undecided(link, error.into())),
        }
        match self.confirm(user, BackendView::Found(person), context) {
            Ok(_) => Ok(true),
            Err(objection) => Err(NoOwner::Objection(objection)),
        }
    }
}

fn undecided(link: &Link, finding: Finding<User>) -> NoOwner {
    NoOwner::Undecided(link.backend.name().to_owned(), Box::new(finding))
}

fn finds_by_password(link: &Link) -> bool {
    (link.change_password()).is_ok_and(ChangePassword::finds_by_password)
}

/// The result of a backend's own lookup. A fault of the system's files is none.
enum Shown {
    /// It was not asked, or does not know the person, or could not say.
    Nothing,
    /// A server answered, and does not let this host look people up.
    Withheld,
    Person(Box<User>),
}

impl Walk<'_, User> {
    /// Returns whether the backend has the person's password; `shown` becomes what it showed.
    fn find_owner(&self, link: &Link, shown: &mut Shown) -> Result<Finding<User>, BackendError> {
        let request = self.request(link);
        let answer = link.backend.lookup(&request);
        if matches!(answer, Err(BackendError::Unavailable(_))) && !link.backend.was_unanswered() {
            *shown = Shown::Withheld;
        }
        let Some(user) = answer? else {
            return Ok(Finding::Unknown);
        };
        if let Some(finding) = self.stranger(link, &user)? {
            return Ok(finding);
        }
        let has_password = match link.backend.change_password() {
            Ok(changes) => changes.has_password(&request)?,
            Err(_) => true,
        };
        *shown = Shown::Person(Box::new(user.clone()));
        Ok(match has_password {
            true => Finding::Answered(user),
            false => Finding::NoPassword(DenialReason::NoPassword.into()),
        })
    }

    /// Returns the finding about a user who is not the system's user of the name; `None` if it is
    /// the same person.
    fn stranger(&self, link: &Link, user: &User) -> Result<Option<Finding<User>>, BackendError> {
        let Some(detail) = self.mistaken_identity(link, user)? else {
            return Ok(None);
        };
        // As for a login, `stop` means that nobody gets past the backend by another identity.
        Ok(Some(match link.on_denied {
            Then::Next => Finding::Unknown,
            Then::Stop => Finding::Denied(Denial {
                detail: Some(detail),
                ..DenialReason::AnotherPerson.into()
            }),
        }))
    }
}
