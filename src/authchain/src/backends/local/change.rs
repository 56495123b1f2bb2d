//! Changing a password in passwd and shadow files.

use std::path::Path;

use super::Local;
use crate::backends::password_change::{
    Change, ChangeKind, ChangePassword, ChangeRefusal, ChangeVerdict,
};
use crate::files::edit::{Database, EditError, PasswordEdit};
use crate::files::login_defs::{self, LOGIN_DEFS};
use crate::files::passwd_files::ageing::{Ageing, day_of};
use crate::files::passwd_files::shadow::ShadowEntry;
use crate::files::passwd_files::{SYSTEM_SHADOW, was_ever_a_password};
use crate::files::password_hash::{DummyHash, HashError, NewHash, verify};
use crate::files::same_file::is_same_file;
use crate::tools::journal::Severity;
use crate::tools::random::random_bytes;
use crate::tools::request::Request;
use crate::words::{AccountStatus, BackendError, DenialReason, Secret};

impl ChangePassword for Local {
    fn has_password(&self, request: &Request<'_>) -> Result<bool, BackendError> {
        // Without root's rights the shadow file cannot be read, and `preliminary` refuses.
        if request.context.euid != 0 {
            return Ok(true);
        }
        let entry = self.entry(request)?.0;
        Ok(entry.is_some_and(|entry| was_ever_a_password(entry.password.expose())))
    }

    fn preliminary(&self, change: &Change<'_>) -> Result<ChangeVerdict, BackendError> {
        if change.request.context.euid != 0 {
            return Ok(busy("only root can lock the files".to_owned()));
        }
        (self.database().tidy()).map_err(|error| BackendError::Failed(error.to_string()))?;
        match self.entry(&change.request)? {
            (Some(entry), dummy) => self.judge(change, &entry, dummy),
            (None, _) => Ok(ChangeVerdict::Unknown),
        }
    }

    fn update(&self, change: &Change<'_>, new: &Secret) -> Result<ChangeVerdict, BackendError> {
        let request = &change.request;
        let (Some(entry), dummy) = self.entry(request)? else {
            return Ok(ChangeVerdict::Unknown);
        };
        let verdict = self.judge(change, &entry, dummy)?;
        if !matches!(verdict, ChangeVerdict::Granted(_)) {
            return Ok(verdict);
        }
        let hash = self.new_hash(new, request)?;
        let edit = PasswordEdit {
            name: request.user,
            hash: &hash,
            today: day_of(request.context.wall_clock()),
            judged: (change.kind != ChangeKind::ByRoot).then_some(&entry),
            deadline: request.context.deadline,
        };
        match self.database().change_password(&edit) {
            Ok(()) => Ok(ChangeVerdict::Granted(None)),
            Err(error @ EditError::ChangedMeanwhile) => Ok(busy(error.to_string())),
            Err(EditError::Busy(why)) => Ok(busy(why)),
            // The program must not go on as if its caller were root.
            Err(EditError::Stranded(why)) => Ok(ChangeVerdict::Refused(ChangeRefusal::Unsure(why))),
            Err(EditError::NotFlushed(why)) => {
                let line = format!(
                    "{}: the new password may not be on the disk: {why}",
                    self.name
                );
                request.context.journal.write(Severity::LOG_WARNING, &line);
                Ok(ChangeVerdict::Granted(None))
            }
            Err(error) => Err(BackendError::Failed(error.to_string())),
        }
    }
}

impl Local {
    /// Returns the entry that counts for the person, with a dummy of the file's hashes; `None` for
    /// a name that is not in the passwd file. A missing shadow line counts as one without a
    /// password.
    fn entry(
        &self,
        request: &Request<'_>,
    ) -> Result<(Option<ShadowEntry>, Option<DummyHash>), BackendError> {
        let (person, dummy) = self.person(request);
        let Some(person) = person? else {
            return Ok((None, dummy));
        };
        if person.is_shadowed() {
            let (entry, dummy) = self.credential(request);
            let missing = || ShadowEntry {
                password: Secret::new(b"!".to_vec()),
                ageing: Ageing::default(),
            };
            return Ok((Some(entry?.unwrap_or_else(missing)), dummy));
        }
        let entry = ShadowEntry {
            password: person.password,
            ageing: Ageing::default(),
        };
        Ok((Some(entry), dummy))
    }

    fn database(&self) -> Database {
        Database::new(&self.settings.passwd, &self.settings.shadow)
    }

    /// Judges whether the password in `entry` may be changed. Where nothing can be verified, the
    /// time of a wrong password is spent.
    fn judge(
        &self,
        change: &Change<'_>,
        entry: &ShadowEntry,
        dummy: Option<DummyHash>,
    ) -> Result<ChangeVerdict, BackendError> {
        if change.kind == ChangeKind::ByRoot {
            return Ok(ChangeVerdict::Granted(None));
        }
        match (entry.password.expose(), change.old) {
            ([], _) => Ok(judge_age(change, &entry.ageing)),
            (_, None) => Ok(ChangeVerdict::OldPasswordNeeded),
            ([b'!' | b'*', ..], Some(old)) => {
                dummy.unwrap_or_default().spend(old);
                Ok(ChangeVerdict::Denied(DenialReason::Locked.into()))
            }
            (hash, Some(old)) => match verify(old, hash, self.settings.weak_hashes) {
                Ok(true) => Ok(judge_age(change, &entry.ageing)),
                Ok(false) => Ok(ChangeVerdict::Denied(DenialReason::BadCredential.into())),
                Err(error) => {
                    dummy.unwrap_or_default().spend(old);
                    super::unverified(&self.settings.shadow, error).map(ChangeVerdict::Denied)
                }
            },
        }
    }

    /// Hashes a new password: for the system's shadow file as login.defs says, for others by
    /// argon2id.
    fn new_hash(&self, new: &Secret, request: &Request<'_>) -> Result<String, BackendError> {
        let failed = |why: String| BackendError::Failed(format!("no new hash: {why}"));
        let salt = random_bytes::<16>().map_err(|error| failed(error.to_string()))?;
        let method = match self.is_for_libcrypt() {
            true => login_defs::method(Path::new(LOGIN_DEFS))
                .map_err(|error| failed(error.to_string()))?,
            false => Ok(NewHash::Argon2id),
        };
        let hash = match method.map(|method| method.make(new, &salt)) {
            // The caller's limit on memory must not choose a cheaper hash.
            Ok(Err(error @ HashError::NotComputed(_))) => return Err(failed(error.to_string())),
            Ok(hash) => hash.map_err(|error| error.to_string()),
            Err(complaint) => Err(complaint),
        };
        let hash = hash.or_else(|complaint| {
            let line = format!("{}: the new hash is yescrypt: {complaint}", self.name);
            request.context.journal.write(Severity::LOG_WARNING, &line);
            NewHash::Yescrypt.make(new, &salt)
        });
        hash.map_err(|error| failed(error.to_string()))
    }

    /// Returns whether other programs read the hashes: those of the system's own files.
    fn is_for_libcrypt(&self) -> bool {
        self.is_system || is_same_file(&self.settings.shadow, Path::new(SYSTEM_SHADOW))
    }
}

fn busy(why: String) -> ChangeVerdict {
    ChangeVerdict::Refused(ChangeRefusal::Busy(why))
}

/// Judges by the dates whether a right password may be changed. A password that must be changed
/// never is too young.
fn judge_age(change: &Change<'_>, ageing: &Ageing) -> ChangeVerdict {
    let now = change.request.context.wall_clock();
    let refusal = match ageing.status(now) {
        AccountStatus::AccountExpired => ChangeRefusal::AccountExpired,
        AccountStatus::PasswordExpired => ChangeRefusal::PasswordExpired,
        AccountStatus::MustChangePassword => return ChangeVerdict::Granted(rule(ageing)),
        _ if change.kind == ChangeKind::Expired => ChangeRefusal::NotExpired,
        _ => match ageing.days_until_change(now) {
            Some(days) => ChangeRefusal::TooYoung(days),
            None => return ChangeVerdict::Granted(rule(ageing)),
        },
    };
    ChangeVerdict::Refused(refusal)
}

/// Returns the rule for new passwords that the shadow file has, for the person.
fn rule(ageing: &Ageing) -> Option<String> {
    match ageing.minimum? {
        ..=0 => None,
        1 => Some("You cannot change the new password again today.".to_owned()),
        days => Some(format!(
            "You cannot change the new password again for {days} days."
        )),
    }
}

#[cfg(test)]
mod tests;
