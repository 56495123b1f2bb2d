//! A login name as it was typed.

/// A login name taken apart: `EXAMPLE\` `alice`, or `alice` `@ad.example.com`. Only a domain of
/// Active Directory takes more than the name itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Login<'a> {
    pub(super) before: &'a str,
    /// The name that the entry must have.
    pub(super) name: &'a str,
    pub(super) after: &'a str,
}

impl<'a> Login<'a> {
    /// Takes a whole login name for the name of the entry.
    pub(super) fn plain(name: &'a str) -> Self {
        let (before, after) = ("", "");
        Self {
            before,
            name,
            after,
        }
    }

    /// Returns the login name with the entry's own spelling of its name.
    pub(super) fn spelled(&self, name: &str) -> String {
        [self.before, name, self.after].concat()
    }
}

/// A login name, which may be the name of an account or an alias.
pub(super) struct TypedName<'a> {
    pub(super) text: &'a str,
    /// The name taken apart; `None` where no account can have it.
    pub(super) login: Option<Login<'a>>,
}
