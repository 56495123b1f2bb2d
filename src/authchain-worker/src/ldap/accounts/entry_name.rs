//! The name by which an entry is on a list.

use authchain::config::settings::ldap::dn::Dn;

use crate::ldap::entry::Entry;

/// Returns the value of `attribute`: of several, the one in the entry's DN. `None` where the DN has
/// none of them: people may write more names into their entries, and these are no names of theirs.
pub(super) fn named(entry: &Entry, attribute: &str) -> Option<String> {
    let dn = Dn::parse(&entry.dn)?;
    let in_dn = dn.first_value(&attribute.to_ascii_lowercase());
    let same = |name: &&str| in_dn.is_some_and(|value| name.to_lowercase() == value);
    let mut names = entry.texts(attribute);
    let name = match (names.next(), names.next()) {
        (Some(name), None) => Some(name),
        _ => entry.texts(attribute).find(same),
    };
    name.map(str::to_owned)
}

/// Returns the note on the entries of a list that were left out, if there are any.
pub(super) fn note_on_nameless(count: usize) -> Option<String> {
    (count > 0).then(|| {
        format!("{count} entries have no name, or several of which none is in the DN: left out")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_names_only_the_one_in_the_dn_counts() {
        let name = |dn: &str, values: &[&str]| {
            let attributes: Vec<_> = values.iter().map(|value| ("uid", *value)).collect();
            named(&Entry::made_of(dn, &attributes), "uid")
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(name("cn=m,dc=x", &["mallory"]), some("mallory"));
        assert_eq!(name("uid=Mallory,dc=x", &["a", "mallory"]), some("mallory"));
        assert_eq!(name("cn=mallory,dc=x", &["postgres", "mallory"]), None);
        assert_eq!(name("uid=other,dc=x", &["postgres", "mallory"]), None);
        assert_eq!(name("cn=mallory,dc=x", &[]), None);
    }
}
