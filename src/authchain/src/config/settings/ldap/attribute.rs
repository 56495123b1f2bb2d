//! Names of attributes.

use std::str::FromStr;

/// The name of an attribute: `uid`, `sAMAccountName`, `1.3.6.1.4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeName(String);

impl AttributeName {
    /// Builds a name of this program's own, which is not checked.
    pub fn known(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AttributeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match is_attribute(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!("\"{text}\" is no name of an attribute")),
        }
    }
}

/// Returns whether `text` can be the name of an attribute.
pub(super) fn is_attribute(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_names_have_no_syntax_of_filters() {
        assert!(is_attribute("uid") && is_attribute("2.5.4.3") && is_attribute("cn;lang-de"));
        for bad in ["", "u id", "uid=", "*", "uid)", "\u{fc}id", "-uid"] {
            assert!(!is_attribute(bad), "{bad}");
        }
    }
}
