//! The search for the one entry of a person.

use authchain::backends::protocol::WireUser;
use authchain::config::settings::ldap::alias::Alias;
use authchain::config::settings::ldap::attribute::AttributeName;
use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::filter::UserFilter;
use authchain::config::settings::ldap::template::DnTemplate;
use authchain::config::settings::ldap::{Case, Scope};
use authchain::words::number;
use ldap3::{dn_escape, ldap_escape};

use super::codes;
use super::entry::{Entry, Single};
use super::other_names::other_names;
use super::session::{Search, Session};
use super::typed_name::Login;
use crate::net::failure::Failure;

/// The size limit of a search for one entry: two entries show that there is more than one.
pub(super) const LIMIT: i32 = 2;

const STEP: &str = "search";

/// The result of the search for a name.
pub(super) enum Found {
    Person(Box<Person>),
    /// Nobody; perhaps with a note on the entry that was found instead.
    Nobody(Option<String>),
    /// More than one, for this reason.
    Several(&'static str),
}

/// The result of a search for one entry.
pub(super) enum Sole {
    Nobody,
    Entry(Entry),
    Several,
}

/// A person, as the entry describes them.
pub(super) struct Person {
    pub(super) dn: String,
    /// The name as the entry spells it.
    pub(super) name: String,
    pub(super) user: WireUser,
    pub(super) entry: Entry,
}

/// The way people are found, and the attributes that are read of their entries.
pub(super) struct People {
    /// The base of the search.
    pub(super) base: Dn,
    pub(super) scope: Scope,
    /// The filter that finds an entry by its name.
    pub(super) filter: UserFilter,
    /// The DN of the entry of a name, where no search is needed.
    pub(super) template: Option<DnTemplate>,
    /// The rule by which names that differ in case only are the same or not.
    pub(super) case: Case,
    pub(super) attributes: Attributes,
    /// The other attributes by which people may log in.
    pub(super) aliases: Vec<Alias>,
    /// The attributes by which the account is judged.
    pub(super) account_attributes: Vec<&'static str>,
    /// True if each server has all people, even if it refers to other servers: those are of other
    /// domains.
    pub(super) are_whole: bool,
}

/// The names of a person's attributes.
pub(super) struct Attributes {
    pub(super) name: AttributeName,
    /// `None` where the system's user id counts, whatever the entry says.
    pub(super) uid: Option<AttributeName>,
    pub(super) gid: AttributeName,
    pub(super) home: AttributeName,
    pub(super) shell: AttributeName,
    pub(super) gecos: AttributeName,
}

impl Attributes {
    /// Returns all names. The last one, gecos, is a comment on which nothing depends.
    pub(super) fn names(&self) -> Vec<&str> {
        let Self {
            name,
            uid,
            gid,
            home,
            shell,
            gecos,
        } = self;
        let names = [name]
            .into_iter()
            .chain(uid)
            .chain([gid, home, shell, gecos]);
        names.map(AttributeName::as_str).collect()
    }
}

impl People {
    /// Returns the DN of a person's entry by the template, if there is one.
    pub(super) fn dn_of(&self, login: &Login<'_>) -> Option<String> {
        let template = self.template.as_ref()?;
        Some(template.fill(&dn_escape(login.name)))
    }

    /// Finds the entry of exactly this name.
    pub(super) async fn find(
        &self,
        session: &mut Session,
        login: &Login<'_>,
    ) -> Result<Found, Failure> {
        let filter = self.filter.fill(&ldap_escape(login.name));
        let template = self.dn_of(login);
        // Asked for by name: some attributes are only sent then (RFC 4511 §4.5.1.8).
        let attributes = [self.attributes.names(), self.account_attributes.clone()].concat();
        let (base, scope) = match &template {
            Some(dn) => (dn.as_str(), Scope::Base),
            None => (self.base.as_str(), self.scope),
        };
        let search = Search {
            step: STEP,
            base,
            scope,
            filter: &filter,
            attributes: &attributes,
            limit: LIMIT,
            setting: (!self.are_whole).then_some("user_filter"),
        };
        match self.sole(session, search, template.as_deref()).await? {
            Sole::Nobody => Ok(Found::Nobody(None)),
            Sole::Entry(entry) => self.person(login, entry),
            Sole::Several => Ok(Found::Several("more than one entry has this name")),
        }
    }

    /// Searches for one entry. Its DN must be the one of the `template`, or else below the base.
    pub(super) async fn sole(
        &self,
        session: &mut Session,
        search: Search<'_>,
        template: Option<&str>,
    ) -> Result<Sole, Failure> {
        let Search { step, base, .. } = search;
        let mut hits = session.search(search).await?;
        hits.is_elsewhere_too &= !self.are_whole;
        if hits.is_missing && template.is_none() {
            let text = format!("the base {base} does not exist, or may not be read");
            return Err(Failure::configuration_error(step, &text));
        }
        let gap = hits.gap();
        if let (Some(codes::ADMIN_LIMIT), Some(why)) = (hits.cut, &gap) {
            // Another server may have more room.
            return Err(Failure::trouble(step, why));
        }
        let mut entries = hits.entries.into_iter();
        let entry = match (entries.next(), entries.next(), gap) {
            (None, _, None) => return Ok(Sole::Nobody),
            (None, _, Some(why)) => return Err(Failure::settings(step, why)),
            (Some(entry), None, _) if hits.cut.is_none() => entry,
            _ => return Ok(Sole::Several),
        };
        let is_there = Dn::parse(&entry.dn).is_some_and(|dn| match template.and_then(Dn::parse) {
            Some(expected) => dn == expected,
            None => dn.is_under(&self.base),
        });
        if !is_there {
            let text = format!("an entry from elsewhere: {}", codes::server_text(&entry.dn));
            return Err(Failure::trouble(step, text));
        }
        Ok(Sole::Entry(entry))
    }

    /// Returns the entry as a person, if it is the one that was asked for.
    ///
    /// Directories compare names by rules of their own: `ALICE`, ` alice ` and `al  ice` find
    /// entries of other names. Somebody who logged in under such a name would escape every list of
    /// names on this machine.
    fn person(&self, login: &Login<'_>, entry: Entry) -> Result<Found, Failure> {
        let attribute = self.attributes.name.as_str();
        let name = (entry.texts(attribute)).find(|name| self.case.is_same(login.name, name));
        let Some(name) = name else {
            let actual = entry.text(attribute).unwrap_or_default();
            let note = format!(
                "the entry found has another name: {}",
                codes::server_text(actual)
            );
            return Ok(Found::Nobody(Some(note)));
        };
        let user = WireUser {
            also_named: other_names(&entry, attribute, name)?,
            ..self.user(login.spelled(name), &entry)?
        };
        Ok(Found::Person(Box::new(Person {
            dn: entry.dn.clone(),
            name: name.to_owned(),
            user,
            entry,
        })))
    }

    /// Returns the user `name` as the entry describes them.
    fn user(&self, name: String, entry: &Entry) -> Result<WireUser, Failure> {
        let attributes = &self.attributes;
        let text = |attribute: &AttributeName| {
            let text = entry.text(attribute.as_str());
            text.unwrap_or_default().to_owned()
        };
        Ok(WireUser {
            name,
            alias_of: None,
            also_named: Vec::new(),
            uid: match &attributes.uid {
                Some(attribute) => uid_of(entry, attribute.as_str())?,
                None => None,
            },
            gid: entry.number(attributes.gid.as_str()),
            gecos: text(&attributes.gecos),
            home: text(&attributes.home),
            shell: text(&attributes.shell),
            groups: None,
            unclear_groups: Vec::new(),
        })
    }
}

/// Returns the user id, if the entry has one. A malformed one, or one of two, must not count as
/// missing: the id that the system has for the name would be taken.
fn uid_of(entry: &Entry, attribute: &str) -> Result<Option<u32>, Failure> {
    match entry.single(attribute, |text| number(text.as_bytes())) {
        Single::Absent => Ok(None),
        Single::Value(uid) => Ok(Some(uid)),
        Single::Invalid => {
            let dn = codes::server_text(&entry.dn);
            let text = format!("{attribute} of {dn} is not one number that can be a user id");
            Err(Failure::settings(STEP, text))
        }
    }
}

#[cfg(test)]
impl Person {
    pub(super) fn made_of(dn: &str, name: &str) -> Self {
        let user = WireUser {
            name: name.to_owned(),
            ..WireUser::default()
        };
        Self {
            dn: dn.to_owned(),
            name: name.to_owned(),
            user,
            entry: Entry::made_of(dn, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_is_one_number_or_not_there() {
        let uid = |attributes: &[(&str, &str)]| {
            let entry = Entry::made_of("uid=a", attributes);
            uid_of(&entry, "uidNumber").map_err(|failure| failure.to_string())
        };
        assert_eq!(uid(&[]), Ok(None));
        assert_eq!(uid(&[("gidNumber", "x")]), Ok(None));
        assert_eq!(uid(&[("UIDNUMBER", "1000")]), Ok(Some(1000)));
        for values in [
            &["x"][..],
            &[""],
            &["-1"],
            &["+1000"],
            &["4294967296"],
            &["1000", "1001"],
            &["x", "1000"],
        ] {
            let attributes: Vec<_> = values.iter().map(|value| ("uidNumber", *value)).collect();
            let text = uid(&attributes).unwrap_err();
            assert!(
                text.contains("uidNumber of \"uid=a\""),
                "{values:?}: {text}"
            );
        }
    }
}
