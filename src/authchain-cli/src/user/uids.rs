//! The user id that a new account gets.

use std::ops::RangeInclusive;

use authchain::chain::is_system_uid;
use authchain::files::edit::EditError;
use authchain::tools::name_service;
use authchain::words::Username;
use nix::unistd::User as SystemUser;

/// The user ids that new accounts of authchain's own files get. useradd stays below 60000, systemd
/// takes ranges up to 65535 (homed, DynamicUser), and subordinate ids begin at 100000.
pub(crate) const OF_FILES: RangeInclusive<u32> = 70_000..=99_999;

/// The highest user id that a new person of a directory gets: above it are systemd's.
pub(crate) const LAST_OF_DIRECTORIES: u32 = 59_999;

/// The wishes and facts by which a user id is chosen.
pub(crate) struct UidChoice<'a> {
    pub(crate) name: &'a Username,
    /// The user id that was asked for.
    pub(crate) wanted: Option<u32>,
    /// The system's account of the name.
    pub(crate) system: Option<&'a SystemUser>,
    pub(crate) min_uid: u32,
    /// The user ids of which the next free one is taken.
    pub(crate) range: RangeInclusive<u32>,
}

impl UidChoice<'_> {
    /// Returns the user id that was asked for, else the system's for the name, else the next free
    /// one beside those that are taken.
    pub(crate) fn choose(&self, taken: &[u32]) -> Result<u32, EditError> {
        let uid = match (self.wanted, self.system) {
            (Some(uid), _) => uid,
            (None, Some(user)) => user.uid.as_raw(),
            (None, None) => self.next(taken)?,
        };
        let min_uid = self.min_uid;
        let refused = |why: String| Err(EditError::Refused(format!("user id {uid} {why}")));
        if is_system_uid(uid, min_uid) {
            return refused(format!(
                "is the system's own: 0, below min_uid ({min_uid}), systemd's (61184 to 65519) or \
                 nobody's (65534)"
            ));
        }
        if taken.contains(&uid) {
            return refused("is another account's here: files would belong to both".to_owned());
        }
        match name_service::user_with_id(uid).map_err(EditError::Refused)? {
            Some(owner) if owner.name != self.name.as_str() => refused(format!(
                "is {}'s in the system: files would belong to both",
                owner.name
            )),
            _ => Ok(uid),
        }
    }

    /// Returns the user id after the highest that an account has; ids that the system knows are
    /// skipped. So the id of a deleted account, whose files may be left, is rarely given again.
    fn next(&self, taken: &[u32]) -> Result<u32, EditError> {
        let (first, last) = (*self.range.start(), *self.range.end());
        let highest = taken.iter().filter(|uid| self.range.contains(uid)).max();
        for uid in highest.map_or(first, |uid| uid.saturating_add(1))..=last {
            let owner = name_service::user_with_id(uid).map_err(EditError::Refused)?;
            if owner.is_none() {
                return Ok(uid);
            }
        }
        let message = format!("no free user id up to {last}; choose one with --uid");
        Err(EditError::Refused(message))
    }
}
