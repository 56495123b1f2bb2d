//! Sections of backends that ask servers.

use super::section::{Surroundings, checked, remote};
use crate::backends::Backend;
use crate::backends::password_change::CannotChange;
use crate::backends::remote::Remote;
#[cfg(feature = "manage")]
use crate::chain::rights;
use crate::config::settings::active_directory::ActiveDirectorySettings;
use crate::config::settings::ldap::{Case, LdapSettings, UidSource};
use crate::config::settings::nis::{ChangeWay, NisSettings};
use crate::config::{BackendTable, ConfigError};

pub(super) fn ldap(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: LdapSettings = checked(table, LdapSettings::check)?;
    let servers = settings.uris.iter().chain(&settings.backup_uris);
    // With `srv`, only the worker finds out which servers there are.
    let known = servers.filter(|_| settings.srv.is_none());
    let servers = known.map(ToString::to_string).collect();
    Ok(Box::new(Remote {
        #[cfg(feature = "manage")]
        rights: rights::of_directory(&settings),
        fold_case: settings.case == Case::Ascii,
        compares_uids: settings.uid == UidSource::Entry,
        finds_by_password: settings.binds_as_the_person(),
        ..remote(table, surroundings, &settings, servers)?
    }))
}

pub(super) fn active_directory(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: ActiveDirectorySettings = checked(table, ActiveDirectorySettings::check)?;
    let servers = settings.uris().map(|uri| uri.to_string()).collect();
    Ok(Box::new(Remote {
        #[cfg(feature = "manage")]
        rights: rights::of_domain(&settings),
        fold_case: true,
        strips_domains: settings.qualified_names || settings.netbios_name.is_some(),
        compares_uids: settings.uid == UidSource::Entry,
        finds_by_password: settings.bind_dn.is_none(),
        ..remote(table, surroundings, &settings, servers)?
    }))
}

pub(super) fn nis(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: NisSettings = checked(table, NisSettings::check)?;
    let servers = settings.servers.iter();
    let servers = servers.map(|server| server.as_str().to_owned()).collect();
    Ok(Box::new(Remote {
        #[cfg(feature = "manage")]
        rights: rights::of_nis(),
        cannot_change: (settings.password_change == ChangeWay::Off).then_some(CannotChange::NoWay),
        ..remote(table, surroundings, &settings, servers)?
    }))
}
