//! Distinguished names: equality, and whether one is below another.

use std::cmp::Ordering;
use std::str::FromStr;

use super::attribute::is_attribute;

/// A distinguished name (RFC 4514), parsed so that two spellings of one name are equal.
///
/// Equality is that of most directories: attribute names and values without regard to case, blanks
/// around them or runs of blanks inside. Names that a server tells apart by case alone are equal
/// here. Only somebody who may create such an entry beside the other could exploit this.
#[derive(Debug, Clone, Default)]
pub struct Dn {
    rdns: Vec<Vec<(String, String)>>,
    /// The name as it was written.
    text: String,
}

impl Dn {
    /// Parses `text`; `None` if it is not a name. The empty name is valid: it names the root.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::new(Vec::new(), text));
        }
        let mut rdns = Vec::new();
        for rdn in split(text, &[',', ';']) {
            let mut pairs = (split(rdn, &['+']).into_iter())
                .map(pair)
                .collect::<Option<Vec<_>>>()?;
            pairs.sort();
            rdns.push(pairs);
        }
        Some(Self::new(rdns, text))
    }

    /// Returns the name of the root entry of a domain, with one part for each label of its DNS
    /// name, as a domain's naming context is defined (MS-ADTS 3.1.1.1.5). No server is asked for
    /// it, so none can answer with the root of another domain.
    pub fn of_domain(domain: &str) -> Self {
        let labels = || domain.split('.');
        let rdns = labels().map(|label| vec![("dc".to_owned(), normal(label))]);
        let text = labels().map(|label| format!("DC={label}"));
        Self::new(rdns.collect(), &text.collect::<Vec<_>>().join(","))
    }

    fn new(rdns: Vec<Vec<(String, String)>>, text: &str) -> Self {
        let text = text.to_owned();
        Self { rdns, text }
    }

    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether this name is `base` or anything below it.
    pub fn is_under(&self, base: &Self) -> bool {
        self.rdns.ends_with(&base.rdns)
    }

    /// Returns whether this is the root's name.
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// Returns the value of `attribute` in the name's first part, in lower case.
    pub fn first_value(&self, attribute: &str) -> Option<&str> {
        let pairs = self.rdns.first()?;
        let found = pairs.iter().find(|(name, _)| name == attribute);
        found.map(|(_, value)| value.as_str())
    }
}

impl FromStr for Dn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("\"{text}\" is no distinguished name"))
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.rdns == other.rdns
    }
}

impl Eq for Dn {}

impl PartialOrd for Dn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dn {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rdns.cmp(&other.rdns)
    }
}

/// Splits `text` at the `separators` that are neither escaped nor in quotes.
fn split<'t>(text: &'t str, separators: &[char]) -> Vec<&'t str> {
    let (mut escaped, mut quoted) = (false, false);
    let pieces = text.split(|c: char| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        escaped = c == '\\';
        quoted ^= c == '"';
        !quoted && separators.contains(&c)
    });
    pieces.collect()
}

/// Reads `attribute=value`, normalised.
fn pair(text: &str) -> Option<(String, String)> {
    let (attribute, value) = text.split_once('=')?;
    let attribute = attribute.trim().to_ascii_lowercase();
    if !is_attribute(&attribute) {
        return None;
    }
    Some((attribute, normal(&unescape(trim(value))?)))
}

/// Trims the blanks at both ends, but not an escaped one that ends the value.
fn trim(value: &str) -> &str {
    let trimmed = value.trim_matches(' ');
    match (trimmed.ends_with('\\'), trimmed.len()) {
        (true, length) => {
            let start = value
                .len()
                .saturating_sub(value.trim_start_matches(' ').len());
            let end = start.saturating_add(length).saturating_add(1);
            value.get(start..end).unwrap_or(trimmed)
        }
        (false, _) => trimmed,
    }
}

/// Replaces `\2c`, `\,` and `"…"` by their meaning; `None` if the value ends in a backslash.
fn unescape(value: &str) -> Option<String> {
    let unquoted = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = unquoted.unwrap_or(value).as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let hex = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let hex = hex.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = hex.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.or(tail.first().copied())?);
        rest = tail.get(if byte.is_some() { 2 } else { 1 }..)?;
    }
    // Bytes that are not UTF-8 become a text that no UTF-8 value is equal to.
    Some(String::from_utf8(bytes).unwrap_or_else(|error| format!("{:?}", error.as_bytes())))
}

fn normal(value: &str) -> String {
    let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    #[test]
    fn spellings_of_one_name_are_equal() {
        for (a, b) in [
            ("uid=alice,dc=example", "UID = Alice , DC=Example"),
            ("cn=a\\2cb,dc=x", "cn=a\\,b,dc=x"),
            ("cn=a\\2cb,dc=x", "cn=\"a,b\",dc=x"),
            ("cn=a+uid=b,dc=x", "uid=b+cn=a,dc=x"),
            ("cn=two  words,dc=x", "cn=Two Words,dc=x"),
            ("cn=j\u{fc}rgen", "cn=J\\C3\\9CRGEN"),
            ("cn=x\\ ,dc=y", "cn=x,dc=y"),
        ] {
            assert_eq!(dn(a), dn(b), "{a} and {b}");
        }
        for (a, b) in [
            ("cn=a\\,dc=x", "cn=a,dc=x"),
            ("cn=a\\+b", "cn=a+b=c"),
            ("cn=a,dc=x", "cn=a,dc=y"),
        ] {
            assert_ne!(Dn::parse(a), Dn::parse(b), "{a} and {b}");
        }
    }

    #[test]
    fn a_domains_root_entry_has_a_dc_for_each_label() {
        let root = Dn::of_domain("ad.example.com");
        assert_eq!(root.as_str(), "DC=ad,DC=example,DC=com");
        assert_eq!(Some(root.clone()), Dn::parse(root.as_str()));
    }

    #[test]
    fn below_means_the_same_last_parts() {
        let base = dn("ou=people,dc=example");
        assert!(dn("uid=a,OU=People,dc=example").is_under(&base));
        assert!(base.is_under(&base));
        assert!(dn("uid=a").is_under(&dn("")));
        for other in [
            "dc=example",
            "uid=a,ou=other,dc=example",
            "uid=x\\,ou=people,dc=example",
        ] {
            assert!(!dn(other).is_under(&base), "{other}");
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        for text in ["alice", "uid=a,", ",", "=a", "uid=a\\", "u id=a", "uid=a,b"] {
            assert_eq!(Dn::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[a-z=,+\\\\\"; #\u{fc}0-9]{0,40}") {
            let _ = Dn::parse(&text);
        }
    }
}
