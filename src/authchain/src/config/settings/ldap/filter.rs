//! LDAP filters.
//!
//! A filter stays a text, which ldap3 parses in the worker. The types here guarantee that it is a
//! filter, whatever its placeholders are filled with.

use std::str::FromStr;

use super::template::{Placeholder, TextTemplate};

/// A value of `user_filter`: finds the entry of `%u`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFilter(TextTemplate);

impl UserFilter {
    /// Returns the filter that finds a person. `escaped` is the name (RFC 4515 §3), or `*`.
    pub fn fill(&self, escaped: &str) -> String {
        self.0.fill(|_| escaped)
    }

    /// Returns the filter as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The people of RFC 2307.
impl Default for UserFilter {
    fn default() -> Self {
        Self(TextTemplate::of_user(
            "(&(objectClass=posixAccount)(uid=",
            "))",
        ))
    }
}

impl FromStr for UserFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let filter = parse(text, &[Placeholder::User])?;
        match filter.has(Placeholder::User) {
            true => Ok(Self(filter)),
            false => Err("has no %u, so it would find the same people for every name".to_owned()),
        }
    }
}

/// A value of `access_filter`, which the entry of a person must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessFilter(TextTemplate);

impl AccessFilter {
    /// Returns the filter for a person; the values are escaped (RFC 4515 §3).
    pub fn fill(&self, user: &str, service: &str, host: &str) -> String {
        self.0.fill(|placeholder| match placeholder {
            Placeholder::User => user,
            Placeholder::Service => service,
            Placeholder::Host => host,
        })
    }

    /// Returns whether the filter contains the name of this machine.
    pub fn asks_host(&self) -> bool {
        self.0.has(Placeholder::Host)
    }

    /// Returns the filter as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for AccessFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        use Placeholder::{Host, Service, User};
        parse(text, &[User, Service, Host]).map(Self)
    }
}

/// A value of `group_filter`, which matches groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFilter(TextTemplate);

impl GroupFilter {
    /// Returns the filter for groups that also match `filter`, which may be empty.
    pub fn and(&self, filter: &str) -> String {
        format!("(&{}{filter})", self.0.fill(|_| ""))
    }

    /// Returns the filter as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The groups of the usual schemas.
impl Default for GroupFilter {
    fn default() -> Self {
        Self(TextTemplate::plain(
            "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)\
             (objectClass=posixGroup)(objectClass=group))",
        ))
    }
}

impl FromStr for GroupFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, &[]).map(Self)
    }
}

/// Reads a filter in which the placeholders of `known` may be.
fn parse(text: &str, known: &[Placeholder]) -> Result<TextTemplate, String> {
    let template = TextTemplate::parse(text, known)?;
    match is_filter(&template.fill(|_| "x")) {
        true => Ok(template),
        false => Err(format!(
            "\"{text}\" is no LDAP filter; are its parentheses in pairs?"
        )),
    }
}

/// Maximum depth of nested filters: ldap3 parses them recursively.
const DEPTH: usize = 32;

/// Returns whether `text` is an LDAP filter (RFC 4515).
fn is_filter(text: &str) -> bool {
    filter(text, DEPTH) == Some("")
}

/// Takes one filter off the front of `text`, and returns what follows it.
fn filter(text: &str, depth: usize) -> Option<&str> {
    let depth = depth.checked_sub(1)?;
    let inner = text.strip_prefix('(')?;
    let rest = match inner.chars().next()? {
        '&' | '|' => filters(inner.get(1..)?, depth)?,
        '!' => filter(inner.get(1..)?, depth)?,
        _ => item(inner)?,
    };
    rest.strip_prefix(')')
}

fn filters(mut text: &str, depth: usize) -> Option<&str> {
    while text.starts_with('(') {
        text = filter(text, depth)?;
    }
    Some(text)
}

/// Takes a comparison such as `attribute=value` off the front of `text`, and returns the rest,
/// which begins with the closing parenthesis.
fn item(text: &str) -> Option<&str> {
    let (item, _) = text.split_at(text.find(['(', ')'])?);
    let (attribute, value) = item.split_once('=')?;
    let name = attribute.trim_end_matches(['~', '<', '>', ':']);
    let is_name = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ';' | '.' | ':'));
    let is_sound = is_name && !name.is_empty() && escapes_are_whole(value);
    is_sound.then(|| text.get(item.len()..))?
}

/// Returns whether each backslash is followed by two hexadecimal digits.
fn escapes_are_whole(value: &str) -> bool {
    value.split('\\').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2).unwrap_or_default();
        digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_balanced_and_every_item_has_an_attribute() {
        for good in [
            "(uid=x)",
            "(&(objectClass=posixAccount)(uid=x))",
            "(|(a=1)(!(b=2))(c>=3)(d~=4))",
            "(memberOf:1.2.840.113556.1.4.1941:=cn=a,dc=b)",
            "(cn=*)",
            "(&)",
            "(uid=\\2a\\28)",
            "(uid=j\u{fc}rgen)",
        ] {
            assert!(is_filter(good), "{good}");
        }
        let deep = format!("{}(a=1){}", "(!".repeat(40), ")".repeat(40));
        for bad in [
            "",
            "uid=x",
            "(uid=x",
            "(uid=x))",
            "(uid)",
            "(=x)",
            "(u(id=x)",
            "(&(uid=x)",
            "(uid=\\2)",
            "(uid=\\zz)",
            "(uid=x)(uid=y)",
            "(u d=x)",
            &deep,
        ] {
            assert!(!is_filter(bad), "{bad}");
        }
    }

    #[test]
    fn the_defaults_are_equal_to_their_parsed_texts() {
        let (user, group) = (UserFilter::default(), GroupFilter::default());
        assert_eq!(user.as_str(), "(&(objectClass=posixAccount)(uid=%u))");
        assert_eq!(user.as_str().parse(), Ok(user));
        assert_eq!(group.as_str().parse(), Ok(group));
    }

    #[test]
    fn an_escaped_percent_sign_is_no_placeholder() {
        assert!("(uid=%%u)".parse::<UserFilter>().is_err());
        assert!("(uid=%%%u)".parse::<UserFilter>().is_ok());
    }
}
