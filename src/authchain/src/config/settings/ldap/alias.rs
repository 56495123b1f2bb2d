//! Aliases: attributes by whose values people may log in, besides their names.

use std::str::FromStr;

use super::attribute::is_attribute;
use super::template::{Placeholder, TextTemplate};

/// A value of `aliases`: an attribute, and the value that it has in the entry of `%u`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias(TextTemplate);

impl Alias {
    /// Returns the attribute.
    pub fn attribute(&self) -> &str {
        self.0.as_str().split_once('=').unwrap_or_default().0
    }

    /// Returns the value by which somebody logs in who typed this name; `None` where it would not
    /// be an address, with one `@`. Otherwise a plain name would be whose attribute says so.
    pub fn value_of(&self, typed: &str) -> Option<String> {
        let filled = self.0.fill(|_| typed);
        let (_, value) = filled.split_once('=')?;
        (value.matches('@').count() == 1).then(|| value.to_owned())
    }

    /// Returns the alias as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Alias {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let template = TextTemplate::parse(text, &[Placeholder::User])?;
        let has_attribute =
            (text.split_once('=')).is_some_and(|(attribute, _)| is_attribute(attribute));
        match has_attribute && template.has(Placeholder::User) {
            true => Ok(Self(template)),
            false => Err(format!(
                "\"{text}\" must be an attribute and its value for the name %u, such as \"mail=%u\""
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(alias: &str, typed: &str) -> Option<String> {
        alias.parse::<Alias>().unwrap().value_of(typed)
    }

    #[test]
    fn a_value_is_an_address_made_of_the_name_that_was_typed() {
        for (alias, typed, expected) in [
            ("mail=%u", "al@x.org", Some("al@x.org")),
            ("mail=%u", "al", None),
            ("mail=%u", "al@x@y", None),
            ("mail=%u", "=@x", Some("=@x")),
            ("userPrincipalName=%u@x.org", "al", Some("al@x.org")),
            ("userPrincipalName=%u@x.org", "al@x.org", None),
            ("proxyAddresses=smtp:%u", "al@x", Some("smtp:al@x")),
            ("employeeNumber=%u", "4711", None),
        ] {
            assert_eq!(value(alias, typed).as_deref(), expected, "{alias} {typed}");
        }
    }

    #[test]
    fn an_alias_has_an_attribute_and_a_place_for_the_name() {
        let alias: Alias = "mail=%u".parse().unwrap();
        assert_eq!((alias.attribute(), alias.as_str()), ("mail", "mail=%u"));
        for bad in [
            "",
            "mail",
            "%u",
            "=%u",
            "mail=",
            "mail=al@x",
            "ma il=%u",
            "%u=%u",
            "mail=%s",
        ] {
            assert!(bad.parse::<Alias>().is_err(), "{bad}");
        }
    }
}
