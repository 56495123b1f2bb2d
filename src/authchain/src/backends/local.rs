//! Accounts in passwd and shadow files.
//!
//! Every refusal takes the time of a wrong password: both files are read to their ends, and one
//! hash is computed: the person's own, or if there is none to verify, a dummy of the file's most
//! common method and cost. The time of a hash depends on method and cost, so all hashes of a file
//! should have the same.

use std::path::Path;

#[cfg(feature = "manage")]
use super::accounts::{CannotKeep, Edit, Entries, ListEntries, Register, Remove};
use super::password_change::{CannotChange, ChangePassword};
use super::{Backend, Nature};
use crate::config::settings::local::LocalSettings;
use crate::files::passwd_files::passwd::{self, PasswdEntry};
use crate::files::passwd_files::shadow::{self, ShadowEntry};
use crate::files::passwd_files::{Search, was_ever_a_password};
use crate::files::password_hash::{DummyHash, HashError, verify};
use crate::tools::journal::Severity;
use crate::tools::request::{Attempt, Request};
use crate::tools::trusted_file::FileError;
use crate::words::{
    Account, AccountStatus, BackendError, Denial, DenialReason, Secret, User, Verdict,
};

/// The reason for a user whose shadow entry is missing, although their passwd line points to it.
const NO_SHADOW_ENTRY: &str = "no shadow entry";

/// The backend over a passwd and a shadow file.
pub struct Local {
    name: String,
    settings: LocalSettings,
    is_system: bool,
}

impl Local {
    /// Builds the backend that the configuration calls `name`; `is_system` is true if its passwd
    /// file tells which names are the system's own.
    pub fn new(name: String, settings: LocalSettings, is_system: bool) -> Self {
        Self {
            name,
            settings,
            is_system,
        }
    }

    fn passwd(&self, name: Option<&str>) -> Result<Search<PasswdEntry>, FileError> {
        passwd::find(&self.settings.passwd, name, self.settings.weak_hashes)
    }

    fn shadow(&self, name: Option<&str>) -> Result<Search<ShadowEntry>, FileError> {
        shadow::find(&self.settings.shadow, name, self.settings.weak_hashes)
    }

    fn person(&self, request: &Request<'_>) -> Found<PasswdEntry> {
        let found = self.passwd(Some(request.user.as_str()));
        self.reported(request, &self.settings.passwd, found)
    }

    fn credential(&self, request: &Request<'_>) -> Found<ShadowEntry> {
        let found = self.shadow(Some(request.user.as_str()));
        self.reported(request, &self.settings.shadow, found)
    }

    /// Takes the entry out of a search in the file at `path`, and logs a warning if the file has
    /// faults.
    fn reported<T>(
        &self,
        request: &Request<'_>,
        path: &Path,
        found: Result<Search<T>, FileError>,
    ) -> Found<T> {
        let mut found = match found {
            Ok(found) => found,
            Err(error) => return (Err(error.into()), None),
        };
        if !found.oddities.is_empty() {
            let line = format!("{}: {}: {}", self.name, path.display(), found.oddities);
            request.context.journal.write(Severity::LOG_WARNING, &line);
        }
        let entry = found.take_entry(path).map_err(BackendError::Unavailable);
        (entry, found.dummy_hash)
    }

    /// Compares the typed password with the one in the files.
    fn answer(
        &self,
        attempt: &Attempt<'_>,
        person: Option<PasswdEntry>,
        shadow: Result<Option<ShadowEntry>, BackendError>,
    ) -> Result<LocalVerdict, BackendError> {
        let Some(person) = person else {
            return Ok(LocalVerdict::Unhashed(Verdict::Unknown));
        };
        let entry;
        let (path, field) = if person.is_shadowed() {
            let Some(found) = shadow? else {
                let detail = Some(NO_SHADOW_ENTRY.to_owned());
                return Ok(LocalVerdict::Unhashed(Verdict::NoPassword(detail)));
            };
            entry = found;
            (&self.settings.shadow, &entry.password)
        } else {
            (&self.settings.passwd, &person.password)
        };
        let empty_is_allowed = attempt.request.context.allow_empty_password;
        let typed = attempt.password;
        match field.expose() {
            [] if typed.is_empty() && empty_is_allowed => {
                Ok(LocalVerdict::Unhashed(self.accept(&person)))
            }
            field if !was_ever_a_password(field) => {
                Ok(LocalVerdict::Unhashed(Verdict::NoPassword(None)))
            }
            // Fields that no password matches: `*LK*`, and a `!` in front of a hash.
            [b'!' | b'*', ..] => Ok(LocalVerdict::denied(DenialReason::Locked)),
            [] => Ok(LocalVerdict::denied(DenialReason::EmptyPassword)),
            _ if typed.is_empty() && !empty_is_allowed => {
                Ok(LocalVerdict::denied(DenialReason::EmptyPassword))
            }
            hash => match verify(typed, hash, self.settings.weak_hashes) {
                Ok(true) => Ok(LocalVerdict::Hashed(self.accept(&person))),
                Ok(false) => Ok(LocalVerdict::Hashed(Verdict::Denied(
                    DenialReason::BadCredential.into(),
                ))),
                Err(error) => unverified(path, error)
                    .map(|denial| LocalVerdict::Unhashed(Verdict::Denied(denial))),
            },
        }
    }

    fn accept(&self, person: &PasswdEntry) -> Verdict {
        // No status: the question about the account reads the files again, which is quick.
        Verdict::Accepted(self.user(person), None)
    }

    /// Returns the person, in none of the groups of this backend, which has none: the chain reads
    /// /etc/group for everybody.
    fn user(&self, person: &PasswdEntry) -> User {
        User {
            groups: Some(Vec::new()),
            ..person.to_user(&self.name)
        }
    }
}

impl Backend for Local {
    fn name(&self) -> &str {
        &self.name
    }

    fn nature(&self) -> Nature {
        Nature::of_files(self.is_system)
    }

    fn lookup(&self, request: &Request<'_>) -> Result<Option<User>, BackendError> {
        let passwd = &self.settings.passwd;
        let mut found = self.passwd(Some(request.user.as_str()))?;
        let person = (found.take_entry(passwd)).map_err(BackendError::Unavailable)?;
        Ok(person.map(|person| self.user(&person)))
    }

    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError> {
        let (person, dummy_of_passwd) = self.person(&attempt.request);
        let (shadow, dummy) = self.credential(&attempt.request);
        let unhashed = match person.and_then(|person| self.answer(attempt, person, shadow)) {
            Ok(LocalVerdict::Hashed(verdict)) => return Ok(verdict),
            Ok(LocalVerdict::Unhashed(verdict)) => Ok(verdict),
            Err(error) => Err(error),
        };
        let dummy = dummy.or(dummy_of_passwd).unwrap_or_default();
        match unhashed {
            // A later backend may accept the person: then the hash is not needed.
            Ok(Verdict::Unknown | Verdict::NoPassword(_)) => {
                attempt.deferred.push(move |password| dummy.spend(password));
            }
            _ => dummy.spend(attempt.password),
        }
        unhashed
    }

    /// Returns the status of the account. A locked password is no locked account (see [`Ageing`]);
    /// if the passwd file points to a shadow entry that is missing, the status is unavailable.
    /// pam_unix does the same in both cases.
    ///
    /// [`Ageing`]: crate::files::passwd_files::ageing::Ageing
    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        let (person, _) = self.person(request);
        let Some(person) = person? else {
            return Ok(None);
        };
        let status = if person.is_shadowed() {
            let (entry, _) = self.credential(request);
            let entry = entry?.ok_or_else(|| {
                let shadow = self.settings.shadow.display();
                BackendError::Unavailable(format!("{shadow}: {NO_SHADOW_ENTRY}"))
            })?;
            entry.ageing.status(request.context.now)
        } else {
            AccountStatus::Valid { warning: None }
        };
        let user = self.user(&person);
        Ok(Some(Account { user, status }))
    }

    fn change_password(&self) -> Result<&dyn ChangePassword, CannotChange> {
        Ok(self)
    }

    #[cfg(feature = "manage")]
    fn register(&self) -> Result<&dyn Register, CannotKeep> {
        self.cannot_keep().map_or(Ok(self), Err)
    }

    #[cfg(feature = "manage")]
    fn edit(&self) -> Result<&dyn Edit, CannotKeep> {
        self.cannot_keep().map_or(Ok(self), Err)
    }

    #[cfg(feature = "manage")]
    fn remove(&self) -> Result<&dyn Remove, CannotKeep> {
        self.cannot_keep().map_or(Ok(self), Err)
    }

    #[cfg(feature = "manage")]
    fn list(&self, entries: Entries) -> Result<&dyn ListEntries, CannotKeep> {
        match entries {
            Entries::People => Ok(self),
            Entries::Groups => Err(CannotKeep::NotSupported(
                "passwd files have no groups; /etc/group is the system's",
            )),
        }
    }

    fn burn_refusal_time(&self, password: &Secret) {
        let dummy_of_passwd = self.passwd(None).ok().and_then(|found| found.dummy_hash);
        let dummy = self.shadow(None).ok().and_then(|found| found.dummy_hash);
        (dummy.or(dummy_of_passwd).unwrap_or_default()).spend(password);
    }
}

/// The entry of a person, and a dummy of the hash that is most common in the file.
type Found<T> = (Result<Option<T>, BackendError>, Option<DummyHash>);

/// A verdict, and whether a hash was computed for it.
enum LocalVerdict {
    Hashed(Verdict),
    /// No hash was computed: a refusal must still spend the time of a hash.
    Unhashed(Verdict),
}

impl LocalVerdict {
    fn denied(reason: DenialReason) -> Self {
        Self::Unhashed(Verdict::Denied(reason.into()))
    }
}

/// Returns the denial if no password could match the hash.
///
/// # Errors
/// When the password may be right, but could not be verified.
fn unverified(path: &Path, error: HashError) -> Result<Denial, BackendError> {
    if error.matches_nothing() {
        return Ok(Denial {
            detail: Some(error.to_string()),
            ..DenialReason::Locked.into()
        });
    }
    let detail = format!("{}: {error}", path.display());
    Err(match error {
        HashError::NotComputed(_) => BackendError::Failed(detail),
        _ => BackendError::Unavailable(detail),
    })
}

#[cfg(feature = "manage")]
mod accounts;
mod change;
#[cfg(test)]
mod tests;
