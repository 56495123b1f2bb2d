//! The names that a person's entry has besides the one by which it was found.

use authchain::backends::protocol::MAX_OTHER_NAMES;
use authchain::config::settings::ldap::dn::Dn;
use authchain::words::Username;

use super::codes;
use super::entry::Entry;
use crate::net::failure::Failure;

/// Returns the names that the entry has besides `name` in its values of `attribute` and in its DN,
/// as far as they can be login names. A person who may write the attribute can log in by a name of
/// their own, but does not become another person by it.
pub(super) fn other_names(
    entry: &Entry,
    attribute: &str,
    name: &str,
) -> Result<Vec<String>, Failure> {
    let values = entry.texts(attribute).map(str::trim);
    let mut names: Vec<&str> = values.filter(|other| *other != name).collect();
    // The value in the DN may be spelled in its own way.
    let dn = Dn::parse(&entry.dn);
    let of_dn = (dn.as_ref()).and_then(|dn| dn.first_value(&attribute.to_ascii_lowercase()));
    let is_new = |other: &&str| {
        !names
            .iter()
            .chain(&[name])
            .any(|name| name.eq_ignore_ascii_case(other))
    };
    names.extend(of_dn.filter(is_new));
    names.retain(|name| Username::parse(name.as_bytes()).is_ok());
    if names.len() > MAX_OTHER_NAMES {
        let dn = codes::server_text(&entry.dn);
        let text = format!("{dn} has more than {MAX_OTHER_NAMES} other names in {attribute}");
        return Err(Failure::settings("search", text));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_names_are_those_of_the_attribute_and_of_the_dn_that_can_be_login_names() {
        let others = |dn: &str, values: &[&str]| {
            let attributes: Vec<_> = values.iter().map(|value| ("uid", *value)).collect();
            other_names(&Entry::made_of(dn, &attributes), "UID", "alice")
        };
        let none: [&str; 0] = [];
        assert_eq!(others("uid=alice,dc=x", &["alice"]).unwrap(), none);
        assert_eq!(others("UID=Alice+cn=a,dc=x", &["alice"]).unwrap(), none);
        assert_eq!(others("cn=bob,dc=x", &["alice"]).unwrap(), none);
        assert_eq!(others("uid=Bob,dc=x", &["alice"]).unwrap(), ["bob"]);
        let two = ["alice", " Eve ", "e:ve", "", "bob"];
        assert_eq!(others("uid=bob,dc=x", &two).unwrap(), ["Eve", "bob"]);
        let names: Vec<String> = (0..=MAX_OTHER_NAMES).map(|n| format!("a{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(others("uid=alice,dc=x", &names[1..]).is_ok());
        let error = others("uid=alice,dc=x", &names).unwrap_err().to_string();
        assert!(error.contains("has more than 64 other names"), "{error}");
    }
}
