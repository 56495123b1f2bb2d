//! The search for the one entry that is the person.

use authchain::backends::protocol::WireUser;
use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::syntax::fill;
use authchain::config::settings::ldap::{Sasl, Scope};
use ldap3::{dn_escape, ldap_escape};

use super::Prepared;
use super::active_directory::{self, Token};
use super::codes;
use super::entry::{Entry, Given};
use super::policy;
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
    /// All their groups, where that is known without asking.
    pub(super) token: Option<Token>,
}

impl Prepared {
    /// Whether the first bind is the person's own: there is a way to name them, and no other login.
    pub(super) fn binds_as_the_person(&self) -> bool {
        let settings = &self.settings;
        let has_login = settings.bind_dn.is_some() || settings.sasl == Sasl::External;
        (settings.user_dn_template.is_some() || self.domain.is_some()) && !has_login
    }

    /// As whom the person called `name` logs in, where nobody has looked for their entry.
    pub(super) fn login_of(&self, name: &str) -> Option<String> {
        match &self.domain {
            Some(domain) => Some(domain.principal(domain.login(name)?.name)),
            None => self.dn_of(name),
        }
    }

    /// Where the template says the entry of `name` is.
    pub(super) fn dn_of(&self, name: &str) -> Option<String> {
        let template = self.settings.user_dn_template.as_deref()?;
        let name = dn_escape(name);
        fill(template, |letter| (letter == 'u').then_some(&name)).ok()
    }

    /// Finds the entry of exactly this name.
    pub(super) async fn find(&self, session: &mut Session, name: &str) -> Result<Found, Failure> {
        let settings = &self.settings;
        let Some(own) = self.own_name(name) else {
            return Ok(Found::Nobody(None));
        };
        let escaped = ldap_escape(own);
        let filter = fill(&settings.user_filter, |letter| {
            (letter == 'u').then_some(&escaped)
        });
        let filter = filter.map_err(|_| Failure::settings(STEP, "user_filter"))?;
        let template = self.dn_of(name);
        let attributes = self.attributes();
        let (base, scope) = match &template {
            Some(dn) => (dn.as_str(), Scope::Base),
            None => (settings.base.as_str(), settings.scope),
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
            (Some(entry), None, false) => self.person(name, entry, template.as_deref()),
            (None, _, false) => Ok(Found::Nobody(references(hits.references))),
            _ => Ok(Found::Several),
        }
    }

    /// What the entry must be called that a login names; `None` where it can name nobody here.
    fn own_name<'a>(&self, login: &'a str) -> Option<&'a str> {
        match &self.domain {
            Some(domain) => domain.login(login).map(|login| login.name),
            None => Some(login),
        }
    }

    /// The name of the person in the spelling of the login that named them.
    fn spelled(&self, login: &str, name: &str) -> String {
        let login = (self.domain.as_ref()).and_then(|domain| domain.login(login));
        login.map_or_else(|| name.to_owned(), |login| login.spelled(name))
    }

    /// The entry as a person, if it is the one that was asked for.
    ///
    /// Directories compare names as they like: `ALICE`, ` alice ` and `al  ice` find entries whose
    /// name is none of these. Whoever got in under a name nobody has would be somebody else to
    /// every list of names on this machine.
    fn person(&self, asked: &str, entry: Entry, template: Option<&str>) -> Result<Found, Failure> {
        let dn = Dn::parse(&entry.dn);
        let is_there = dn.is_some_and(|dn| match template.and_then(Dn::parse) {
            Some(expected) => dn == expected,
            None => dn.is_under(&self.base),
        });
        if !is_there {
            let text = format!("an entry from elsewhere: {}", codes::words(&entry.dn));
            return Err(Failure::trouble(STEP, text));
        }
        let settings = &self.settings;
        let own = self.own_name(asked).unwrap_or_default();
        let name = (entry.texts(&settings.user_attr)).find(|name| settings.case.is_same(own, name));
        let Some(name) = name else {
            let actual = entry.text(&settings.user_attr).unwrap_or_default();
            let note = format!("the entry found has another name: {}", codes::words(actual));
            return Ok(Found::Nobody(Some(note)));
        };
        let user = WireUser {
            name: self.spelled(asked, name),
            uid: uid_of(&entry, &settings.uid_number_attr)?,
            gid: entry.number(&settings.gid_number_attr),
            gecos: entry
                .text(&settings.gecos_attr)
                .unwrap_or_default()
                .to_owned(),
            home: entry
                .text(&settings.home_attr)
                .unwrap_or_default()
                .to_owned(),
            shell: entry
                .text(&settings.shell_attr)
                .unwrap_or_default()
                .to_owned(),
            // What an entry says of its own groups, whoever may write it says.
            groups: Vec::new(),
        };
        Ok(Found::Person(Box::new(Person {
            dn: entry.dn.clone(),
            name: name.to_owned(),
            user,
            entry,
            token: None,
        })))
    }

    /// Everything that is asked of an entry, by name: some attributes are only sent that way.
    fn attributes(&self) -> Vec<&str> {
        let settings = &self.settings;
        let mut attributes = vec![
            settings.user_attr.as_str(),
            &settings.uid_number_attr,
            &settings.gid_number_attr,
            &settings.home_attr,
            &settings.shell_attr,
            &settings.gecos_attr,
        ];
        if self.domain.is_some() {
            attributes.push(active_directory::SID);
            attributes.extend(active_directory::account::ATTRIBUTES);
        }
        for attribute in policy::attributes(settings.account_policy) {
            attributes.push(attribute);
        }
        attributes
    }
}

/// The user id, if the entry says one. One that is none, or one of two, would pass for an entry
/// without any, and so for whatever id the system has for the name.
fn uid_of(entry: &Entry, attribute: &str) -> Result<Option<u32>, Failure> {
    match entry.given(attribute, |text| text.parse().ok()) {
        Given::Nothing => Ok(None),
        Given::Value(uid) => Ok(Some(uid)),
        Given::Nonsense => {
            let dn = codes::words(&entry.dn);
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
            token: None,
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
