//! The search for the one entry that is the person.

use authchain::backends::protocol::WireUser;
use authchain::config::settings::ldap::attribute::AttributeName;
use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::filter::UserFilter;
use authchain::config::settings::ldap::template::DnTemplate;
use authchain::config::settings::ldap::{Case, Scope};
use ldap3::{dn_escape, ldap_escape};

use super::codes;
use super::entry::{Entry, Given};
use super::session::{Search, Session};
use crate::net::failure::Failure;

/// Two are enough to know that there is more than one.
const LIMIT: i32 = 2;

const STEP: &str = "search";

/// What the search for a name finds.
pub(super) enum Found {
    Person(Box<Person>),
    /// Nobody, and perhaps a word on who was found instead.
    Nobody(Option<String>),
    Several,
}

/// A person, as the entry describes them.
pub(super) struct Person {
    pub(super) dn: String,
    /// What the entry itself calls them.
    pub(super) name: String,
    pub(super) user: WireUser,
    pub(super) entry: Entry,
}

/// How people are found, and what is read of their entries.
pub(super) struct People {
    /// Where they are.
    pub(super) base: Dn,
    pub(super) scope: Scope,
    /// Finds the entry of a name.
    pub(super) filter: UserFilter,
    /// Names the entry of a name, where there is no need to search.
    pub(super) template: Option<DnTemplate>,
    /// Whether names differ that differ in case only.
    pub(super) case: Case,
    pub(super) attributes: Attributes,
    /// What else is asked of an entry, to judge the account.
    pub(super) account_attributes: Vec<&'static str>,
}

/// What the attributes of a person are called.
pub(super) struct Attributes {
    pub(super) name: AttributeName,
    pub(super) uid: AttributeName,
    pub(super) gid: AttributeName,
    pub(super) home: AttributeName,
    pub(super) shell: AttributeName,
    pub(super) gecos: AttributeName,
}

/// A login name taken apart: `EXAMPLE\` `alice`, or `alice` `@ad.example.com`. Only a domain of
/// Active Directory takes more than the name itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Login<'a> {
    pub(super) before: &'a str,
    /// What the entry itself must be called.
    pub(super) name: &'a str,
    pub(super) after: &'a str,
}

impl<'a> Login<'a> {
    /// Takes the whole of a login name for the name of the entry.
    pub(super) fn plain(name: &'a str) -> Self {
        let (before, after) = ("", "");
        Self {
            before,
            name,
            after,
        }
    }

    /// Returns the same login with the entry's own spelling of its name.
    pub(super) fn spelled(&self, name: &str) -> String {
        [self.before, name, self.after].concat()
    }
}

impl People {
    /// Returns where the template says that a person's entry is, if there is one.
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
        let attributes = self.wanted_attributes();
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
        };
        let hits = session.search(search).await?;
        if hits.is_missing && template.is_none() {
            let text =
                format!("configuration error: the base {base} does not exist, or may not be read");
            return Err(Failure::settings(STEP, text));
        }
        let mut entries = hits.entries.into_iter();
        match (entries.next(), entries.next(), hits.is_cut) {
            (Some(entry), None, false) => self.person(login, entry, template.as_deref()),
            (None, _, false) => Ok(Found::Nobody(references(hits.references))),
            _ => Ok(Found::Several),
        }
    }

    /// Returns the entry as a person, if it is the one that was asked for.
    ///
    /// Directories compare names as they like: `ALICE`, ` alice ` and `al  ice` find entries whose
    /// name is none of these. Whoever got in under a name nobody has would be somebody else to
    /// every list of names on this machine.
    fn person(
        &self,
        login: &Login<'_>,
        entry: Entry,
        template: Option<&str>,
    ) -> Result<Found, Failure> {
        let dn = Dn::parse(&entry.dn);
        let is_there = dn.is_some_and(|dn| match template.and_then(Dn::parse) {
            Some(expected) => dn == expected,
            None => dn.is_under(&self.base),
        });
        if !is_there {
            let text = format!("an entry from elsewhere: {}", codes::server_text(&entry.dn));
            return Err(Failure::trouble(STEP, text));
        }
        let called = &self.attributes;
        let name =
            (entry.texts(called.name.as_str())).find(|name| self.case.is_same(login.name, name));
        let Some(name) = name else {
            let actual = entry.text(called.name.as_str()).unwrap_or_default();
            let note = format!(
                "the entry found has another name: {}",
                codes::server_text(actual)
            );
            return Ok(Found::Nobody(Some(note)));
        };
        let text = |attribute: &AttributeName| {
            let text = entry.text(attribute.as_str());
            text.unwrap_or_default().to_owned()
        };
        let user = WireUser {
            name: login.spelled(name),
            uid: uid_of(&entry, called.uid.as_str())?,
            gid: entry.number(called.gid.as_str()),
            gecos: text(&called.gecos),
            home: text(&called.home),
            shell: text(&called.shell),
            // What an entry says of its own groups, whoever may write it says.
            groups: Vec::new(),
        };
        Ok(Found::Person(Box::new(Person {
            dn: entry.dn.clone(),
            name: name.to_owned(),
            user,
            entry,
        })))
    }

    /// Returns everything that is asked of an entry, by name: some attributes are only sent that
    /// way.
    fn wanted_attributes(&self) -> Vec<&str> {
        let called = &self.attributes;
        let named = [
            &called.name,
            &called.uid,
            &called.gid,
            &called.home,
            &called.shell,
            &called.gecos,
        ];
        let account = self.account_attributes.iter().copied();
        named
            .map(AttributeName::as_str)
            .into_iter()
            .chain(account)
            .collect()
    }
}

/// Returns the user id, if the entry says one. One that is none, or one of two, would pass for an
/// entry without any, and so for whatever id the system has for the name.
fn uid_of(entry: &Entry, attribute: &str) -> Result<Option<u32>, Failure> {
    match entry.given(attribute, |text| text.parse().ok()) {
        Given::Nothing => Ok(None),
        Given::Value(uid) => Ok(Some(uid)),
        Given::Nonsense => {
            let dn = codes::server_text(&entry.dn);
            let text = format!("{attribute} of {dn} is not one number that can be a user id");
            Err(Failure::settings(STEP, text))
        }
    }
}

fn references(count: usize) -> Option<String> {
    let note = "other servers were named that may know more; referrals are not followed";
    (count > 0).then(|| note.to_owned())
}

#[cfg(test)]
impl Person {
    pub(super) fn made_of(dn: &str, name: &str) -> Self {
        let user = WireUser {
            name: name.to_owned(),
            uid: None,
            gid: None,
            gecos: String::new(),
            home: String::new(),
            shell: String::new(),
            groups: Vec::new(),
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
