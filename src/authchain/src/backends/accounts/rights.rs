//! The capabilities of a backend over a worker, by its settings.

use super::{CannotKeep, Entries};

/// The capabilities that the settings of a backend over a worker give it, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountRights {
    /// To add people.
    pub register: Result<(), CannotKeep>,
    /// To edit entries.
    pub edit: Result<(), CannotKeep>,
    /// To remove people.
    pub remove: Result<(), CannotKeep>,
    /// To list people.
    pub people: Result<(), CannotKeep>,
    /// To list groups.
    pub groups: Result<(), CannotKeep>,
}

impl AccountRights {
    /// The rights of a backend whose worker itself says what it can.
    pub const OF_WORKER: Self = Self {
        register: Ok(()),
        edit: Ok(()),
        remove: Ok(()),
        people: Ok(()),
        groups: Ok(()),
    };

    /// Returns the rights of a backend that has none, for this reason.
    pub const fn none(why: &'static str) -> Self {
        let no = Err(CannotKeep::NotSupported(why));
        Self {
            register: no,
            edit: no,
            remove: no,
            people: no,
            groups: no,
        }
    }

    /// Returns the right to list the entries.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn list(&self, entries: Entries) -> Result<(), CannotKeep> {
        match entries {
            Entries::People => self.people,
            Entries::Groups => self.groups,
        }
    }
}
