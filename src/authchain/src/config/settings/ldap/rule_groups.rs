//! The reasons why a directory may not tell rules the groups of its people.

use super::{LdapSettings, Sasl};

/// The warning about a directory in which only the people themselves can look.
pub(in crate::config) const ONLY_WITH_A_PASSWORD: &str = "finds out groups only at a login with a password (no \
    bind_dn): where a group decides, its people are refused with ssh keys, in cron and with \
    NOPASSWD";

/// The warning about a directory whose groups have no place.
const NO_BASE: &str = "can find no group by name or number (group_base is not set): where one \
    decides, its people are refused";

impl LdapSettings {
    /// Returns the reasons, for the administrator.
    pub fn group_warnings(&self) -> Vec<&'static str> {
        let is_anonymous = self.bind_dn.is_none() && self.sasl == Sasl::None;
        let binds_as_the_person = is_anonymous && self.user_dn_template.is_some();
        let has_base = (self.group_base.as_ref()).is_some_and(|base| !base.is_empty());
        let only = binds_as_the_person.then_some(ONLY_WITH_A_PASSWORD);
        let no_base = (!has_base).then_some(NO_BASE);
        only.into_iter().chain(no_base).collect()
    }
}
