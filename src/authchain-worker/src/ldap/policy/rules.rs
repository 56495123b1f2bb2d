//! The rules of a password policy for new passwords, in words for the person.

use crate::ldap::entry::Entry;
use crate::ldap::session::{Search, Session};

use super::SUBENTRY;

const CHECK: &str = "pwdCheckQuality";
const MIN_LENGTH: &str = "pwdMinLength";
const HISTORY: &str = "pwdInHistory";

/// Returns the rules of the policy that the entry of a person names, if they can be read. Nothing
/// depends on them: the server judges the new password by itself.
pub(in crate::ldap) async fn rules(session: &mut Session, person: &Entry) -> Option<String> {
    let policy = person.text(SUBENTRY)?;
    let search = Search::entry("policy search", policy, &[CHECK, MIN_LENGTH, HISTORY]);
    let hits = session.search(search).await.ok()?;
    in_words(hits.entries.first()?)
}

fn in_words(policy: &Entry) -> Option<String> {
    let number = |attribute| policy.number::<u32>(attribute).filter(|number| *number > 0);
    let length = number(CHECK).and_then(|_| number(MIN_LENGTH));
    let length = length.map(|length| match length {
        1 => "have at least 1 character".to_owned(),
        _ => format!("have at least {length} characters"),
    });
    let history = number(HISTORY).map(|last| match last {
        1 => "not be the last one".to_owned(),
        _ => format!("be none of the last {last}"),
    });
    let rules: Vec<String> = length.into_iter().chain(history).collect();
    match rules.is_empty() {
        true => None,
        false => Some(format!("The new password must {}.", rules.join(" and "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_told_in_a_sentence_or_not_at_all() {
        let words = |attributes: &[(&str, &str)]| in_words(&Entry::made_of("cn=p", attributes));
        assert_eq!(words(&[]), None);
        assert_eq!(words(&[(MIN_LENGTH, "8")]), None);
        assert_eq!(words(&[(CHECK, "x"), (MIN_LENGTH, "-1")]), None);
        let length = words(&[(CHECK, "2"), (MIN_LENGTH, "8")]);
        let text = "The new password must have at least 8 characters.";
        assert_eq!(length.as_deref(), Some(text));
        let both = words(&[(CHECK, "1"), (MIN_LENGTH, "8"), (HISTORY, "5")]);
        let text = "The new password must have at least 8 characters and be none of the last 5.";
        assert_eq!(both.as_deref(), Some(text));
    }
}
