//! The answer of a condition to a login.

/// The answer to whether a login fits a condition of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It fits.
    Yes,
    /// It does not fit.
    No,
    /// It depends on what is not known.
    Unclear,
}

impl Fit {
    /// Returns whether a login fits both of two conditions.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unclear,
        }
    }
}
