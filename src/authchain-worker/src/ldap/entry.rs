//! An entry that a search returned.

use authchain::tools::journal::quoted;
use authchain::words::number;
use ldap3::ResultEntry;
use ldap3::asn1::StructureTag;

use crate::net::failure::Failure;

/// The longest value that is taken for a text: longer ones are no names, paths or dates.
const MAX_TEXT: usize = 2048;

/// The value of an attribute that has one at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Single<T> {
    /// The attribute is absent.
    Absent,
    /// It has exactly one value, and it parsed.
    Value(T),
    /// It has several values, or one that does not parse, which must not count as absent.
    Invalid,
}

/// An entry: its name, and the attributes that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// Reads a search result. Unlike ldap3's own reading, it does not decide which values are
    /// texts, and does not panic at one that is not UTF-8.
    pub(super) fn of(result: ResultEntry) -> Option<Self> {
        let mut parts = result.0.expect_constructed()?.into_iter();
        let dn = text_of(parts.next()?)?;
        let attributes = parts.next()?.expect_constructed()?;
        let attributes: Option<Vec<_>> = attributes.into_iter().map(attribute).collect();
        Some(Self {
            dn,
            attributes: attributes?,
        })
    }

    #[cfg(test)]
    pub(super) fn made_of(dn: &str, attributes: &[(&str, &str)]) -> Self {
        let attribute = |(name, value): &(&str, &str)| {
            (name.to_ascii_lowercase(), vec![value.as_bytes().to_vec()])
        };
        Self {
            dn: dn.to_owned(),
            attributes: attributes.iter().map(attribute).collect(),
        }
    }

    #[cfg(test)]
    pub(super) fn add(&mut self, name: &str, value: &[u8]) {
        let name = name.to_ascii_lowercase();
        self.attributes.push((name, vec![value.to_vec()]));
    }

    /// Returns the values of `attribute`, texts or not. Servers spell its name as they like.
    pub(super) fn bytes(&self, attribute: &str) -> impl Iterator<Item = &[u8]> {
        (self.attributes.iter())
            .filter(move |(name, _)| name.eq_ignore_ascii_case(attribute))
            .flat_map(|(_, values)| values.iter().map(Vec::as_slice))
    }

    /// Returns whether the server gives only some of the values of `attribute` (MS-ADTS
    /// 3.1.1.3.1.3.3, range retrieval).
    pub(super) fn is_cut(&self, attribute: &str) -> bool {
        let range = format!("{};range=", attribute.to_ascii_lowercase());
        (self.attributes.iter()).any(|(name, _)| name.starts_with(&range))
    }

    /// Returns the values of `attribute` that are texts.
    pub(super) fn texts(&self, attribute: &str) -> impl Iterator<Item = &str> {
        (self.bytes(attribute))
            .filter(|value| value.len() <= MAX_TEXT && !value.contains(&0))
            .filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// Returns the first value of `attribute` that is a text.
    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        self.texts(attribute).next()
    }

    /// Returns the value of `attribute`, which must be the only one, and one that `read`
    /// understands.
    pub(super) fn single<T>(
        &self,
        attribute: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Single<T> {
        let mut values = self.bytes(attribute);
        match (values.next(), values.next()) {
            (None, _) => Single::Absent,
            (Some(_), None) => match self.text(attribute).and_then(read) {
                Some(value) => Single::Value(value),
                None => Single::Invalid,
            },
            (Some(_), Some(_)) => Single::Invalid,
        }
    }

    /// Returns the first value of `attribute` that is a number.
    pub(super) fn number<T: std::str::FromStr>(&self, attribute: &str) -> Option<T> {
        self.texts(attribute)
            .find_map(|text| number(text.as_bytes()))
    }
}

/// Returns the failure at an entry that does not show an attribute it must have.
pub(super) fn hidden(step: &'static str, dn: &str, attribute: &str) -> Failure {
    let dn = quoted(dn);
    let text = format!("{attribute} of {dn} cannot be read; may bind_dn?");
    Failure::configuration_error(step, &text)
}

fn attribute(tag: StructureTag) -> Option<(String, Vec<Vec<u8>>)> {
    let mut parts = tag.expect_constructed()?.into_iter();
    let name = text_of(parts.next()?)?.to_ascii_lowercase();
    let values = parts.next()?.expect_constructed()?;
    let values: Option<Vec<_>> = values
        .into_iter()
        .map(StructureTag::expect_primitive)
        .collect();
    Some((name, values?))
}

fn text_of(tag: StructureTag) -> Option<String> {
    String::from_utf8(tag.expect_primitive()?).ok()
}
