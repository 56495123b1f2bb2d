//! The facts about a login that conditions are about.

use super::origin::Origin;

/// The facts about a login by which a rule is chosen, besides the person's groups.
#[derive(Debug, Clone, Copy)]
pub struct LoginFacts<'a> {
    /// `PAM_SERVICE`.
    pub service: &'a str,
    /// The name, as it was typed.
    pub user: &'a str,
    /// The person's own name in the source, where it differs from `user`: a backend that tells no
    /// `A` from `a`, or an alias. `None` before a backend has answered.
    pub own_name: Option<&'a str>,
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
            own_name: None,
            origin: Origin::of(rhost),
            tty: tty.strip_prefix("/dev/").unwrap_or(tty),
        }
    }

    /// Adds the person's own name, as the backend that accepted has it.
    #[must_use]
    pub fn known_as(self, own_name: &'a str) -> Self {
        let own_name = (own_name != self.user).then_some(own_name);
        Self { own_name, ..self }
    }
}
