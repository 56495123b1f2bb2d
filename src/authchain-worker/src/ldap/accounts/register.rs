//! Adding a person to a directory.

use std::collections::{BTreeMap, HashSet};

use authchain::backends::accounts::NewPerson;
use authchain::backends::protocol::{RefusalReason, WireUser, WireVerdict};
use authchain::config::settings::ldap::Scope;
use ldap3::dn_escape;

use super::changed::refusal;
use super::edit::{ASCII_ONLY, is_ascii_only};
use crate::answer::Answer;
use crate::ldap::codes::{NO_SUCH_OBJECT, describe};
use crate::ldap::directory::Directory;
use crate::ldap::person::{Found, People};
use crate::ldap::session::{Search, Session};
use crate::ldap::typed_name::Login;
use crate::net::failure::Failure;

const STEP: &str = "add";

/// The object classes of a person with an account (RFC 2798, RFC 2307).
const CLASSES: [&str; 3] = ["inetOrgPerson", "posixAccount", "shadowAccount"];

impl Directory {
    /// Adds the entry of a person below the base, or where `user_dn_template` says.
    pub(super) async fn register(
        &self,
        session: &mut Session,
        new: &NewPerson,
    ) -> Result<Answer, Failure> {
        let refused = |reason, text: &str| Ok(Answer::refused(reason, text));
        let Some(uid) = new.uid else {
            return refused(RefusalReason::Invalid, "a posixAccount needs a user id");
        };
        let attribute = self.people.attributes.gecos.as_str();
        if is_ascii_only(attribute) && !new.gecos.is_ascii() {
            return refused(RefusalReason::Invalid, ASCII_ONLY);
        }
        let login = Login::plain(new.name.as_str());
        if !matches!(
            self.people.find(session, &login).await?,
            Found::Nobody(None)
        ) {
            return refused(RefusalReason::Exists, "there is such a person already");
        }
        if self.owners_of(session, uid).await? > 0 {
            return refused(RefusalReason::Exists, TAKEN);
        }
        let dn = self.people.dn_of_new(&login);
        let attributes = self.people.attributes_of_new(new, uid);
        let result = session.add_entry(&dn, attributes).await?;
        if result.rc == NO_SUCH_OBJECT {
            let text = format!("the entry above {dn} does not exist: {}", describe(&result));
            return Err(Failure::configuration_error(STEP, &text));
        }
        if let Some(refusal) = refusal(STEP, &result)? {
            return Ok(refusal);
        }
        self.settle(session, new, uid, &dn).await
    }

    /// Looks whether another person has got the same user id meanwhile, and takes the new entry
    /// away then.
    async fn settle(
        &self,
        session: &mut Session,
        new: &NewPerson,
        uid: u32,
        dn: &str,
    ) -> Result<Answer, Failure> {
        let owners = self
            .owners_of(session, uid)
            .await
            .map_err(Failure::unsure)?;
        if owners > 1 {
            let result = session.delete_entry(dn).await?;
            return Ok(match refusal("delete", &result).map_err(Failure::unsure)? {
                None => Answer::refused(RefusalReason::Exists, TAKEN),
                Some(_) => {
                    let why = format!("{dn} is there, and another entry has its user id");
                    WireVerdict::Unsure(why).into()
                }
            });
        }
        let login = Login::plain(new.name.as_str());
        let found = self.people.find(session, &login).await;
        let is_found = matches!(found, Ok(Found::Person(_)));
        let note = (!is_found).then(|| format!("{dn} is added, and user_filter does not find it"));
        let user = WireUser {
            name: new.name.as_str().to_owned(),
            uid: Some(uid),
            gid: Some(new.gid.unwrap_or(uid)),
            gecos: new.gecos.clone(),
            home: new.home.clone(),
            shell: new.shell.clone(),
            ..WireUser::default()
        };
        let added = WireVerdict::Registered(user);
        Ok(Answer::from(added).with_note(note))
    }

    /// Returns the number of entries below the base that have this user id: two stand for more.
    async fn owners_of(&self, session: &mut Session, uid: u32) -> Result<usize, Failure> {
        let Some(attribute) = &self.people.attributes.uid else {
            return Ok(0);
        };
        let search = Search {
            step: "user id",
            base: self.people.base.as_str(),
            scope: Scope::Sub,
            filter: &format!("({}={uid})", attribute.as_str()),
            attributes: &["1.1"],
            limit: 2,
            setting: None,
        };
        let hits = session.search(search).await?;
        Ok(hits.entries.len())
    }
}

const TAKEN: &str = "the user id is another entry's";

impl People {
    /// Returns the DN of the entry that a new person gets.
    fn dn_of_new(&self, login: &Login<'_>) -> String {
        self.dn_of(login).unwrap_or_else(|| {
            let name = dn_escape(login.name);
            let attribute = self.attributes.name.as_str();
            format!("{attribute}={name},{}", self.base.as_str())
        })
    }

    /// Returns the attributes of the entry that a new person gets.
    fn attributes_of_new(&self, new: &NewPerson, uid: u32) -> Vec<(String, HashSet<String>)> {
        let name = new.name.as_str();
        let full_name = match new.gecos.trim() {
            "" => name,
            full_name => full_name,
        };
        let surname = full_name.split_whitespace().last().unwrap_or(name);
        let numbers = [uid, new.gid.unwrap_or(uid)].map(|id| id.to_string());
        let [uid, gid] = numbers.each_ref().map(String::as_str);
        let names = &self.attributes;
        let uid_attribute = names.uid.as_ref().map_or("uidNumber", |name| name.as_str());
        let mut pairs = vec![
            ("uid", name),
            (names.name.as_str(), name),
            ("cn", full_name),
            ("sn", surname),
            (names.gecos.as_str(), new.gecos.as_str()),
            (uid_attribute, uid),
            (names.gid.as_str(), gid),
            (names.home.as_str(), new.home.as_str()),
            (names.shell.as_str(), new.shell.as_str()),
            ("mail", new.mail.as_deref().unwrap_or_default()),
        ];
        pairs.extend(CLASSES.map(|class| ("objectClass", class)));
        let mut attributes: BTreeMap<String, HashSet<String>> = BTreeMap::new();
        for (attribute, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            let values = attributes
                .entry(attribute.to_ascii_lowercase())
                .or_default();
            values.insert(value.to_owned());
        }
        attributes.into_iter().collect()
    }
}
