//! The text that tells people which password is meant.

use std::str::FromStr;

/// Most bytes of the text.
const MAX_BYTES: usize = 200;

/// A line that is shown before `Password: `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions(String);

impl Instructions {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Instructions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty".to_owned());
        }
        if text.len() > MAX_BYTES {
            return Err(format!("has more than {MAX_BYTES} bytes"));
        }
        match text.contains(char::is_control) {
            true => Err("must be one line, without control characters".to_owned()),
            false => Ok(Self(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_one_short_line_without_control_characters() {
        let parse = |text: &str| text.parse::<Instructions>().is_ok();
        assert!(parse("Your company password, please."));
        assert!(parse(&"x".repeat(200)));
        let long = "x".repeat(201);
        for refused in ["", "  ", "a\nb", "a\u{1b}[2J", "a\u{9b}", "a\0", &long] {
            assert!(!parse(refused), "{refused:?}");
        }
    }
}
