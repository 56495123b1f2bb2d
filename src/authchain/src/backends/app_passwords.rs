//! Passwords for programs that cannot ask for a second factor: IMAP, SMTP, FTP and their like.
//!
//! The passwords are random and long, so that a fast hash protects them, and a refusal need not
//! take the time of a slow one. The backend knows nothing of accounts: another one of the chain
//! judges them.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use super::{Backend, Nature};
use crate::files::app_passwords::{AppPassword, AppPasswords, Judgement};
use crate::files::factor_folder::FactorFolder;
use crate::files::ledger::{Counted, Durability};
use crate::tools::request::{Attempt, Request};
use crate::words::{Account, BackendError, Denial, DenialReason, User, Verdict};

/// The backend over the app passwords in `state_dir`.
pub struct AppPasswordBackend {
    /// The name in the configuration.
    pub name: String,
    /// The folder with the people's folders.
    pub state_dir: PathBuf,
}

impl AppPasswordBackend {
    /// Accepts a person, and notes the use of the password. Where it cannot be noted, the list of
    /// the administrator lacks it, and nothing else.
    fn accept(&self, request: &Request<'_>, password: &AppPassword) -> Verdict {
        let since_1970 = request.context.wall_clock().duration_since(UNIX_EPOCH);
        let at = since_1970.unwrap_or_default().as_millis();
        let used = Counted::AppPassword {
            id: password.id,
            at: u64::try_from(at).unwrap_or(u64::MAX),
        };
        let _ = self.folder(request).ledger().count(used, Durability::Kept);
        let user = User {
            name: request.user.as_str().to_owned(),
            alias_of: None,
            also_named: Vec::new(),
            uid: password.uid,
            gid: None,
            gecos: String::new(),
            home: String::new(),
            shell: String::new(),
            groups: None,
            unclear_groups: Vec::new(),
            backend: self.name.clone(),
        };
        Verdict::Accepted(user, None)
    }

    fn folder(&self, request: &Request<'_>) -> FactorFolder {
        FactorFolder::exactly(&self.state_dir, request.user)
    }
}

impl Backend for AppPasswordBackend {
    fn name(&self) -> &str {
        &self.name
    }

    fn nature(&self) -> Nature {
        Nature::of_app_passwords()
    }

    fn lookup(&self, _request: &Request<'_>) -> Result<Option<User>, BackendError> {
        Ok(None)
    }

    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError> {
        let request = &attempt.request;
        let passwords = AppPasswords::read(self.folder(request).path())?;
        if passwords.is_empty() {
            return Ok(Verdict::Unknown);
        }
        let (service, now) = (request.context.service, request.context.wall_clock());
        Ok(match passwords.judge(attempt.password, service, now) {
            Judgement::Right(password) => self.accept(request, password),
            Judgement::OfOtherServices(AppPassword { label, .. }) => {
                not_permitted(format!("app password \"{label}\" is not for {service}"))
            }
            Judgement::Ended(AppPassword { label, .. }) => {
                not_permitted(format!("app password \"{label}\" has ended"))
            }
            Judgement::Wrong => Verdict::Denied(DenialReason::BadCredential.into()),
        })
    }

    fn account(&self, _request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        Ok(None)
    }
}

fn not_permitted(detail: String) -> Verdict {
    Verdict::Denied(Denial {
        detail: Some(detail),
        ..DenialReason::NotPermitted.into()
    })
}

#[cfg(test)]
mod tests;
