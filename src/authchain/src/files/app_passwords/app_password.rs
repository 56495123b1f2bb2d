//! One app password, as it is kept.

use std::str::FromStr;
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
    /// The user id of the person for whom it was made; `None` if the system did not know the name.
    pub uid: Option<u32>,
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

    /// Returns the line of the file: number, label, user id, services, first day, last day, salt,
    /// hash. A `-` stands for a user id or a last day that it has not.
    pub(super) fn line(&self) -> String {
        let or_dash = |number: Option<u64>| number.map_or("-".to_owned(), |n| n.to_string());
        [
            &format!("{:016x}", self.id),
            &self.label,
            &or_dash(self.uid.map(u64::from)),
            &self.services.join(","),
            &self.created.to_string(),
            &or_dash(self.end),
            &hex(&self.salt),
            &hex(&self.hash),
        ]
        .map(String::as_str)
        .join(" ")
    }

    /// Reads a line of the file.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(' ').collect();
        let [id, label, uid, services, created, end, salt, hash] = *fields.as_slice() else {
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
            uid: number_or_dash(uid)?,
            services,
            created: number(created.as_bytes())?,
            end: number_or_dash(end)?,
            salt: from_hex(salt)?,
            hash: from_hex(hash)?,
        })
    }
}

/// Reads a number, or the `-` that stands for none.
fn number_or_dash<N: FromStr>(text: &str) -> Option<Option<N>> {
    match text {
        "-" => Some(None),
        text => number(text.as_bytes()).map(Some),
    }
}

/// Returns the hash of a password.
pub(super) fn hash(salt: &Salt, password: &Typed) -> Hash {
    let hash = Sha256::new_with_prefix(salt).chain_update(password.letters());
    hash.finalize().into()
}
