//! Editing and removing the entry of a person.

use authchain::backends::accounts::Changes;
use authchain::backends::protocol::{AccountEnd, RefusalReason, WireVerdict};
use authchain::config::settings::ldap::dn::Dn;
use authchain::words::Username;
use ldap3::Mod;

use super::changed::refusal;
use crate::answer::Answer;
use crate::ldap::codes::NO_SUCH_OBJECT;
use crate::ldap::directory::Directory;
use crate::ldap::person::{Found, Person};
use crate::ldap::session::Session;
use crate::net::failure::Failure;

/// The refusal of a full name that the attribute cannot hold.
pub(super) const ASCII_ONLY: &str =
    "the attribute gecos holds ASCII only (RFC 2307 §2.2); set gecos_attr = \"cn\"";

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
            None => {
                let doubt = match changes.locked {
                    Some(true) => self.doubt_about_lock(session, &person).await,
                    _ => None,
                };
                Answer::from(WireVerdict::Carried(AccountEnd::Edited)).with_note(doubt)
            }
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
}

/// Returns the change that leaves an attribute with one value, or with none if it is empty.
pub(super) fn replace(attribute: &str, value: &str) -> Mod<String> {
    let values = Some(value.to_owned()).filter(|value| !value.is_empty());
    Mod::Replace(attribute.to_owned(), values.into_iter().collect())
}
