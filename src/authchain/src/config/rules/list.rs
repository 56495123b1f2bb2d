//! Lists of entries, `!` in front of those that exclude.

use std::convert::Infallible;
use std::fmt;

use toml::Spanned;

use super::fit::Fit;

/// The entries of a condition. Without any, the key is not written, and every login fits.
#[derive(Debug, Clone)]
pub struct List<T> {
    /// The entries of which one must match, if there are any.
    pub included: Vec<Spanned<T>>,
    /// The entries of which none may match, written with a `!`.
    pub excluded: Vec<Spanned<T>>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            included: Vec::new(),
            excluded: Vec::new(),
        }
    }
}

impl<T> List<T> {
    /// Returns whether the key is not written.
    pub fn is_empty(&self) -> bool {
        self.included.is_empty() && self.excluded.is_empty()
    }

    /// Returns all entries.
    pub fn entries(&self) -> impl Iterator<Item = &Spanned<T>> {
        self.included.iter().chain(&self.excluded)
    }

    /// Returns whether a login fits the list. `matches` says whether it matches an entry; `None`
    /// if that cannot be known.
    ///
    /// # Errors
    /// The error of `matches`, which is asked no more than is needed.
    pub fn fit<E>(&self, mut matches: impl FnMut(&T) -> Result<Option<bool>, E>) -> Result<Fit, E> {
        let mut is_excluded = Some(false);
        for entry in &self.excluded {
            match matches(entry.get_ref())? {
                Some(true) => return Ok(Fit::No),
                Some(false) => {}
                None => is_excluded = None,
            }
        }
        let mut is_included = Some(self.included.is_empty());
        for entry in &self.included {
            match matches(entry.get_ref())? {
                Some(true) => {
                    is_included = Some(true);
                    break;
                }
                Some(false) => {}
                None => is_included = None,
            }
        }
        Ok(match (is_included, is_excluded) {
            (Some(false), _) => Fit::No,
            (Some(true), Some(false)) => Fit::Yes,
            _ => Fit::Unclear,
        })
    }
    /// Returns whether a login fits the list, as [`fit`](Self::fit), where no lookup is needed.
    pub fn known_fit(&self, matches: impl Fn(&T) -> Option<bool>) -> Fit {
        let Ok(fit) = self.fit(|entry| Ok::<_, Infallible>(matches(entry)));
        fit
    }
}

/// Writes the list as in the file, those that exclude last.
impl<T: fmt::Display> fmt::Display for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let included = self.included.iter();
        let included = included.map(|entry| format!("\"{}\"", entry.get_ref()));
        let excluded = self.excluded.iter();
        let excluded = excluded.map(|entry| format!("\"!{}\"", entry.get_ref()));
        let entries: Vec<String> = included.chain(excluded).collect();
        write!(f, "[{}]", entries.join(", "))
    }
}
