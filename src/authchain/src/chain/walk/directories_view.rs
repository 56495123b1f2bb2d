//! The groups and names that directories have for a person whom this machine's files describe and
//! leave to others.

use super::Walk;
use super::account::Seen;
use crate::chain::decision::{Finding, Step};
use crate::chain::links::Link;
use crate::words::{Account, AccountStatus, BackendError, User};

/// Returns the error about a backend that cannot be asked about accounts, and so not about groups.
fn says_nothing(link: &Link) -> BackendError {
    let name = link.backend.name();
    BackendError::Unavailable(format!(
        "{name} says nothing of accounts, nor of their groups"
    ))
}

impl<'a> Walk<'a, AccountStatus> {
    /// Adds the groups and names that a directory has for a person whom this machine's files
    /// describe and for whom they have no password. It is the directory that a login takes: the one
    /// that has just accepted the password, or else the first that knows the same person. None is
    /// asked where no group decides, so that an outage refuses nobody in vain.
    ///
    /// If directories have only another person of the name, the groups are not found out: whoever
    /// may write their own user id could otherwise evade a rule about a group.
    ///
    /// # Errors
    /// When a directory that may know the person could not be asked.
    pub(super) fn add_directories_view(
        &mut self,
        seen: &mut Seen,
        known: Option<&Account>,
    ) -> Result<(), BackendError> {
        let Some(person) = seen.person.as_mut().filter(|_| self.route.asks_for_groups) else {
            return Ok(());
        };
        let Some(directories) = self.directories_of(person, known)? else {
            return Ok(());
        };
        let mut is_another = seen.is_another;
        let clock = self.context.deadline.clock();
        for link in directories {
            let begin = clock();
            let Some(Account { user, .. }) = self.judged(link, known)? else {
                if link.backend.lacked_question() {
                    return Err(says_nothing(link));
                }
                continue;
            };
            let Some(detail) = self.mistaken_identity(link, &user)? else {
                person.groups = match (person.groups.take(), user.groups) {
                    (Some(own), Some(more)) => Some([own, more].concat()),
                    _ => None,
                };
                person.unclear_groups.extend(user.unclear_groups);
                person.also_named.extend(user.also_named);
                return Ok(());
            };
            is_another = true;
            self.steps.push(Step {
                backend: link.backend.name().to_owned(),
                finding: self.another_person(link, detail),
                took: clock().saturating_duration_since(begin),
            });
        }
        if is_another {
            person.groups = None;
        }
        Ok(())
    }

    /// Returns the directories that may know a person, in the order in which they are asked; `None`
    /// if the person is no directory's.
    fn directories_of(
        &self,
        person: &User,
        known: Option<&Account>,
    ) -> Result<Option<Vec<&'a Link>>, BackendError> {
        let links = || self.route.links.iter().copied();
        let own = links().find(|link| link.backend.name() == person.backend);
        let own = own.filter(|link| !link.backend.nature().is_directory());
        // No group opens an account that is refused.
        let is_refused = |step: &Step<AccountStatus>| matches!(&step.finding, Finding::Answered(status) if status.forbids_login());
        let is_over = self.steps.iter().any(is_refused);
        let Some(own) = own.filter(|_| !is_over) else {
            return Ok(None);
        };
        let is_heard = |link: &Link| known.is_some_and(|known| self.is_from(link, known));
        let was_heard = links().any(is_heard);
        if !was_heard && self.has_password(own)? {
            return Ok(None);
        }
        let may_know = |link: &Link| match was_heard {
            true => is_heard(link),
            false => link.backend.nature().is_directory() && !self.was_unknown(link),
        };
        let mut directories = Vec::new();
        for link in links() {
            if may_know(link) && self.obstacle(link)?.is_none() {
                directories.push(link);
            }
        }
        Ok(Some(directories))
    }

    /// Returns whether a second passwd database has a password for the person, who then belongs to
    /// it. For the system's own files, [`obstacle`](Self::obstacle) knows it. Without root's rights
    /// it cannot be known.
    fn has_password(&self, link: &Link) -> Result<bool, BackendError> {
        if link.backend.nature().is_system() || self.context.euid != 0 {
            return Ok(false);
        }
        match link.backend.change_password() {
            Ok(changes) => changes.has_password(&self.request(link)),
            Err(_) => Ok(false),
        }
    }

    /// Returns whether the backend has said in this walk that it does not know the person.
    fn was_unknown(&self, link: &Link) -> bool {
        !link.backend.lacked_question()
            && self
                .steps
                .iter()
                .any(|step| step.backend == link.backend.name() && step.finding == Finding::Unknown)
    }
}
