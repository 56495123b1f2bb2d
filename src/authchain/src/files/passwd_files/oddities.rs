//! The faults that a search for a name has noticed in a passwd or shadow file.

use std::fmt;

/// Maximum number of line numbers that are kept for each kind of fault.
const REMEMBERED: usize = 3;

/// The lines of a file that were not taken as entries. Displays as one phrase for the log, which is
/// empty if there are none.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Oddities {
    /// Lines of more than 4096 bytes.
    pub too_long: Places,
    /// Lines without a colon.
    pub malformed: Places,
    /// Further entries of the name that was asked for; the first one counts.
    pub duplicates: Places,
    /// The first line that begins with the name asked for but is not a valid entry: the number of
    /// the line, and its fault.
    pub unusable: Option<(u64, &'static str)>,
}

impl Oddities {
    /// Notes a malformed line of the name that was asked for. The first one is kept.
    pub(super) fn add_unusable(&mut self, line: u64, fault: &'static str) {
        self.unusable.get_or_insert((line, fault));
    }

    /// Returns whether there is nothing to report.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Oddities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut phrases = Vec::new();
        if let Some((line, fault)) = self.unusable {
            phrases.push(format!("line {line} is not valid: {fault}"));
        }
        let kinds = [
            (&self.duplicates, "the name again"),
            (&self.malformed, "no entry"),
            (&self.too_long, "too long"),
        ];
        for (places, what) in kinds {
            if places.count > 0 {
                phrases.push(format!("{places}: {what}, skipped"));
            }
        }
        f.write_str(&phrases.join("; "))
    }
}

/// Some lines of a file: how many there are, and the line numbers of the first few.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Places {
    /// The number of such lines.
    pub count: u64,
    /// The line numbers of the first few, from 1.
    pub first: Vec<u64>,
}

impl Places {
    pub(super) fn add(&mut self, line: u64) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < REMEMBERED {
            self.first.push(line);
        }
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.first.iter().map(u64::to_string).collect();
        let word = if self.count == 1 { "line" } else { "lines" };
        write!(f, "{word} {}", numbers.join(", "))?;
        let named = u64::try_from(self.first.len()).unwrap_or(u64::MAX);
        match self.count.saturating_sub(named) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_says_what_and_where() {
        let mut oddities = Oddities::default();
        assert!(oddities.is_empty());
        assert_eq!(oddities.to_string(), "");
        oddities.duplicates.add(7);
        for line in 10..30 {
            oddities.malformed.add(line);
        }
        oddities.add_unusable(3, "the user id is not a number");
        assert_eq!(
            oddities.to_string(),
            "line 3 is not valid: the user id is not a number; line 7: the name again, skipped; \
             lines 10, 11, 12 and 17 more: no entry, skipped"
        );
    }
}
