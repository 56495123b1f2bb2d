//! The facts about a login that conditions are about.

use super::origin::Origin;

/// The facts about a login by which a rule is chosen, besides the person's groups.
#[derive(Debug, Clone, Copy)]
pub struct LoginFacts<'a> {
    /// `PAM_SERVICE`.
    pub service: &'a str,
    /// The name, as it was typed.
    pub user: &'a str,
    /// The names that the source has for the person: the own one, which may differ from `user` in
    /// letters or because that is an alias, and the others of the entry. Empty before a backend has
    /// answered.
    pub own_names: &'a [&'a str],
    /// `PAM_RHOST`.
    pub origin: Origin,
    /// `PAM_TTY` without `/dev/`.
    pub tty: &'a str,
}

impl<'a> LoginFacts<'a> {
    /// Gathers the facts from PAM's items.
    pub fn new(service: &'a str, user: &'a str, rhost: &str, tty: &'a str) -> Self {
        Self {
            service,
            user,
            own_names: &[],
            origin: Origin::of(rhost),
            tty: tty.strip_prefix("/dev/").unwrap_or(tty),
        }
    }

    /// Adds the names that the backend that accepted has for the person.
    #[must_use]
    pub fn known_as(self, own_names: &'a [&'a str]) -> Self {
        Self { own_names, ..self }
    }
}
