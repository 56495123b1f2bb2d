//! Editing and removing the entry of a person.

use std::collections::HashSet;

use authchain::backends::accounts::Changes;
use authchain::backends::protocol::{AccountEnd, RefusalReason, WireVerdict};
use authchain::config::settings::ldap::dn::Dn;
use authchain::words::Username;
use ldap3::Mod;

use super::changed::refusal;
use crate::answer::Answer;
use crate::ldap::active_directory::account::{CONTROL, with_disabled};
use crate::ldap::codes::NO_SUCH_OBJECT;
use crate::ldap::directory::Directory;
use crate::ldap::entry::hidden;
use crate::ldap::flavour::Flavour;
use crate::ldap::person::{Found, Person};
use crate::ldap::policy::LOCKED_TIME;
use crate::ldap::policy::control::CONTROL as PASSWORD_POLICY;
use crate::ldap::session::{Search, Session};
use crate::net::failure::Failure;

/// The value of [`LOCKED_TIME`] with which the lock never ends by itself
/// (draft-behera-ldap-password-policy §5.3.3).
const FOR_EVER: &str = "000001010000Z";

/// The refusal of a full name that the attribute cannot hold.
pub(super) const ASCII_ONLY: &str =
    "the attribute gecos holds ASCII only (RFC 2307 §2.2); set gecos_attr = \"cn\"";

const NO_LOCK: &str =
    "the server offers no password policy, so that authchain knows no lock that it would keep";

/// Returns whether the attribute takes no other characters than those of ASCII.
pub(super) fn is_ascii_only(attribute: &str) -> bool {
    attribute.eq_ignore_ascii_case("gecos")
}

impl Directory {
    /// Edits the entry of a person, by all changes or none.
    pub(super) async fn edit(
        &self,
        session: &mut Session,
        name: &Username,
        changes: &Changes,
    ) -> Result<Answer, Failure> {
        let person = match self.person_to_change(session, name).await? {
            Ok(person) => person,
            Err(answer) => return Ok(answer),
        };
        let edits = match self.edits(session, &person, changes).await? {
            Ok(edits) => edits,
            Err(refusal) => return Ok(refusal),
        };
        let result = session.modify_entry(&person.dn, edits).await?;
        if result.rc == NO_SUCH_OBJECT {
            return Ok(Answer::unknown(None));
        }
        Ok(match refusal("modify", &result)? {
            Some(refusal) => refusal,
            None => WireVerdict::Carried(AccountEnd::Edited).into(),
        })
    }

    /// Removes the entry of a person.
    pub(super) async fn remove(
        &self,
        session: &mut Session,
        name: &Username,
    ) -> Result<Answer, Failure> {
        let person = match self.person_to_change(session, name).await? {
            Ok(person) => person,
            Err(answer) => return Ok(answer),
        };
        let result = session.delete_entry(&person.dn).await?;
        if result.rc == NO_SUCH_OBJECT {
            return Ok(Answer::unknown(None));
        }
        Ok(match refusal("delete", &result)? {
            Some(refusal) => refusal,
            None => WireVerdict::Carried(AccountEnd::Removed).into(),
        })
    }

    /// Finds the person by the name itself: an alias is no name to keep an account by.
    async fn person_to_change(
        &self,
        session: &mut Session,
        name: &Username,
    ) -> Result<Result<Box<Person>, Answer>, Failure> {
        let Some(login) = self.flavour.typed_name(name.as_str()).login else {
            return Ok(Err(Answer::unknown(None)));
        };
        Ok(match self.people.find(session, &login).await? {
            Found::Person(person) => Ok(person),
            Found::Nobody(note) => Err(Answer::unknown(note)),
            Found::Several(why) => Err(Answer::refused(RefusalReason::NotPermitted, why)),
        })
    }

    /// Returns the changes of attributes, or a refusal.
    async fn edits(
        &self,
        session: &mut Session,
        person: &Person,
        changes: &Changes,
    ) -> Result<Result<Vec<Mod<String>>, Answer>, Failure> {
        let names = &self.people.attributes;
        let mut edits = Vec::new();
        if let Some(full_name) = &changes.gecos {
            let attribute = names.gecos.as_str();
            if is_ascii_only(attribute) && !full_name.is_ascii() {
                return Ok(Err(Answer::refused(RefusalReason::Invalid, ASCII_ONLY)));
            }
            edits.push(replace(attribute, full_name));
            if self.has_common_name_to_edit(person) && !full_name.is_empty() {
                edits.push(replace("cn", full_name));
            }
        }
        if let Some(mail) = &changes.mail {
            edits.push(replace("mail", mail));
        }
        if let Some(shell) = &changes.shell {
            edits.push(replace(names.shell.as_str(), shell));
        }
        if let Some(locked) = changes.locked {
            match self.lock(session, person, locked).await? {
                Ok(lock) => edits.extend(lock),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        match edits.is_empty() {
            true => Ok(Err(Answer::refused(
                RefusalReason::Invalid,
                "nothing to change",
            ))),
            false => Ok(Ok(edits)),
        }
    }

    /// Returns whether the entry has a common name beside the attribute of the full name, which is
    /// no part of its DN. In a domain the common name is the DN.
    fn has_common_name_to_edit(&self, person: &Person) -> bool {
        let is_in_dn = Dn::parse(&person.dn).is_none_or(|dn| dn.first_value("cn").is_some());
        let is_gecos = (self.people.attributes.gecos.as_str()).eq_ignore_ascii_case("cn");
        self.flavour.domain().is_none() && !is_in_dn && !is_gecos
    }

    /// Returns the changes that lock an account, or take the lock away, as the server itself keeps
    /// locks.
    async fn lock(
        &self,
        session: &mut Session,
        person: &Person,
        locked: bool,
    ) -> Result<Result<Vec<Mod<String>>, Answer>, Failure> {
        match &self.flavour {
            Flavour::ActiveDirectory(_) => {
                let Some(flags) = person.entry.number::<i64>(CONTROL) else {
                    return Err(hidden("modify", &person.dn, CONTROL));
                };
                let one = |flags: i64| HashSet::from([flags.to_string()]);
                let name = || CONTROL.to_owned();
                let new = with_disabled(flags, locked);
                // The old value is deleted by name, so that a change in between is not undone.
                Ok(Ok(match new == flags {
                    true => vec![Mod::Replace(name(), one(flags))],
                    false => vec![Mod::Delete(name(), one(flags)), Mod::Add(name(), one(new))],
                }))
            }
            Flavour::Generic(_) => match has_password_policy(session).await? {
                false => Ok(Err(Answer::refused(RefusalReason::NotSupported, NO_LOCK))),
                true => {
                    let value = if locked { FOR_EVER } else { "" };
                    Ok(Ok(vec![replace(LOCKED_TIME, value)]))
                }
            },
        }
    }
}

/// Returns the change that leaves an attribute with one value, or with none if it is empty.
fn replace(attribute: &str, value: &str) -> Mod<String> {
    let values = Some(value.to_owned()).filter(|value| !value.is_empty());
    Mod::Replace(attribute.to_owned(), values.into_iter().collect())
}

/// Returns whether the server has a password policy, by the control of which it speaks.
async fn has_password_policy(session: &mut Session) -> Result<bool, Failure> {
    let search = Search::entry("root entry", "", &["supportedControl"]);
    let hits = session.search(search).await?;
    let root = hits.entries.first();
    Ok(root.is_some_and(|root| {
        root.texts("supportedControl")
            .any(|oid| oid == PASSWORD_POLICY)
    }))
}
