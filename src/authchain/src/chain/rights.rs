//! The capabilities to keep and list accounts that the settings of servers give.

use crate::backends::accounts::{AccountRights, CannotKeep};
use crate::config::settings::active_directory::ActiveDirectorySettings;
use crate::config::settings::ldap::{AccountAccess, LdapSettings, Sasl};

const DOMAIN_KEEPS: &str =
    "a domain's accounts are added and removed by its own tools, such as New-ADUser and samba-tool";

const NIS_KEEPS: &str = "the maps of a NIS domain are made of files on its master";

const NIS_LISTS: &str = "authchain reads no whole maps; ypcat does";

const DOMAIN_GROUPS: &str = "authchain lists no groups of a domain";

const NO_GROUP_BASE: &str = "group_base is not set";

/// Returns what may be done with the accounts of a directory.
pub(super) fn of_directory(settings: &LdapSettings) -> AccountRights {
    let has_login = settings.bind_dn.is_some() || settings.sasl == Sasl::External;
    let write = writes(settings.accounts, has_login);
    AccountRights {
        register: write,
        edit: write,
        remove: write,
        people: Ok(()),
        groups: match &settings.group_base {
            Some(base) if !base.is_empty() => Ok(()),
            _ => Err(CannotKeep::NotSupported(NO_GROUP_BASE)),
        },
    }
}

/// Returns what may be done with the accounts of a domain.
pub(super) fn of_domain(settings: &ActiveDirectorySettings) -> AccountRights {
    let has_login = settings.bind_dn.is_some();
    AccountRights {
        edit: writes(settings.accounts, has_login),
        people: has_login.then_some(()).ok_or(CannotKeep::NoLogin),
        groups: Err(CannotKeep::NotSupported(DOMAIN_GROUPS)),
        ..AccountRights::none(DOMAIN_KEEPS)
    }
}

/// Returns what may be done with the accounts of a NIS domain.
pub(super) fn of_nis() -> AccountRights {
    let lists = Err(CannotKeep::NotSupported(NIS_LISTS));
    AccountRights {
        people: lists,
        groups: lists,
        ..AccountRights::none(NIS_KEEPS)
    }
}

fn writes(access: AccountAccess, has_login: bool) -> Result<(), CannotKeep> {
    match (access, has_login) {
        (AccountAccess::Read, _) => Err(CannotKeep::ReadOnly),
        (AccountAccess::Write, false) => Err(CannotKeep::NoLogin),
        (AccountAccess::Write, true) => Ok(()),
    }
}
