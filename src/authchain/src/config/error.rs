//! Errors with their place in the configuration file.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::tools::trusted_file::{FileError, FileFault};

/// A fault in the configuration, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The path of the file, as it was given.
    pub file: PathBuf,
    /// The location in the file; `None` if the fault concerns the file as a whole.
    pub location: Option<Location>,
    /// The fault, in one line.
    pub message: String,
    /// True if this process could not read the file for lack of descriptors or memory: then nothing
    /// is known about its contents.
    pub is_unread: bool,
}

/// A place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The number of characters that the fault spans on that line.
    pub width: usize,
    /// The line itself.
    pub text: String,
}

impl ConfigError {
    /// Builds an error about the bytes `span` of `text`.
    pub(super) fn at(file: &Path, text: &str, span: Range<usize>, message: String) -> Self {
        Self {
            file: file.to_owned(),
            location: Some(Location::of(text, &span)),
            message,
            is_unread: false,
        }
    }

    /// Builds an error about the file as a whole.
    pub(super) fn whole(file: &Path, message: String) -> Self {
        Self {
            file: file.to_owned(),
            location: None,
            message,
            is_unread: false,
        }
    }

    /// Returns `file:line:column: message` followed by the line and a caret, for a terminal.
    pub fn with_citation(&self) -> String {
        let Some(location) = &self.location else {
            return self.to_string();
        };
        let number = location.line.to_string();
        let margin = " ".repeat(number.len());
        // Tabs are kept, so that the caret stands under the key however wide a tab is shown.
        let indent: String = (location.text.chars())
            .take(location.column.saturating_sub(1))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let carets = "^".repeat(location.width.max(1));
        format!(
            "{self}\n{number} | {}\n{margin} | {indent}{carets}",
            location.text
        )
    }
}

impl Location {
    fn of(text: &str, span: &Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before
            .rfind('\n')
            .map_or(0, |newline| newline.saturating_add(1));
        let rest = text.get(line_start..).unwrap_or_default();
        let line_text = rest.lines().next().unwrap_or_default();
        let spanned = text.get(span.clone()).unwrap_or_default();
        Self {
            line: before.matches('\n').count().saturating_add(1),
            column: (before.get(line_start..).unwrap_or_default().chars().count())
                .saturating_add(1),
            width: spanned.lines().next().unwrap_or_default().chars().count(),
            text: line_text.to_owned(),
        }
    }
}

impl From<FileError> for ConfigError {
    fn from(error: FileError) -> Self {
        Self {
            is_unread: matches!(error.fault, FileFault::Process(_)),
            ..Self::whole(&error.path, error.fault.to_string())
        }
    }
}

/// Writes one line, for the log.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(location) = &self.location {
            write!(f, ":{}:{}", location.line, location.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_caret_stands_under_the_fault() {
        let text = "a = 1\n\tkéy = 2\n";
        let error = ConfigError::at(Path::new("x.toml"), text, 7..11, "odd".to_owned());
        assert_eq!(error.to_string(), "x.toml:2:2: odd");
        assert_eq!(
            error.with_citation(),
            "x.toml:2:2: odd\n2 | \tkéy = 2\n  | \t^^^"
        );
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_has_a_place(text in ".*", start in 0..200usize, len in 0..50usize) {
            let location = Location::of(&text, &(start..start + len));
            prop_assert!(location.line >= 1 && location.column >= 1);
        }
    }
}
