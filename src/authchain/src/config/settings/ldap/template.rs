//! Texts with placeholders: `%u` for the name of a person, `%%` for a percent sign.

use std::str::FromStr;

use super::dn::Dn;

/// The meaning of a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// `%u`: the name of the person.
    User,
    /// `%s`: the PAM service.
    Service,
    /// `%h`: the name of this machine.
    Host,
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextTemplate {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(Placeholder),
}

impl Placeholder {
    fn of(letter: char) -> Option<Self> {
        match letter {
            'u' => Some(Self::User),
            's' => Some(Self::Service),
            'h' => Some(Self::Host),
            _ => None,
        }
    }
}

impl TextTemplate {
    /// Parses `text`, in which only the placeholders of `known` may be.
    ///
    /// # Errors
    /// The fault of the text, for the administrator.
    pub(super) fn parse(text: &str, known: &[Placeholder]) -> Result<Self, String> {
        let pieces = parse_pieces(text, known).map_err(|letter| {
            let letter = letter.map(String::from).unwrap_or_default();
            format!("%{letter} stands for nothing here; for a percent sign write %%")
        })?;
        let text = text.to_owned();
        Ok(Self { text, pieces })
    }

    /// Builds the template of `before`, `%u` and `after`. Neither text may have a percent sign.
    pub(super) fn of_user(before: &str, after: &str) -> Self {
        let [first, last] = [before, after].map(|text| Piece::Text(text.to_owned()));
        Self {
            text: format!("{before}%u{after}"),
            pieces: vec![first, Piece::Placeholder(Placeholder::User), last],
        }
    }

    /// Builds a template without placeholders. The text must have no percent sign.
    pub(super) fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            pieces: vec![Piece::Text(text.to_owned())],
        }
    }

    /// Returns whether the text has the placeholder.
    pub(super) fn has(&self, placeholder: Placeholder) -> bool {
        self.pieces.contains(&Piece::Placeholder(placeholder))
    }

    /// Returns the text with each placeholder replaced by its `value`.
    pub(super) fn fill<'t>(&'t self, value: impl Fn(Placeholder) -> &'t str) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Placeholder(placeholder) => value(*placeholder),
        });
        pieces.collect()
    }

    /// Returns the template as it was written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

/// Parses a template; the error is the letter after a `%` that is no placeholder.
fn parse_pieces(text: &str, known: &[Placeholder]) -> Result<Vec<Piece>, Option<char>> {
    let mut parts = text.split('%');
    let mut pieces = vec![Piece::Text(parts.next().unwrap_or_default().to_owned())];
    while let Some(part) = parts.next() {
        let Some(letter) = part.chars().next() else {
            // The part is empty between two percent signs, and after one at the end of the text.
            let next = parts.next().ok_or(None)?;
            pieces.push(Piece::Text(format!("%{next}")));
            continue;
        };
        let placeholder = Placeholder::of(letter).filter(|found| known.contains(found));
        pieces.push(Piece::Placeholder(placeholder.ok_or(Some(letter))?));
        let rest = part.get(letter.len_utf8()..).unwrap_or_default();
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

/// A value of `user_dn_template`: the DN of a person's entry, with `%u` for their name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnTemplate(TextTemplate);

impl DnTemplate {
    /// Returns the DN of a person's entry; `escaped` is the person's login name, escaped (RFC 4514
    /// §2.4).
    pub fn fill(&self, escaped: &str) -> String {
        self.0.fill(|_| escaped)
    }

    /// Returns the template as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for DnTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let template = TextTemplate::parse(text, &[Placeholder::User])?;
        if !template.has(Placeholder::User) {
            return Err("has no %u, so it would be the same person for every name".to_owned());
        }
        template.fill(|_| "x").parse::<Dn>()?;
        Ok(Self(template))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_strange_ones_refused() {
        let with = |text: &str| {
            let pieces = parse_pieces(text, &[Placeholder::User])?;
            let text = text.to_owned();
            Ok(TextTemplate { text, pieces }.fill(|_| "alice"))
        };
        assert_eq!(with("(uid=%u)"), Ok("(uid=alice)".to_owned()));
        assert_eq!(with("%u%u"), Ok("alicealice".to_owned()));
        assert_eq!(with("100%%, %u"), Ok("100%, alice".to_owned()));
        assert_eq!(with("%%u"), Ok("%u".to_owned()));
        assert_eq!(with("(uid=%x)"), Err(Some('x')));
        assert_eq!(with("(uid=%\u{fc})"), Err(Some('\u{fc}')));
        assert_eq!(with("(uid=%"), Err(None));
    }
}
