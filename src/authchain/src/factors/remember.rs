//! Logins that were confirmed, and count for a while.

use sha2::{Digest, Sha256};

use crate::config::rules::{Origin, Remember};
use crate::factors::factor::EnrolmentNumber;
use crate::files::ledger::{
    Counted, Durability, Ledger, LedgerError, RememberKey, RememberedLogin,
};
use crate::tools::deadline::Moment;
use crate::tools::request::Context;
use crate::words::Username;

/// The place of a login in a person's ledger.
pub struct RememberedPlace {
    ledger: Ledger,
    key: RememberKey,
    limits: Remember,
}

impl RememberedPlace {
    /// Returns the place of this login: the person, the service, the caller, the terminal and the
    /// address, the `session` and the enrolment that confirms. `None` for a login that comes from
    /// nowhere, without a terminal and without an address, and for one that comes from a host name,
    /// which a stranger may have chosen.
    pub fn new(
        ledger: Ledger,
        limits: Remember,
        user: &Username,
        context: &Context<'_>,
        session: &str,
        enrolment: &EnrolmentNumber,
    ) -> Option<Self> {
        let is_nowhere = context.tty.is_empty() && context.rhost.is_empty();
        if is_nowhere || Origin::of(context.rhost) == Origin::NoAddress {
            return None;
        }
        let caller = context.uid.to_string();
        let mut hash = Sha256::new();
        let parts = [
            user.as_str(),
            context.service,
            &caller,
            context.tty,
            context.rhost,
            session,
        ];
        for part in parts {
            // No part can be taken for two: the length is in front of each.
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.update(enrolment);
        let key = hash.finalize().first_chunk().copied()?;
        Some(Self {
            ledger,
            key,
            limits,
        })
    }

    /// Returns whether the login was confirmed here, and not too long ago.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn is_remembered(&self, now: Moment) -> Result<bool, LedgerError> {
        Ok(self.login(now)?.is_some())
    }

    /// Returns the login that was confirmed here, if it is not too old.
    fn login(&self, now: Moment) -> Result<Option<RememberedLogin>, LedgerError> {
        let history = match self.ledger.history() {
            // Nobody has confirmed anything yet.
            Err(LedgerError::Missing(_)) => return Ok(None),
            history => history?,
        };
        let now = now.since_boot();
        let Some(login) = history.remembered(&self.key) else {
            return Ok(None);
        };
        // A time that lies ahead is of another boot.
        let ages = [login.confirmed, login.used].map(|time| now.checked_sub(time));
        let [Some(confirmed), Some(unused)] = ages else {
            return Ok(None);
        };
        let counts = confirmed < self.limits.longest && unused < self.limits.unused;
        Ok(counts.then_some(login))
    }

    /// Notes that a remembered login was used again, with the right password.
    ///
    /// # Errors
    /// When it cannot be noted: then the login is forgotten sooner.
    pub fn renew(&self, now: Moment) -> Result<(), LedgerError> {
        let login = self.login(now)?;
        let confirmed = login.map(|login| login.confirmed.as_millis());
        confirmed.map_or(Ok(()), |confirmed| {
            self.note(confirmed, now.since_boot().as_millis())
        })
    }

    /// Remembers a login that has just been confirmed.
    ///
    /// # Errors
    /// When it cannot be noted: then the next login asks again.
    pub fn remember(&self, now: Moment) -> Result<(), LedgerError> {
        let now = now.since_boot().as_millis();
        self.note(now, now)
    }

    fn note(&self, confirmed: u128, used: u128) -> Result<(), LedgerError> {
        let [confirmed, used] =
            [confirmed, used].map(|time| u64::try_from(time).unwrap_or_default());
        let counted = Counted::Remembered {
            key: self.key,
            confirmed,
            used,
        };
        self.ledger.count(counted, Durability::Kept).map(|_| ())
    }
}
