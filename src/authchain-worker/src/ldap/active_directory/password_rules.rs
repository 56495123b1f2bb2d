//! The rules of a domain for new passwords, in words for the person.

use super::domain::Domain;
use crate::ldap::entry::Entry;
use crate::ldap::session::{Search, Session};
use authchain::words::number;

const LENGTH: &str = "minPwdLength";
const HISTORY: &str = "pwdHistoryLength";
const PROPERTIES: &str = "pwdProperties";

/// `DOMAIN_PASSWORD_COMPLEX` (MS-SAMR 2.2.1.6).
const COMPLEX: u32 = 1;

impl Domain {
    /// Returns the rules in the domain's root entry, if they can be read. Nothing depends on them:
    /// the controller judges the new password by itself, perhaps by other rules of this account.
    pub(in crate::ldap) async fn password_rules(&self, session: &mut Session) -> Option<String> {
        let root = self.root.as_str();
        let search = Search::entry("policy search", root, &[LENGTH, HISTORY, PROPERTIES]);
        let hits = session.search(search).await.ok()?;
        in_words(hits.entries.first()?)
    }
}

fn in_words(root: &Entry) -> Option<String> {
    let count = |attribute| root.number::<u32>(attribute).filter(|number| *number > 0);
    let length = count(LENGTH).map(|length| format!("have at least {length} characters"));
    let properties = root
        .text(PROPERTIES)
        .and_then(|text| number::<u32>(text.as_bytes()));
    let is_complex = properties.is_some_and(|bits| bits & COMPLEX != 0);
    let complex = "have three of these: capital letters, small letters, digits, others";
    let complex = is_complex.then(|| complex.to_owned());
    let history = count(HISTORY).map(|last| format!("be none of the last {last}"));
    let rules: Vec<String> = [length, complex, history].into_iter().flatten().collect();
    match rules.is_empty() {
        true => None,
        false => Some(format!(
            "The new password must {}.",
            rules.join("; it must ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_domain_are_told_in_a_sentence() {
        let words = |attributes: &[(&str, &str)]| in_words(&Entry::made_of("dc=x", attributes));
        assert_eq!(words(&[(LENGTH, "0"), (PROPERTIES, "0")]), None);
        let all = [(LENGTH, "7"), (HISTORY, "24"), (PROPERTIES, "1")];
        let text = "The new password must have at least 7 characters; it must have three of these: \
                    capital letters, small letters, digits, others; it must be none of the last 24.";
        assert_eq!(words(&all).as_deref(), Some(text));
    }
}
