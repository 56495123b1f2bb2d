//! One app password, as it is kept.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::typed::Typed;
use super::words::{check_label, check_service};
use crate::files::hex::{from_hex, hex};
use crate::files::ledger::AppPasswordId;
use crate::files::passwd_files::ageing::day_of;
use crate::words::number;

/// The salt of a hash, which is new with each password.
pub(super) type Salt = [u8; 16];

/// A hash of salt and password. A fast hash is enough: nobody can try 2^114 passwords.
pub(super) type Hash = [u8; 32];

/// An app password. Days are counted from 1 January 1970, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPassword {
    /// The number under which its last use is in the ledger.
    pub id: AppPasswordId,
    /// The program or device that has the password.
    pub label: String,
    /// The PAM services that take it.
    pub services: Vec<String>,
    /// The day on which it was made.
    pub created: u64,
    /// The last day on which it is taken; `None` if it has no end.
    pub end: Option<u64>,
    pub(super) salt: Salt,
    pub(super) hash: Hash,
}

/// The answer to whether a password lets a person into a service.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement<'p> {
    /// It is this one, which is for the service.
    Right(&'p AppPassword),
    /// It is this one, which is for other services.
    OfOtherServices(&'p AppPassword),
    /// It is this one, whose last day is over.
    Ended(&'p AppPassword),
    /// It is none of the person's.
    Wrong,
}

impl AppPassword {
    /// Returns whether its last day is over.
    pub fn has_ended(&self, now: SystemTime) -> bool {
        let today = day_of(now);
        self.end
            .is_some_and(|end| i64::try_from(end).is_ok_and(|end| end < today))
    }

    /// Judges the password, if it is the one that was typed.
    pub(super) fn judge(
        &self,
        typed: &Typed,
        service: &str,
        now: SystemTime,
    ) -> Option<Judgement<'_>> {
        // The hash of a random password: what a comparison's time tells about it is of no use.
        if hash(&self.salt, typed) != self.hash {
            return None;
        }
        Some(if self.has_ended(now) {
            Judgement::Ended(self)
        } else if self.services.iter().any(|name| name == service) {
            Judgement::Right(self)
        } else {
            Judgement::OfOtherServices(self)
        })
    }

    /// Returns the line of the file: number, label, services, first day, last day or `-`, salt and
    /// hash.
    pub(super) fn line(&self) -> String {
        let end = self.end.map_or("-".to_owned(), |day| day.to_string());
        [
            &format!("{:016x}", self.id),
            &self.label,
            &self.services.join(","),
            &self.created.to_string(),
            &end,
            &hex(&self.salt),
            &hex(&self.hash),
        ]
        .map(String::as_str)
        .join(" ")
    }

    /// Reads a line of the file.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(' ').collect();
        let [id, label, services, created, end, salt, hash] = *fields.as_slice() else {
            return None;
        };
        check_label(label).ok()?;
        let services: Vec<String> = services.split(',').map(str::to_owned).collect();
        for service in &services {
            check_service(service).ok()?;
        }
        Some(Self {
            id: u64::from_be_bytes(from_hex(id)?),
            label: label.to_owned(),
            services,
            created: number(created.as_bytes())?,
            end: match end {
                "-" => None,
                day => Some(number(day.as_bytes())?),
            },
            salt: from_hex(salt)?,
            hash: from_hex(hash)?,
        })
    }
}

/// Returns the hash of a password.
pub(super) fn hash(salt: &Salt, password: &Typed) -> Hash {
    let hash = Sha256::new_with_prefix(salt).chain_update(password.letters());
    hash.finalize().into()
}
