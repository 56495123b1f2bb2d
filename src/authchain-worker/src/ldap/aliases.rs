//! The search for a person by an alias, such as a mail address.

use authchain::config::settings::ldap::alias::Alias;
use authchain::config::settings::ldap::dn::Dn;
use ldap3::ldap_escape;

use super::codes;
use super::entry::Entry;
use super::person::{Found, LIMIT, People, Person, Sole};
use super::session::{Search, Session};
use super::typed_name::{Login, TypedName};
use crate::net::failure::Failure;

const STEP: &str = "search for an alias";

impl People {
    /// Finds the entry of exactly this name, or if the directory finds none, the entry with this
    /// alias.
    ///
    /// If the directory finds an entry by the name, the name is never taken for an alias, even if
    /// the entry spells it differently: programs that ignore case mean the person of that entry.
    pub(super) async fn find_by_name_or_alias(
        &self,
        session: &mut Session,
        typed: &TypedName<'_>,
    ) -> Result<Found, Failure> {
        let by_name = match &typed.login {
            Some(login) => self.find(session, login).await?,
            None => Found::Nobody(None),
        };
        match (by_name, self.alias_filter(typed.text)) {
            (Found::Nobody(None), Some(filter)) => {
                self.find_by_alias(session, typed.text, &filter).await
            }
            (found, _) => Ok(found),
        }
    }

    /// Returns the filter that finds the entry with this alias; `None` if the name cannot be an
    /// alias.
    pub(super) fn alias_filter(&self, typed: &str) -> Option<String> {
        let items = self.aliases.iter().filter_map(|alias| {
            let value = alias.value_of(typed)?;
            Some(format!("({}={})", alias.attribute(), ldap_escape(value)))
        });
        let items: String = items.collect();
        (!items.is_empty()).then(|| format!("(|{items})"))
    }

    /// Finds the entry with the alias, and then the person by the name in it: whatever holds for a
    /// login by name holds for one by alias, `user_filter` and the uniqueness of the name included.
    async fn find_by_alias(
        &self,
        session: &mut Session,
        typed: &str,
        filter: &str,
    ) -> Result<Found, Failure> {
        let entry = match self.search_alias(session, filter).await? {
            Sole::Entry(entry) => entry,
            Sole::Nobody => return Ok(Found::Nobody(None)),
            Sole::Several => return Ok(Found::Several("more than one entry has this alias")),
        };
        let nobody = |why: &str| {
            let dn = codes::server_text(&entry.dn);
            Found::Nobody(Some(format!("{dn} {why}")))
        };
        if !self.has_alias(&entry, typed) {
            return Ok(nobody("has the alias in another spelling"));
        }
        let name = self.attributes.name.as_str();
        let Some(own) = entry.text(name) else {
            return Ok(nobody(&format!("has the alias, and no {name}")));
        };
        Ok(match self.find(session, &Login::plain(own)).await? {
            Found::Person(person) if is_same_entry(&person, &entry) => {
                Found::Person(Box::new(person.known_as(typed)))
            }
            Found::Person(_) | Found::Nobody(_) => {
                nobody("has the alias, and is not found by its own name")
            }
            several @ Found::Several(_) => several,
        })
    }

    /// Searches for the entry with the alias.
    async fn search_alias(&self, session: &mut Session, filter: &str) -> Result<Sole, Failure> {
        let name = self.attributes.name.as_str();
        let aliases = self.aliases.iter().map(Alias::attribute);
        let attributes: Vec<&str> = [name].into_iter().chain(aliases).collect();
        let search = Search {
            step: STEP,
            base: self.base.as_str(),
            scope: self.scope,
            filter,
            attributes: &attributes,
            limit: LIMIT,
            setting: Some("aliases"),
        };
        self.sole(session, search, None).await
    }

    /// Returns whether the entry has this alias. Directories compare values by rules of their own,
    /// as they do names.
    fn has_alias(&self, entry: &Entry, typed: &str) -> bool {
        self.aliases.iter().any(|alias| {
            let wanted = alias.value_of(typed);
            let mut values = entry.texts(alias.attribute());
            wanted.is_some_and(|wanted| values.any(|value| self.case.is_same(&wanted, value)))
        })
    }
}

impl Person {
    /// Returns the person under an alias of theirs.
    fn known_as(mut self, alias: &str) -> Self {
        self.user.alias_of = Some(self.name.clone());
        self.user.name = alias.to_owned();
        self
    }
}

fn is_same_entry(person: &Person, entry: &Entry) -> bool {
    Dn::parse(&person.dn).is_some_and(|dn| Dn::parse(&entry.dn) == Some(dn))
}
